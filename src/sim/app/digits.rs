//! Applications that wait for digits: `read`, `play_and_get_digits`, and menus (`ivr`). Their events
//! were compared with FreeSWITCH 1.10.12.

use crate::model::dial::separate;
use crate::sim::channel::Doing;
use crate::sim::channel::file::File;
use crate::sim::channel::menu::{Act, Menus};
use crate::sim::channel::reading::{Ask, Phase, Reading};
use crate::sim::channel::then::Exten;
use crate::sim::event::pattern;
use crate::sim::world::World;
use crate::sim::world::agenda::Step;

impl World {
    /// `read` and `play_and_get_digits`; without all arguments they end at once.
    pub(super) fn start_reading(&mut self, id: u64, app: &str, data: &str) -> Doing {
        let ask = if app == "read" { Ask::of_read(data) } else { Ask::of_play_and_get(data) };
        let Some(ask) = ask else { return Doing::Nothing };
        if !ask.regex.is_empty()
            && let Some(channel) = self.channels.get_mut(&id)
        {
            channel.vars.remove(&format!("{}_invalid", ask.variable));
        }
        let mut reading = Reading::new(ask, None);
        self.prompt(id, &mut reading);
        Doing::Digits(Box::new(reading))
    }

    /// `ivr`; a menu that is not there ends at once.
    pub(super) fn start_menu(&mut self, id: u64, name: &str) -> Doing {
        let Some(mut menus) = Menus::open(name.trim()) else { return Doing::Nothing };
        self.set_var(id, "ivr_menu_status", "success");
        let mut reading = Reading::new(menus.ask(), Some(menus));
        self.prompt(id, &mut reading);
        Doing::Digits(Box::new(reading))
    }

    pub(super) fn set_var(&mut self, id: u64, name: &str, value: &str) {
        if let Some(channel) = self.channels.get_mut(&id).filter(|_| !name.is_empty()) {
            channel.vars.set(name, value);
        }
    }

    fn prompt(&mut self, id: u64, reading: &mut Reading) {
        reading.digits.clear();
        if let Some(channel) = self.channels.get_mut(&id).filter(|_| reading.menus.is_none()) {
            for name in ["read_result", "read_terminator_used", &reading.ask.variable] {
                channel.vars.remove(name);
            }
        }
        let path = reading.ask.prompt.clone();
        self.play_for(id, reading, &path, Phase::Prompt);
    }

    /// Plays a file for an application that waits; without one its end is now.
    fn play_for(&mut self, id: u64, reading: &mut Reading, path: &str, phase: Phase) {
        reading.phase = phase;
        reading.since = self.now;
        let file = Some(File::parse(path)).filter(|file| !file.is_missing());
        if let Some(file) = &file {
            self.fire_full(id, "PLAYBACK_START", Vec::new(), file.headers(None));
        }
        match file.as_ref().map_or(Some(0), |file| file.length) {
            Some(length) => self.arm(id, reading, length),
            None => reading.timer = self.token(),
        }
        reading.file = file;
    }

    fn arm(&mut self, id: u64, reading: &mut Reading, milliseconds: u64) {
        reading.timer = self.token();
        self.step_in(milliseconds, id, Step::Over(reading.timer));
    }

    fn stop_file(&mut self, id: u64, reading: &mut Reading, status: &str) {
        if let Some(file) = reading.file.take() {
            self.note_playback(id, &file, reading.since, status);
        }
    }

    /// Takes the state out of the application on top; [`World::keep_reading`] puts it back.
    fn take_reading(&mut self, id: u64) -> Option<Box<Reading>> {
        let running = self.channels.get_mut(&id)?.stack.last_mut()?;
        match std::mem::replace(&mut running.doing, Doing::Sleep) {
            Doing::Digits(reading) => Some(reading),
            other => {
                running.doing = other;
                None
            }
        }
    }

    fn keep_reading(&mut self, id: u64, reading: Box<Reading>) {
        let channel = self.channels.get_mut(&id);
        if let Some(running) = channel.and_then(|channel| channel.stack.last_mut()) {
            running.doing = Doing::Digits(reading);
        }
    }

    /// Ends what plays for the application on top, which is left.
    pub(in crate::sim) fn leave_reading(&mut self, id: u64, status: &str) {
        if let Some(mut reading) = self.take_reading(id) {
            self.stop_file(id, &mut reading, status);
        }
    }

    /// A timer of an application that waits for digits; `false` when it is none of them.
    pub(super) fn reading_over(&mut self, id: u64, token: u64) -> bool {
        let Some(channel) = self.channels.get_mut(&id) else { return false };
        let top = channel.stack.len().saturating_sub(1);
        for (at, running) in channel.stack.iter_mut().enumerate() {
            let Doing::Digits(reading) = &mut running.doing else { continue };
            if reading.timer == token {
                // Something that a client has sent runs on top of it.
                reading.is_late = at != top;
                if at == top {
                    self.reading_due(id);
                }
                return true;
            }
        }
        false
    }

    /// Continues where the application on top was left; nothing happens if it still waits.
    pub(super) fn resume_reading(&mut self, id: u64) {
        let top = self.channels.get(&id).and_then(|channel| channel.stack.last());
        if let Some(Doing::Digits(reading)) = top.map(|running| &running.doing)
            && (reading.is_late || reading.phase == Phase::Away)
        {
            self.reading_due(id);
        }
    }

