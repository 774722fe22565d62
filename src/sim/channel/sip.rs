//! The variables of SIP legs, in the order of `transcripts/call_toneplay`, `call_park_park` and
//! `call_refused`. Setting one again moves it to the end, which is how the order comes about.

use super::Vars;

/// One SIP dialog; the legs at both its ends hold a copy.
#[derive(Debug, Clone, Default)]
pub(in crate::sim) struct Dialog {
    /// The profile that sends the INVITE and its port.
    pub(in crate::sim) from_profile: String,
    pub(in crate::sim) from_port: u16,
    /// The profile that receives it; empty where a phone does.
    pub(in crate::sim) to_profile: String,
    pub(in crate::sim) user: String,
    /// The host part of the dial string, perhaps with a port.
    pub(in crate::sim) target: String,
    pub(in crate::sim) host: String,
    pub(in crate::sim) port: u16,
    pub(in crate::sim) from_user: String,
    pub(in crate::sim) from_name: String,
    pub(in crate::sim) call_id: String,
    pub(in crate::sim) from_tag: String,
    pub(in crate::sim) to_tag: String,
    pub(in crate::sim) branch: String,
    pub(in crate::sim) ack_branch: String,
    pub(in crate::sim) cseq: u32,
    pub(in crate::sim) media: [u16; 2],
    pub(in crate::sim) ssrc: [u32; 2],
    pub(in crate::sim) session: [u64; 2],
}

/// Which way the sound goes, seen from the leg that reads the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sim) enum Flow {
    Both,
    /// The other end holds.
    ReceiveOnly,
    /// This end holds.
    SendOnly,
}

const LOCAL: &str = "127.0.0.1";
const AGENT: &str = "FreeSWITCH-mod_sofia/1.10.12-release~64bit";
const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY";

impl Dialog {
    fn url(&self) -> String {
        format!("{}@{}", self.user, self.target)
    }

    fn caller_uri(&self) -> String {
        format!("{}@{LOCAL}", self.from_user)
    }

    fn full_from(&self) -> String {
        let quoted = if self.from_name.is_empty() {
            String::new()
        } else {
            format!("\"{}\" ", self.from_name)
        };
        format!("{quoted}<sip:{}>;tag={}", self.caller_uri(), self.from_tag)
    }

    fn full_to(&self) -> String {
        format!("<sip:{}>", self.url())
    }

    fn via(&self, branch: &str) -> String {
        let port = self.from_port;
        format!("SIP/2.0/UDP {LOCAL}:{port};rport={port};branch=z9hG4bK{branch}")
    }

    /// The offer of the caller: both codecs.
    fn offer(&self) -> String {
        let [port, _] = self.media;
        let [id, _] = self.session;
        sdp(id, LOCAL, port, "0 8 101", "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n")
    }

    /// The answer of the called end: one codec.
    fn answer(&self, origin: &str) -> String {
        let [_, port] = self.media;
        let [_, id] = self.session;
        sdp(id, origin, port, "0 101", "a=rtpmap:0 PCMU/8000\r\n")
    }

    /// What an outbound leg has before the variables of its dial string.
    pub(in crate::sim) fn outgoing(&self, name: &str) -> Vec<(&'static str, String)> {
        vec![
            ("sip_local_network_addr", LOCAL.into()),
            ("sip_profile_name", self.from_profile.clone()),
            ("video_media_flow", "disabled".into()),
            ("text_media_flow", "disabled".into()),
            ("channel_name", name.to_owned()),
            ("sip_destination_url", format!("sip:{}", self.url())),
        ]
    }

    /// What an outbound leg has once its INVITE is on the way.
    pub(in crate::sim) fn invited(&self, offers_video: bool) -> Vec<(&'static str, String)> {
        let [port, _] = self.media;
        let contact = format!("mod_sofia@{LOCAL}:{}", self.from_port);
        let mut all = vec![
            ("rtp_use_codec_string", "PCMU,PCMA".into()),
            ("local_media_ip", LOCAL.into()),
            ("local_media_port", port.to_string()),
            ("advertised_media_ip", LOCAL.into()),
            ("audio_media_flow", "sendrecv".into()),
            ("rtp_local_sdp_str", format!("{}a=sendrecv\r\n", self.offer())),
            ("sip_outgoing_contact_uri", format!("<sip:{contact}>")),
            ("sip_req_uri", self.url()),
            ("sip_to_host", self.target.clone()),
            ("sip_from_host", LOCAL.into()),
            ("sofia_profile_name", self.from_profile.clone()),
            ("recovery_profile_name", self.from_profile.clone()),
            ("sofia_profile_url", format!("sip:{contact}")),
        ];
        if offers_video {
            insert_before(&mut all, "rtp_local_sdp_str", ("video_media_flow", "inactive".into()));
        }
        all
    }

