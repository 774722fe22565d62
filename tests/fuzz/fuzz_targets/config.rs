//! Any text of a configuration file, ours or fs_cli's, is read or refused with its lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchy::cli::config_faults;

fuzz_target!(|data: (bool, &str)| {
    let (is_ours, text) = data;
    let (own, theirs) = if is_ours { (text, "") } else { ("", text) };
    let faults = config_faults(own, theirs);
    let name = if is_ours { "config.toml:" } else { "fs_cli.conf:" };
    for fault in &faults {
        let line = fault.strip_prefix(name).and_then(|rest| rest.split(':').next());
        let line: usize = line.and_then(|line| line.parse().ok()).expect(fault);
        assert!(line >= 1 && line <= text.matches('\n').count() + 1, "{fault}");
    }
});
