//! The apps that come with Switchy.
//!
//! They assume a dial plan that parks the calls that they are for. What each does, and with which
//! parameters, stands in its [`Kind`]; `apps NAME` prints it at the prompt.

mod bert;
mod bounded_map;
mod bridger;
mod callee_block;
mod callee_ringback;
mod cdr;
mod dtmf_checker;
mod kind;
#[cfg(feature = "lua")]
pub mod lua;
mod play_rec;
mod proxier;
pub mod router;
mod tone_play;

pub use crate::client::App;
pub use bert::Bert;
pub use bridger::Bridger;
pub use callee_block::CalleeBlockOnInvite;
pub use callee_ringback::CalleeRingback;
pub use cdr::Cdr;
pub use dtmf_checker::DtmfChecker;
pub use kind::{Kind, Param, ParamError, Params, Takes, Values};
#[cfg(feature = "lua")]
pub use lua::LuaApp;
pub use play_rec::{PlayRec, RecInfo};
pub use proxier::Proxier;
pub use router::Router;
pub use tone_play::{Tone, TonePlay};

impl Kind {
    /// The app of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        APPS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }
}

/// All of them, by name.
pub const APPS: &[Kind] = &[
    bert::KIND,
    bridger::KIND,
    callee_block::KIND,
    callee_ringback::KIND,
    cdr::KIND,
    dtmf_checker::KIND,
    play_rec::MUTED,
    play_rec::KIND,
    proxier::KIND,
    router::KIND,
    tone_play::KIND,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn the_table_is_sorted_and_says_the_truth() {
        assert!(APPS.is_sorted_by_key(|kind| kind.name));
        for kind in APPS {
            assert!(Kind::named(&kind.name.to_lowercase()).is_some());
            for param in kind.params {
                let is_good = param.default.is_empty() || param.takes.accepts(param.default);
                assert!(is_good, "{}: {} has a bad default", kind.name, param.name);
                let words = param.takes.words();
                assert!(words.iter().all(|word| param.takes.accepts(word)), "{}", param.name);
            }
            match kind.make(&[]) {
                Ok(app) => {
                    assert_eq!(app.name(), kind.name);
                    assert!(!app.events().is_empty());
                }
                Err(err) => assert!(matches!(err, ParamError::Missing { .. }), "{err}"),
            }
        }
    }

    #[limited::test]
    fn parameters_are_checked_by_name_and_type() {
        let wrong = [
            ("TonePlay", "tone", "440"),
            ("PlayRec", "iterations", "two"),
            ("PlayRec", "iterations", "0"),
            ("PlayRec", "stereo", "maybe"),
            ("PlayRec", "tail", "-1"),
            ("PlayRec", "tail", "inf"),
            ("Bert", "timeout", "1.5"),
            ("Bert", "ring_response", "ring"),
            ("DtmfChecker", "sequence", "12x"),
            ("CalleeBlockOnInvite", "response", "NO_SUCH_CAUSE"),
            ("CalleeBlockOnInvite", "response", "200"),
            ("Router", "route", "(unclosed hangup"),
            ("Router", "route", "^1 fly"),
        ];
        for (app, name, value) in wrong {
            let made = Kind::named(app).unwrap().make(&[(name, value)]);
            assert!(matches!(made, Err(ParamError::Value { .. })), "{app} {name}={value}");
        }
        let right = [
            ("Bert", "bert_window_ms", "500"),
            ("PlayRec", "tail", "0.5"),
            ("CalleeBlockOnInvite", "response", "486"),
            ("CalleeBlockOnInvite", "response", "USER_BUSY"),
            ("Router", "route", "Caller-Context~^default$ hangup USER_BUSY"),
        ];
        for (app, name, value) in right {
            assert!(Kind::named(app).unwrap().make(&[(name, value)]).is_ok(), "{app} {name}");
        }
        let unknown = Kind::named("TonePlay").unwrap().make(&[("colour", "blue")]);
        assert!(matches!(unknown, Err(ParamError::Unknown { .. })));
    }
}
