//! The global variables at the start.

/// The global variables at the start.
pub(in crate::sim) fn globals(core_uuid: &str) -> Vec<(String, String)> {
    [
        ("core_uuid", core_uuid),
        ("hostname", HOSTNAME),
        ("local_ip_v4", "127.0.0.1"),
        ("local_mask_v4", "255.0.0.0"),
        ("local_ip_v6", "::1"),
        ("switch_serial", "simulated"),
        ("base_dir", "/usr/local/freeswitch"),
        ("recordings_dir", "/usr/local/freeswitch/recordings"),
        ("sounds_dir", "/usr/local/freeswitch/sounds"),
        ("conf_dir", "/usr/local/freeswitch/conf"),
        ("log_dir", "/usr/local/freeswitch/log"),
        ("domain", "127.0.0.1"),
        ("domain_name", "127.0.0.1"),
        ("hold_music", "local_stream://moh"),
        ("global_codec_prefs", "PCMU,PCMA"),
        ("outbound_codec_prefs", "PCMU,PCMA"),
        ("call_debug", "false"),
        ("default_areacode", "918"),
        ("default_country", "US"),
        ("internal_sip_port", "5060"),
        ("external_sip_port", "5080"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// The name of the machine, as in the recordings.
pub(in crate::sim) const HOSTNAME: &str = "vm";