    /// Adds the caller's name before the `From`, if it has one.
    fn with_display(&self, mut all: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        if !self.from_name.is_empty() {
            insert_before(&mut all, "sip_full_from", ("sip_from_display", self.from_name.clone()));
        }
        all
    }

    /// What a reply to the INVITE adds.
    pub(in crate::sim) fn replied(&self) -> Vec<(&'static str, String)> {
        let url = self.url();
        let contact = format!("{}@{}:{}", self.user, self.host, self.port);
        self.with_display(vec![
            ("sip_local_network_addr", LOCAL.into()),
            ("sip_reply_host", self.host.clone()),
            ("sip_reply_port", self.port.to_string()),
            ("sip_network_ip", self.host.clone()),
            ("sip_network_port", self.port.to_string()),
            ("sip_user_agent", AGENT.into()),
            ("sip_allow", ALLOW.into()),
            ("sip_recover_contact", format!("<sip:{contact};transport=udp>")),
            ("sip_full_via", self.via(&self.branch)),
            ("sip_recover_via", self.via(&self.branch)),
            ("sip_full_from", self.full_from()),
            ("sip_full_to", format!("{};tag={}", self.full_to(), self.to_tag)),
            ("sip_from_user", self.from_user.clone()),
            ("sip_from_uri", self.caller_uri()),
            ("sip_from_host", LOCAL.into()),
            ("sip_to_user", self.user.clone()),
            ("sip_to_port", self.port.to_string()),
            ("sip_to_uri", url),
            ("sip_to_host", self.host.clone()),
            ("sip_contact_params", "transport=udp".into()),
            ("sip_contact_user", self.user.clone()),
            ("sip_contact_port", self.port.to_string()),
            ("sip_contact_uri", contact),
            ("sip_contact_host", self.host.clone()),
            ("sip_to_tag", self.to_tag.clone()),
            ("sip_from_tag", self.from_tag.clone()),
            ("sip_cseq", self.cseq.to_string()),
            ("sip_call_id", self.call_id.clone()),
        ])
    }

    /// What the first session description of the called end adds.
    pub(in crate::sim) fn described(&self, vars: &mut Vars) {
        vars.set("switch_r_sdp", self.answer("192.0.2.2"));
        vars.set("ep_codec_string", "CORE_PCM_MODULE.PCMU@8000h@20i@64000b");
    }

    /// What the 200 of the called end adds to an outbound leg.
    pub(in crate::sim) fn accepted(&self, vars: &mut Vars) {
        vars.extend(self.replied());
        self.described(vars);
        vars.set("rtp_use_codec_string", "PCMU,PCMA");
        vars.extend(negotiated());
        vars.extend(self.media_vars(0));
    }

    /// What an inbound leg has when it is created.
    pub(in crate::sim) fn received(&self, name: &str, now: u64) -> Vec<(&'static str, String)> {
        let port = self.from_port.to_string();
        vec![
            ("sip_from_user", self.from_user.clone()),
            ("sip_from_uri", self.caller_uri()),
            ("sip_from_host", LOCAL.into()),
            ("video_media_flow", "disabled".into()),
            ("audio_media_flow", "disabled".into()),
            ("text_media_flow", "disabled".into()),
            ("channel_name", name.to_owned()),
            ("sip_call_id", self.call_id.clone()),
            ("sip_local_network_addr", LOCAL.into()),
            ("sip_network_ip", LOCAL.into()),
            ("sip_network_port", port.clone()),
            ("sip_invite_stamp", now.to_string()),
            ("sip_received_ip", LOCAL.into()),
            ("sip_received_port", port),
            ("sip_via_protocol", "udp".into()),
            ("sip_from_user_stripped", self.from_user.clone()),
            ("sip_from_tag", self.from_tag.clone()),
            ("sofia_profile_name", self.to_profile.clone()),
            ("sofia_profile_url", format!("sip:mod_sofia@{LOCAL}:{}", self.port)),
            ("recovery_profile_name", self.to_profile.clone()),
        ]
    }

