//! Where a call goes once it is answered: applications, or a place in a dial plan.

use crate::model::dial::separate;

/// Where an answered call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) enum Then {
    /// `&app(args)`, one or several.
    Apps(Vec<(String, String)>),
    /// An extension, with its dial plan and context.
    Exten(Exten),
    /// It is joined to the leg whose `bridge` dialled it.
    Bridge(u64),
    /// It is joined to the leg that waits in a queue.
    Queue(u64),
}

/// A place in a dial plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Exten {
    pub(in crate::sim) number: String,
    pub(in crate::sim) dialplan: String,
    pub(in crate::sim) context: String,
}

impl Then {
    /// `&app(args)` is cut at the first `)`; anything else is an extension, `&` without a name too.
    pub(in crate::sim) fn parse(target: &str, dialplan: &str, context: &str) -> Self {
        let app = target.strip_prefix('&').filter(|app| !app.is_empty());
        let Some(app) = app else { return Self::Exten(Exten::new(target, dialplan, context)) };
        let (name, data) = app.split_once('(').unwrap_or((app, ""));
        let data = data.split(')').next().unwrap_or_default();
        Self::Apps(vec![(name.to_owned(), data.to_owned())])
    }
}

impl Exten {
    pub(in crate::sim) fn new(number: &str, dialplan: &str, context: &str) -> Self {
        let [number, dialplan, context] = [number, dialplan, context].map(str::to_owned);
        Self { number, dialplan, context }
    }

    /// `EXTEN [DIALPLAN [CONTEXT]]`, with the stock plan and context where they are missing.
    pub(in crate::sim) fn of_words(words: &[String]) -> Self {
        let word = |at: usize| words.get(at).map(String::as_str).filter(|word| !word.is_empty());
        Self::new(
            word(0).unwrap_or_default(),
            word(1).unwrap_or("XML"),
            word(2).unwrap_or("default"),
        )
    }
}

/// The applications of an inline plan: `app:args,app:args`, or with a separator of one's own
/// `m:^:app:args^app:args`.
pub(in crate::sim) fn inline(text: &str) -> Vec<(String, String)> {
    let own = text.strip_prefix("m:").and_then(|rest| {
        let separator = rest.chars().next()?;
        Some((separator, rest.get(separator.len_utf8()..)?.strip_prefix(':')?))
    });
    let (separator, text) = own.unwrap_or((',', text));
    let apps = separate(text, separator);
    let apps = apps.iter().map(|app| app.split_once(':').unwrap_or((app, "")));
    apps.map(|(app, data)| (app.trim_start().to_owned(), data.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[limited::test]
    fn targets() {
        let then = Then::parse("&playback(tone_stream://%(251,0,1004))", "XML", "default");
        let data = "tone_stream://%(251,0,1004".to_owned();
        assert_eq!(then, Then::Apps(vec![("playback".to_owned(), data)]));
        for number in ["9197", "&"] {
            let exten = Then::Exten(Exten::new(number, "XML", "default"));
            assert_eq!(Then::parse(number, "XML", "default"), exten);
        }
        let apps = [pair("set", "a=1,2"), pair("hangup", "")];
        assert_eq!(inline("m:^:set:a=1,2^hangup"), apps);
        assert_eq!(inline("set:'a=1,2', hangup"), apps);
    }
}
