//! What can be played, and how long it lasts.

use crate::sim::event::Extra;

/// A path for `playback`, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct File {
    path: String,
    /// `Playback-File-Type`: the format a path names in front of `://`.
    pub(in crate::sim) kind: Option<String>,
    pub(in crate::sim) loops: Option<String>,
    /// Milliseconds; `None` has no end.
    pub(in crate::sim) length: Option<u64>,
}

impl File {
    /// Reads `{loops=N}tone_stream://...`, `silence_stream://MS`, `local_stream://NAME`, `say:`
    /// and plain files.
    pub(in crate::sim) fn parse(path: &str) -> Self {
        let (params, bare) = match path.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((params, bare)) => (Some(params), bare),
            None => (None, path),
        };
        let loops = params.and_then(|params| {
            params.split(',').find_map(|pair| pair.strip_prefix("loops=")).map(str::to_owned)
        });
        let count: i64 = loops.as_deref().and_then(|text| text.parse().ok()).unwrap_or(1);
        let (kind, rest) = match bare.split_once("://") {
            Some((kind, rest)) => (Some(kind), rest),
            None => (None, bare),
        };
        let once = match kind {
            Some("tone_stream") => Some(tone_length(rest)),
            Some("silence_stream") => {
                let first: i64 =
                    rest.split(',').next().and_then(|ms| ms.parse().ok()).unwrap_or(-1);
                u64::try_from(first).ok().filter(|ms| *ms > 0)
            }
            Some("local_stream" | "shout" | "vlc") => None,
            _ => Some(2000),
        };
        let length = u64::try_from(count).ok().and_then(|count| Some(once? * count.max(1)));
        let kind = kind.filter(|_| params.is_none()).map(str::to_owned);
        Self { path: path.to_owned(), kind, loops, length }
    }

    /// The recorded switch has no music for its default stream. There is no disk here: a file is
    /// missing when its name says so.
    pub(in crate::sim) fn is_missing(&self) -> bool {
        let says = ["nonexist", "nosuch", "missing"];
        self.path == "local_stream://moh"
            || self.path.is_empty()
            || (!self.path.contains("://") && says.iter().any(|word| self.path.contains(word)))
    }

    /// What PLAYBACK_START and PLAYBACK_STOP say of it.
    pub(in crate::sim) fn headers(&self, status: Option<&str>) -> Extra {
        let mut after = Vec::new();
        if let Some(kind) = &self.kind {
            after.push(("Playback-File-Type", kind.clone()));
        }
        after.push(("Playback-File-Path", self.path.clone()));
        if let Some(status) = status {
            after.push(("Playback-Status", status.to_owned()));
        }
        if let Some(loops) = &self.loops {
            after.push(("loops", loops.clone()));
        }
        after
    }
}

/// Adds up the `%(on,off,..)` parts of a tone; digits and letters last 250 ms, and a tone of which
/// nothing is known two seconds.
pub(in crate::sim) fn tone_length(script: &str) -> u64 {
    let mut total = 0u64;
    for part in script.split("%(").skip(1) {
        let mut numbers = part.split([',', ')']).map(|text| text.trim().parse::<u64>());
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        total += next() + next();
    }
    if total == 0 { 2000 } else { total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn lengths() {
        for (path, length) in [
            ("tone_stream://%(200,0,440)", Some(200)),
            ("{loops=-1}tone_stream://%(251,0,1004)", None),
            ("{loops=3}tone_stream://%(200,100,440);%(50,0,1)", Some(1050)),
            ("silence_stream://1500", Some(1500)),
            ("silence_stream://-1", None),
            ("local_stream://default", None),
            ("/tmp/x.wav", Some(2000)),
        ] {
            assert_eq!(File::parse(path).length, length, "{path}");
        }
    }
}
