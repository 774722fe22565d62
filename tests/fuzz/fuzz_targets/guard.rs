//! The guard judges any line, and finds what it forbids with blanks, quotes and wrappers around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchy::shell::{Guard, GuardRules};

/// What may stand around a line; `%` is the line.
const AROUND: [&str; 9] = [
    "  %  ",
    "/%",
    "bgapi %",
    "BgApi  %",
    "expand %",
    "sched_api +1 none %",
    "status;;%",
    "%;;status",
    "xml_wrap %",
];

/// What is forbidden, and harms.
const HARM: [&str; 6] = [
    "hupall",
    "FsCtl 'shutdown'",
    "system ls",
    "uuid_broadcast x system!NONE::ls",
    "originate {api_on_answer=hupall}null/x &park",
    "json {\"command\":\"execute\",\"data\":{\"app\":\"system\"}}",
];

fuzz_target!(|data: (u8, u8, &str)| {
    let (around, harm, text) = data;
    // `;;` cuts a list, so a semicolon or a blank at the edge of a line may belong to the cut.
    let text = text.trim_matches(|letter: char| letter == ';' || letter.is_whitespace());
    let deny = ["hupall", "fsctl shutdown", "system", "uuid_kill"].map(str::to_owned).to_vec();
    let rules = GuardRules { deny, ..GuardRules::default() };
    let around = AROUND[usize::from(around) % AROUND.len()];
    let wrapped = around.replacen('%', text, 1);
    let is_denied = rules.denies(text);
    if is_denied {
        assert!(rules.denies(&wrapped), "{wrapped:?}");
    }
    for guard in [Guard::Normal, Guard::Strict] {
        if guard.objection(text).is_some() && !text.trim().is_empty() {
            assert!(guard.objection(&wrapped).is_some(), "{wrapped:?}");
        }
    }
    // Whatever else the line says.
    let harm = HARM[usize::from(harm) % HARM.len()];
    for line in [format!("{harm};;{text}"), format!("{text};;{harm}"), around.replacen('%', harm, 1)] {
        assert!(rules.denies(&line), "{line:?}");
        assert!(Guard::Normal.objection(&line).is_some(), "{line:?}");
    }
});
