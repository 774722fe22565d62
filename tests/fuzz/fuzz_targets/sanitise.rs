//! What comes out of the sanitiser holds no control character, and does not change again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchy::shell::sanitise;

fuzz_target!(|text: &str| {
    let line = sanitise::line(text);
    assert!(!line.contains(char::is_control));
    assert_eq!(sanitise::line(&line), line);
    let block = sanitise::block(text);
    assert!(!block.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
});