    /// The rest of what an inbound leg has when it is created, up to the headers of the caller.
    pub(in crate::sim) fn parsed(&self) -> Vec<(&'static str, String)> {
        let port = self.from_port.to_string();
        let party = format!("<sip:{}>;party=calling;screen=yes;privacy=off", self.caller_uri());
        let party = match self.from_name.as_str() {
            "" => party,
            name => format!("\"{name}\" {party}"),
        };
        let (to_port, url) = (self.port.to_string(), self.url());
        self.with_display(vec![
            ("sip_Remote-Party-ID", party),
            ("sip_cid_type", "rpid".into()),
            ("sip_full_via", self.via(&self.branch)),
            ("sip_full_from", self.full_from()),
            ("sip_full_to", self.full_to()),
            ("sip_allow", ALLOW.into()),
            ("sip_req_user", self.user.clone()),
            ("sip_req_port", to_port.clone()),
            ("sip_req_uri", url.clone()),
            ("sip_req_host", self.host.clone()),
            ("sip_to_user", self.user.clone()),
            ("sip_to_port", to_port),
            ("sip_to_uri", url),
            ("sip_to_host", self.host.clone()),
            ("sip_contact_user", "mod_sofia".into()),
            ("sip_contact_port", port.clone()),
            ("sip_contact_uri", format!("mod_sofia@{LOCAL}:{port}")),
            ("sip_contact_host", LOCAL.into()),
            ("rtp_use_codec_string", "PCMU,PCMA".into()),
            ("sip_user_agent", AGENT.into()),
            ("sip_via_host", LOCAL.into()),
            ("sip_via_port", port.clone()),
            ("sip_via_rport", port),
            ("max_forwards", "70".into()),
        ])
    }

    /// What follows the headers of the caller on a new inbound leg.
    pub(in crate::sim) fn offered(&self) -> Vec<(&'static str, String)> {
        let both = "CORE_PCM_MODULE.PCMU@8000h@20i@64000b,CORE_PCM_MODULE.PCMA@8000h@20i@64000b";
        vec![
            ("switch_r_sdp", self.offer()),
            ("ep_codec_string", both.into()),
            ("endpoint_disposition", "DELAYED NEGOTIATION".into()),
        ]
    }

    /// What negotiation adds to an inbound leg when it gets media.
    pub(in crate::sim) fn negotiate(&self, vars: &mut Vars) {
        vars.set("rtp_use_codec_string", "PCMU,PCMA");
        let mut all = negotiated();
        let flow = all.iter().position(|(name, _)| *name == "rtp_audio_recv_pt").unwrap_or(0);
        all.insert(flow, ("audio_media_flow", "sendrecv".into()));
        vars.extend(all);
        vars.extend(self.media_vars(1));
        vars.set("endpoint_disposition", "EARLY MEDIA");
    }

    /// The answer's session description, on the inbound leg.
    pub(in crate::sim) fn local_answer(&self) -> String {
        format!("{}a=sendrecv\r\n", self.answer(LOCAL))
    }

    /// What the ACK adds to the inbound leg.
    pub(in crate::sim) fn acknowledged(&self) -> Vec<(&'static str, String)> {
        self.with_display(vec![
            ("sip_to_tag", self.to_tag.clone()),
            ("sip_from_tag", self.from_tag.clone()),
            ("sip_cseq", self.cseq.to_string()),
            ("sip_call_id", self.call_id.clone()),
            ("sip_full_via", self.via(&self.ack_branch)),
            ("sip_full_from", self.full_from()),
            ("sip_full_to", format!("{};tag={}", self.full_to(), self.to_tag)),
        ])
    }

    /// The session description of one end: 0 dialled, 1 was dialled.
    pub(in crate::sim) fn offer_of(&self, end: usize) -> String {
        if end == 0 { self.offer() } else { self.answer(LOCAL) }
    }

    /// What the offer of a re-invite sets on the end that receives it.
    pub(in crate::sim) fn offered_again(
        &self,
        end: usize,
        flow: Flow,
    ) -> Vec<(&'static str, String)> {
        let mut all = self.described_again(end, flow);
        let own = if flow == Flow::ReceiveOnly { "recvonly" } else { "sendrecv" };
        all.push(("audio_media_flow", own.into()));
        all
    }

