//! Recordings of a call: beside it (`record_session`, `uuid_record`) and as all that it does
//! (`record`). Their events were compared with FreeSWITCH 1.10.12.

use crate::sim::call::bridge::bug;
use crate::sim::channel::{Doing, L16};
use crate::sim::event::{Origin, READ_CODEC};
use crate::sim::world::agenda::Step;
use crate::sim::world::{World, interfaces};

/// Where the events of `record` come from.
const START: Origin = ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "767");
const STOP: Origin = ("switch_ivr_play_say.c", "switch_ivr_record_file_event", "1030");

/// Whether some module can write that file, by its extension; without one it is written as
/// the call's codec has it.
fn is_file(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    let kind = match path.split_once("://") {
        Some((scheme, _)) => Some(scheme),
        None => extension.map(|(_, extension)| extension),
    };
    kind.is_none_or(|kind| interfaces::is_known("file", kind))
}

impl World {
    /// `record <path> [<seconds> [<threshold> <seconds of silence>]]`: until the limit, a silence,
    /// a terminator, `uuid_break` or the end of the call.
    pub(super) fn start_recorder(&mut self, id: u64, data: &str, token: u64) -> Doing {
        let mut words = data.split_whitespace();
        let Some(path) = words.next() else { return Doing::Nothing };
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let (limit, threshold, silence) = (number(), number(), number());
        self.tell_codec(id, Some(L16));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("silence_hits_exhausted", "false");
        }
        let after = vec![("Record-File-Path", path.to_owned())];
        self.fire_channel(id, "RECORD_START", START, Vec::new(), after, true);
        let is_cut = threshold > 0 && silence > 0 && self.is_silent(id);
        let mut ends: Vec<u64> = vec![limit];
        if is_cut {
            ends.push(silence);
            if let Some(channel) = self.channels.get_mut(&id).filter(|_| silence < limit.max(1)) {
                channel.vars.set("silence_hits_exhausted", "true");
            }
        }
        if let Some(seconds) = ends.into_iter().filter(|seconds| *seconds > 0).min() {
            self.step_in(seconds.saturating_mul(1000), id, Step::Over(token));
        }
        Doing::Record(path.to_owned())
    }

    /// Whether nothing is heard from the far end.
    fn is_silent(&self, id: u64) -> bool {
        let peer = self.channels.get(&id).and_then(|channel| self.channels.get(&channel.peer?));
        !peer.is_some_and(|peer| {
            peer.stack.iter().any(|running| {
                matches!(running.doing, Doing::Playback { .. } | Doing::Conference | Doing::Bridge)
            })
        })
    }

    /// RECORD_STOP of `record`, with what was recorded.
    pub(in crate::sim) fn stop_recorder(&mut self, id: u64, path: &str) {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let since = channel.stack.last().map_or(now, |running| running.since);
        let (milliseconds, samples, size) = recorded(now.saturating_sub(since));
        let (size, codec) = (size.to_string(), channel.codec);
        channel.vars.extend([
            ("record_record_file_size", size.clone()),
            ("record_file_size", size),
            ("record_seconds", (milliseconds / 1000).to_string()),
            ("record_ms", milliseconds.to_string()),
            ("record_samples", samples.to_string()),
        ]);
        let after = vec![("Record-File-Path", path.to_owned())];
        self.fire_channel(id, "RECORD_STOP", STOP, Vec::new(), after, true);
        self.tell_codec(id, codec);
    }

    /// CODEC: what the channel reads from now on.
    pub(super) fn tell_codec(&mut self, id: u64, codec: Option<crate::sim::channel::Codec>) {
        let Some((name, bits)) = codec else { return };
        let after = vec![
            ("channel-read-codec-name", name.to_owned()),
            ("channel-read-codec-rate", "8000".to_owned()),
            ("channel-read-codec-bit-rate", bits.to_owned()),
        ];
        self.fire_channel(id, "CODEC", READ_CODEC, Vec::new(), after, false);
    }

    /// A digit that ends what plays or records: `*`, or those of `playback_terminators`.
    pub(in crate::sim) fn terminate(&mut self, id: u64, digit: char) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let list = channel.vars.get("playback_terminators").unwrap_or("*");
        let is_one = list == "any" || (list != "none" && list.contains(digit));
        let runs = channel.stack.last().is_some_and(|running| {
            matches!(running.doing, Doing::Playback { .. } | Doing::Record(_))
        });
        if is_one && runs {
            channel.vars.set("playback_terminator_used", digit.encode_utf8(&mut [0; 4]));
            self.break_app(id);
        }
    }

    /// Whether the channel is parked, whatever runs on top of that.
    pub(super) fn is_parked(&self, id: u64) -> bool {
        let channel = self.channels.get(&id);
        channel.is_some_and(|it| it.stack.iter().any(|running| running.doing == Doing::Park))
    }

    /// RECORD_START and the media bug that records.
    pub(in crate::sim) fn start_record(&mut self, id: u64, path: &str) -> bool {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id).filter(|_| is_file(path)) else {
            return false;
        };
        if channel.recordings.iter().any(|(have, _)| have == path) {
            return true;
        }
        channel.recordings.push((path.to_owned(), now));
        let after = vec![("Record-File-Path", path.to_owned())];
        self.fire_full(id, "RECORD_START", Vec::new(), after);
        self.fire_full(id, "MEDIA_BUG_START", bug("session_record", path), Vec::new());
        true
    }

    /// RECORD_STOP; `false` when nothing was recorded to that file.
    pub(in crate::sim) fn stop_recording(&mut self, id: u64, path: &str) -> bool {
        let now = self.now;
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let is_it = |have: &mut (String, u64)| path == "all" || have.0 == path;
        let stopped: Vec<(String, u64)> = channel.recordings.extract_if(.., is_it).collect();
        for (path, since) in &stopped {
            let (milliseconds, samples, size) = recorded(now.saturating_sub(*since));
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.vars.extend([
                    ("record_file_size", size.to_string()),
                    ("record_samples", samples.to_string()),
                    ("record_seconds", (milliseconds / 1000).to_string()),
                    ("record_ms", milliseconds.to_string()),
                    ("record_completion_cause", "success-maxtime".to_owned()),
                ]);
            }
            let after = vec![
                ("Record-File-Path", path.clone()),
                ("Record-Completion-Cause", "success-maxtime".to_owned()),
            ];
            self.fire_full(id, "RECORD_STOP", Vec::new(), after);
            self.fire_full(id, "MEDIA_BUG_STOP", bug("session_record", path), Vec::new());
        }
        !stopped.is_empty()
    }

    pub(super) fn stop_record(&mut self, id: u64, path: &str) {
        self.stop_recording(id, path);
    }
}

/// The milliseconds, samples and bytes of a recording: 16 bits at 8000 a second behind 44 bytes.
fn recorded(micros: u64) -> (u64, u64, u64) {
    let milliseconds = micros / 20_000 * 20;
    let samples = milliseconds * 8;
    (milliseconds, samples, samples * 2 + 44)
}