    fn reading_due(&mut self, id: u64) {
        let Some(mut reading) = self.take_reading(id) else { return };
        reading.is_late = false;
        self.stop_file(id, &mut reading, "done");
        match reading.phase {
            Phase::Prompt => {
                reading.phase = Phase::Wait;
                let timeout = reading.ask.timeout;
                self.arm(id, &mut reading, timeout);
                self.keep_reading(id, reading);
            }
            Phase::Wait => self.conclude(id, reading, "timeout"),
            Phase::Wrong if reading.menus.is_some() => {
                reading.phase = Phase::Pause;
                self.arm(id, &mut reading, 1000);
                self.keep_reading(id, reading);
            }
            Phase::Wrong => self.retry(id, reading),
            Phase::Pause | Phase::Away => self.menu_round(id, reading),
            Phase::Goodbye => self.end_reading(id),
        }
    }

    /// A digit for the application on top, if that waits for one.
    pub(in crate::sim) fn reading_digit(&mut self, id: u64, digit: char) {
        let Some(mut reading) = self.take_reading(id) else { return };
        if !matches!(reading.phase, Phase::Prompt | Phase::Wait) {
            let is_menu = reading.menus.is_some();
            if is_menu && matches!(reading.phase, Phase::Wrong | Phase::Pause) {
                reading.early.push(digit);
                if reading.phase == Phase::Wrong {
                    // It ends the sound, and stays in the queue (`switch_ivr_menu.c`).
                    self.stop_file(id, &mut reading, "break");
                    reading.phase = Phase::Pause;
                    self.arm(id, &mut reading, 1000);
                }
            }
            self.keep_reading(id, reading);
            return;
        }
        self.stop_file(id, &mut reading, "break");
        reading.phase = Phase::Wait;
        let ask = &reading.ask;
        if ask.terminators != "none" && ask.terminators.contains(digit) {
            self.set_var(id, "read_terminator_used", digit.encode_utf8(&mut [0; 4]));
            self.conclude(id, reading, "success");
            return;
        }
        reading.digits.push(digit);
        if reading.digits.len() >= reading.ask.max {
            self.conclude(id, reading, "success");
        } else {
            let timeout = reading.ask.digit_timeout;
            self.arm(id, &mut reading, timeout);
            self.keep_reading(id, reading);
        }
    }

    /// All digits are there, or will not come.
    fn conclude(&mut self, id: u64, mut reading: Box<Reading>, how: &str) {
        if reading.menus.is_some() {
            self.choose(id, reading);
            return;
        }
        let ask = &reading.ask;
        let is_enough = reading.digits.len() >= ask.min;
        self.set_var(id, "read_result", if is_enough { how } else { "failure" });
        let fits = ask.regex.is_empty() || pattern::search(&ask.regex, &reading.digits);
        if !reading.digits.is_empty() && fits {
            self.set_var(id, &ask.variable, &reading.digits);
        } else if !fits && is_enough {
            self.set_var(id, &format!("{}_invalid", ask.variable), &reading.digits);
        }
        if is_enough && fits {
            self.end_reading(id);
        } else {
            let path = ask.invalid.clone();
            self.play_for(id, &mut reading, &path, Phase::Wrong);
            self.keep_reading(id, reading);
        }
    }

    fn retry(&mut self, id: u64, mut reading: Box<Reading>) {
        reading.ask.tries = reading.ask.tries.saturating_sub(1);
        if reading.ask.tries > 0 {
            self.prompt(id, &mut reading);
            self.keep_reading(id, reading);
            return;
        }
        self.complete(id);
        if reading.ask.failure.is_empty() {
            self.proceed(id);
        } else {
            self.transfer(id, &Exten::of_words(&separate(&reading.ask.failure, ' ')));
        }
    }

    fn end_reading(&mut self, id: u64) {
        self.complete(id);
        self.proceed(id);
    }

    /// Does what a menu has for the digits.
    fn choose(&mut self, id: u64, mut reading: Box<Reading>) {
        let Some(menus) = reading.menus.as_mut() else { return };
        match menus.choose(&reading.digits) {
            Act::Again => self.menu_round(id, reading),
            Act::Wrong(file) => {
                self.play_for(id, &mut reading, file, Phase::Wrong);
                self.keep_reading(id, reading);
            }
            Act::Run(line) => {
                reading.phase = Phase::Away;
                reading.timer = self.token();
                self.keep_reading(id, reading);
                let (app, data) = line.split_once(' ').unwrap_or((&line, ""));
                self.run_app(id, app, data, None);
                self.proceed(id);
            }
        }
    }

    /// The next time round of a menu, or its end.
    fn menu_round(&mut self, id: u64, mut reading: Box<Reading>) {
        let Some(menus) = reading.menus.as_mut() else { return };
        let (status, goodbye) = menus.turn();
        let ask = menus.ask();
        if let Some(status) = status {
            self.set_var(id, "ivr_menu_status", status);
        }
        if let Some(file) = goodbye {
            self.play_for(id, &mut reading, file, Phase::Goodbye);
        } else {
            reading.ask = ask;
            self.prompt(id, &mut reading);
        }
        let early = std::mem::take(&mut reading.early);
        self.keep_reading(id, reading);
        for digit in early.chars() {
            self.reading_digit(id, digit);
        }
    }
}