    /// What the answer to a re-invite sets on the end that sent it.
    pub(in crate::sim) fn accepted_again(
        &self,
        end: usize,
        flow: Flow,
    ) -> Vec<(&'static str, String)> {
        let mut all = self.described_again(end, flow);
        all.extend(self.answered_again(end));
        all
    }

    /// What a session description within a call sets: the other end's, its codecs, its flows.
    fn described_again(&self, end: usize, flow: Flow) -> Vec<(&'static str, String)> {
        let way = match flow {
            Flow::Both => "sendrecv",
            Flow::ReceiveOnly => "sendonly",
            Flow::SendOnly => "recvonly",
        };
        vec![
            ("switch_r_sdp", self.offer_of(1 - end.min(1))),
            ("ep_codec_string", "CORE_PCM_MODULE.PCMU@8000h@20i@64000b".into()),
            ("rtp_use_codec_string", "PCMU,PCMA".into()),
            ("remote_video_media_flow", "inactive".into()),
            ("remote_text_media_flow", "inactive".into()),
            ("remote_audio_media_flow", way.into()),
        ]
    }

    /// What both ends set once a re-invite is agreed.
    pub(in crate::sim) fn answered_again(&self, end: usize) -> Vec<(&'static str, String)> {
        let port = self.media.get(1 - end.min(1)).copied().unwrap_or_default();
        vec![
            ("remote_media_ip", LOCAL.into()),
            ("remote_media_port", port.to_string()),
            ("rtp_audio_recv_pt", "0".into()),
            ("dtmf_type", "rfc2833".into()),
            ("rtp_2833_send_payload", "101".into()),
            ("rtp_2833_recv_payload", "101".into()),
        ]
    }

    fn media_vars(&self, end: usize) -> Vec<(&'static str, String)> {
        let [caller, called] = self.media;
        let (local, remote) = if end == 0 { (caller, called) } else { (called, caller) };
        let ssrc = self.ssrc.get(end).copied().unwrap_or_default();
        vec![
            ("local_media_ip", LOCAL.into()),
            ("local_media_port", local.to_string()),
            ("advertised_media_ip", LOCAL.into()),
            ("rtp_use_timer_name", "soft".into()),
            ("rtp_use_pt", "0".into()),
            ("rtp_use_ssrc", ssrc.to_string()),
            ("rtp_2833_send_payload", "101".into()),
            ("rtp_2833_recv_payload", "101".into()),
            ("remote_media_ip", LOCAL.into()),
            ("remote_media_port", remote.to_string()),
        ]
    }

    /// What a refused INVITE leaves on the outbound leg (`transcripts/call_refused`).
    pub(in crate::sim) fn refused(
        &self,
        status: u16,
        phrase: &str,
        q850: u16,
        is_heard: bool,
    ) -> Vec<(&'static str, String)> {
        let mut all =
            vec![("sip_call_id", self.call_id.clone()), ("sip_local_network_addr", LOCAL.into())];
        if is_heard {
            all.extend([
                ("sip_reply_host", self.host.clone()),
                ("sip_reply_port", self.port.to_string()),
                ("sip_network_ip", self.host.clone()),
                ("sip_network_port", self.port.to_string()),
            ]);
        } else {
            all.extend(["sip_reply_port", "sip_network_port"].map(|name| (name, "0".to_owned())));
        }
        all.extend([
            ("sip_hangup_disposition", "recv_refuse".into()),
            ("sip_invite_failure_status", status.to_string()),
            ("sip_invite_failure_phrase", phrase.to_owned()),
            ("sip_term_status", status.to_string()),
            ("proto_specific_hangup_cause", format!("sip:{status}")),
            ("sip_term_cause", q850.to_string()),
        ]);
        all
    }
}

fn insert_before(all: &mut Vec<(&'static str, String)>, name: &str, pair: (&'static str, String)) {
    let at = all.iter().position(|(have, _)| *have == name).unwrap_or(all.len());
    all.insert(at, pair);
}

