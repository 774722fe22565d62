//! Any dial string is taken apart or refused, and what is written into one is read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use switchy::model::dial::{DialString, OriginateLine, Typed, encode, separate};

fuzz_target!(|text: &str| {
    let _parsed = DialString::parse(text).is_ok();
    let _line = OriginateLine::parse(text);
    let _typed = Typed::at_end(text);
    let _parts = separate(text, ',');
    let Ok(value) = encode::value(text) else { return };
    for brackets in [encode::Brackets::Braces, encode::Brackets::Angles] {
        if !brackets.can_hold(&value) {
            continue;
        }
        let (open, close) = brackets.signs();
        let dial = format!("{open}a={value}{close}null/x");
        let read = DialString::parse(&dial).expect(&dial);
        assert_eq!(read.variable("a"), Some(text), "{dial:?}");
        let line = format!("{} &park", encode::word(&dial));
        assert_eq!(OriginateLine::parse(&line).dial, dial, "{line:?}");
    }
});