/// What a BYE with this reason leaves on the leg that receives it.
pub(in crate::sim) fn bye(reason: &str, q850: u16) -> Vec<(&'static str, String)> {
    vec![
        ("sip_reason", reason.to_owned()),
        ("sip_term_status", "200".into()),
        ("proto_specific_hangup_cause", "sip:200".into()),
        ("sip_term_cause", q850.to_string()),
    ]
}

/// What a CANCEL leaves on the leg that receives it.
pub(in crate::sim) fn cancelled(reason: &str) -> Vec<(&'static str, String)> {
    vec![
        ("sip_hangup_disposition", "recv_cancel".into()),
        ("sip_invite_failure_status", "487".into()),
        ("sip_invite_failure_phrase", "CANCEL".into()),
        ("sip_reason", reason.to_owned()),
        ("sip_term_status", "487".into()),
        ("proto_specific_hangup_cause", "sip:487".into()),
        ("sip_term_cause", "487".into()),
    ]
}

/// What the BYE moves once it has been answered.
pub(in crate::sim) fn hung_up_by_peer(vars: &mut Vars) {
    vars.set("sip_user_agent", AGENT);
    vars.set("sip_hangup_disposition", "recv_bye");
}

fn negotiated() -> Vec<(&'static str, String)> {
    [
        ("remote_video_media_flow", "inactive"),
        ("remote_text_media_flow", "inactive"),
        ("remote_audio_media_flow", "sendrecv"),
        ("rtp_audio_recv_pt", "0"),
        ("rtp_use_codec_name", "PCMU"),
        ("rtp_use_codec_rate", "8000"),
        ("rtp_use_codec_ptime", "20"),
        ("rtp_use_codec_channels", "1"),
        ("rtp_last_audio_codec_string", "PCMU@8000h@20i@1c"),
        ("read_codec", "PCMU"),
        ("original_read_codec", "PCMU"),
        ("read_rate", "8000"),
        ("original_read_rate", "8000"),
        ("write_codec", "PCMU"),
        ("write_rate", "8000"),
        ("dtmf_type", "rfc2833"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

fn sdp(id: u64, origin: &str, port: u16, payloads: &str, maps: &str) -> String {
    let next = id + 1;
    format!(
        "v=0\r\no=FreeSWITCH {id} {next} IN IP4 {origin}\r\ns=FreeSWITCH\r\nc=IN IP4 {LOCAL}\r\n\
         t=0 0\r\nm=audio {port} RTP/AVP {payloads}\r\n{maps}a=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\n"
    )
}

/// The counters that a SIP leg with media reports at its end. Both directions carried one packet
/// of 160 bytes every 20 ms.
pub(in crate::sim) fn media_report(seconds: f64) -> Vec<(String, String)> {
    let packets = (seconds * 50.0).max(0.0).round();
    let bytes = packets * 172.0;
    let mut all = Vec::new();
    for way in ["in", "out"] {
        for (name, value) in [
            ("raw_bytes", format!("{bytes:.0}")),
            ("media_bytes", format!("{bytes:.0}")),
            ("packet_count", format!("{packets:.0}")),
            ("media_packet_count", format!("{packets:.0}")),
            ("skip_packet_count", "0".to_owned()),
            ("jitter_packet_count", "0".to_owned()),
            ("dtmf_packet_count", "0".to_owned()),
            ("cng_packet_count", "0".to_owned()),
            ("flush_packet_count", "0".to_owned()),
            ("largest_jb_size", "0".to_owned()),
            ("jitter_min_variance", "33.33".to_owned()),
            ("jitter_max_variance", "112.13".to_owned()),
            ("jitter_loss_rate", "0.00".to_owned()),
            ("jitter_burst_rate", "0.00".to_owned()),
            ("mean_interval", "20.00".to_owned()),
            ("flaw_total", "0".to_owned()),
            ("quality_percentage", "100.00".to_owned()),
            ("mos", "4.50".to_owned()),
        ] {
            let inbound_only = !name.ends_with("bytes")
                && !matches!(
                    name,
                    "packet_count"
                        | "media_packet_count"
                        | "skip_packet_count"
                        | "dtmf_packet_count"
                        | "cng_packet_count"
                );
            if way == "in" || !inbound_only {
                all.push((format!("rtp_audio_{way}_{name}"), value));
            }
        }
    }
    all.push(("rtp_audio_rtcp_packet_count".into(), "0".into()));
    all.push(("rtp_audio_rtcp_octet_count".into(), "0".into()));
    all
}
