//! Applications: the dial plan's, `sendmsg`'s, a broadcast's. One stack a channel.

pub(super) mod bert;
pub(super) mod conference;
pub(super) mod digits;
pub(super) mod eavesdrop;
pub(super) mod instant;
pub(super) mod playback;
pub(super) mod queue;
pub(super) mod recorder;
pub(super) mod valet;

use crate::model::dial::separate;
use crate::sim::channel::then::Exten;
use crate::sim::channel::{CallState, Command, Doing, Running, State};
use crate::sim::event::{Event, origin};
use crate::sim::world::agenda::{SILENT, Step, Tick};
use crate::sim::world::app_names::APPS;
use crate::sim::world::{World, log};

/// Applications that get the caller early media before they begin.
const MEDIA: &[&str] = &[
    "delay_echo",
    "eavesdrop",
    "echo",
    "endless_playback",
    "hold",
    "loop_playback",
    "play_and_get_digits",
    "playback",
    "read",
    "record",
    "record_session",
];

impl World {
    /// Does the next thing of a channel.
    pub(super) fn step(&mut self, id: u64, step: Step) {
        let Some(channel) = self.channels.get(&id) else { return };
        if !channel.is_up() {
            if matches!(step, Step::Unwind) {
                self.unwind(id);
            }
            return;
        }
        match step {
            Step::Invite => self.invite(id),
            Step::Route => self.route(id),
            Step::Execute => self.execute(id),
            Step::Over(token) => self.over(id, token),
            Step::Commands => self.proceed(id),
            Step::Ringing => self.mark_ringing(id),
            Step::EarlyMedia => self.mark_early(id),
            Step::Answered => self.mark_answered(id),
            Step::Refused(cause, status, phrase) => self.refused(id, cause, status, phrase),
            Step::PeerGone(farewell) => self.peer_gone(id, &farewell),
            Step::Hangup(cause) => self.hangup(id, &cause, Tick::Soon),
            Step::LegTimeout => {
                let rings = self.channels.get(&id).is_some_and(|leg| leg.originate.is_some());
                if rings {
                    self.hangup(id, "ALLOTTED_TIMEOUT", Tick::Soon);
                }
            }
            Step::Unwind => {}
            Step::Reinvite(ask) => self.reinvite(id, ask),
            Step::Reinvited(ask) => self.reinvited(id, ask),
            Step::Info(shown) => self.informed(id, &shown),
            Step::Listen => self.listen_to_wire(id),
            Step::Digit(digit, duration, source) => self.digit(id, digit, duration, source),
            Step::Bert(token, is_last) => self.bert(id, token, is_last),
        }
    }

    fn route(&mut self, id: u64) {
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.state = State::Routing;
            channel.number = 2;
        }
        self.set_callstate(id, CallState::Ringing);
        self.set_state(id, State::Routing, 2);
        if self.hunt(id) {
            let pause = if self.is_local(id) { 1 } else { 2 };
            self.step_in(pause, id, Step::Execute);
        }
    }

    /// Begins the plan.
    pub(super) fn execute(&mut self, id: u64) {
        self.set_state(id, State::Execute, 4);
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("call_uuid", channel.call_uuid.clone());
        }
        self.proceed(id);
    }

    /// Runs what can be run now: queued commands first, then the plan; a channel with neither is
    /// hung up.
    pub(super) fn proceed(&mut self, id: u64) {
        loop {
            let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.is_up()) else {
                return;
            };
            if !matches!(
                channel.state,
                State::Execute | State::SoftExecute | State::ExchangeMedia | State::Park
            ) {
                return;
            }
            let top = channel.stack.last();
            let locked = top.is_some_and(|running| {
                running.command.as_ref().is_some_and(|command| command.lock)
            });
            if !locked && let Some(command) = channel.commands.pop_front() {
                self.command(id, command);
            } else if top.is_some() || channel.state == State::ExchangeMedia {
                self.resume_reading(id);
                return;
            } else if let Some((app, data)) = channel.plan.pop_front() {
                self.run_app(id, &app, &data, None);
            } else {
                self.hangup(id, "NORMAL_CLEARING", Tick::Soon);
                return;
            }
        }
    }

    fn command(&mut self, id: u64, command: Command) {
        match command.app.as_str() {
            "" => self.private_command(id, &command),
            "hangup" if command.loops == 0 => {
                self.hangup(id, &command.data, Tick::Soon);
                self.private_command(id, &command);
            }
            _ => {
                let (app, data) = (command.app.clone(), command.data.clone());
                self.run_app(id, &app, &data, Some(command));
            }
        }
    }

    /// PRIVATE_COMMAND follows a `sendmsg` or broadcast once it has been carried out.
    fn private_command(&mut self, id: u64, command: &Command) {
        if !self.is_wanted("PRIVATE_COMMAND") {
            self.skip();
            return;
        }
        let mut event = Event::bare("PRIVATE_COMMAND");
        event.headers.clone_from(&command.headers);
        self.write_core(&mut event, "PRIVATE_COMMAND", origin("PRIVATE_COMMAND"));
        if let Some(channel) = self.channels.get(&id) {
            channel.write_headers(&mut event);
        }
        self.emit(&event);
    }

    /// Starts an application; one that is done at once completes here.
    pub(super) fn run_app(&mut self, id: u64, app: &str, data: &str, command: Option<Command>) {
        if !APPS.iter().any(|(known, _)| *known == app) {
            self.hangup(id, "DESTINATION_OUT_OF_ORDER", Tick::Soon);
            return;
        }
        if app == "export" && data.starts_with("RFC2822_DATE=") {
            self.fire_api("strftime", "%a, %d %b %Y %T %z");
        }
        if MEDIA.contains(&app) {
            self.mark_early(id);
        }
        let data = self.expand_in(data, Some(id));
        let fresh = self.uuid();
        let (token, now) = (self.token(), self.now);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let uuid = command.as_ref().and_then(|command| command.uuid.clone()).unwrap_or(fresh);
        let vars = &mut channel.vars;
        if let Some(command) = &command {
            vars.set("current_loop", command.lap.to_string());
            vars.set("total_loops", command.loops.to_string());
        }
        for name in
            ["current_application_response", "current_application_data", "current_application"]
        {
            vars.remove(name);
        }
        vars.set("current_application", app);
        if !data.is_empty() {
            vars.set("current_application_data", data.clone());
        }
        channel.last_app = Some((app.to_owned(), data.clone()));
        let name = channel.name.clone();
        channel.stack.push(Running {
            app: app.to_owned(),
            data: data.clone(),
            uuid,
            doing: Doing::Nothing,
            since: now,
            token,
            command: command.map(Box::new),
        });
        let after = self.application(id, None);
        self.fire_full(id, "CHANNEL_EXECUTE", Vec::new(), after);
        let user = self.channels.get(&id).map(|channel| channel.uuid.clone()).unwrap_or_default();
        self.log_raw(6, &user, log::EXECUTE, &format!("EXECUTE [depth=0] {name} {app}({data})\n"));
        if let Some(channel) = self.channels.get_mut(&id) {
            channel.vars.set("current_application", app);
        }
        let doing = self.begin(id, app, &data, token);
        let blocking = doing != Doing::Nothing;
        if let Some(running) = self
            .channels
            .get_mut(&id)
            .and_then(|channel| channel.stack.iter_mut().find(|running| running.token == token))
        {
            running.doing = doing;
        }
        if !blocking {
            self.complete(id);
            self.after_app(id, app, &data);
        }
    }

    /// What the application does; returns what it waits for.
    fn begin(&mut self, id: u64, app: &str, data: &str, token: u64) -> Doing {
        match app {
            "answer" => self.mark_answered(id),
            "pre_answer" => self.mark_early(id),
            "ring_ready" => self.mark_ringing(id),
            "set" | "export" => self.assign(id, app, data),
            "unset" => {
                if let Some(channel) = self.channels.get_mut(&id) {
                    channel.vars.remove(data.trim());
                }
            }
            "hangup" => {
                let cause = if data.is_empty() { "NORMAL_CLEARING" } else { data };
                self.hangup(id, cause, Tick::Soon);
            }
            // In a parked call it is over at once.
            "park" if self.is_parked(id) => {}
            "park" => {
                self.fire_full(id, "CHANNEL_PARK", Vec::new(), Vec::new());
                return Doing::Park;
            }
            "ivr" => {
                self.mark_answered(id);
                return self.start_menu(id, data);
            }
            "read" | "play_and_get_digits" => return self.start_reading(id, app, data),
            "conference" => {
                self.mark_answered(id);
                if self.enter_conference(id, data) {
                    return Doing::Conference;
                }
            }
            "echo" | "delay_echo" | "hold" => return Doing::Endless,
            "sleep" => {
                self.step_in(data.trim().parse().unwrap_or(0), id, Step::Over(token));
                return Doing::Sleep;
            }
            "playback" | "endless_playback" | "loop_playback" => {
                let endless = app == "endless_playback";
                return self.start_playback(id, data, token, endless);
            }
            "valet_park" => {
                self.mark_answered(id);
                return self.start_valet(id, data);
            }
            "callcenter" => {
                self.mark_answered(id);
                return self.start_queue(id, data.trim());
            }
            "fifo" => {
                self.mark_answered(id);
                return self.start_fifo(id, data.trim());
            }
            "bridge" => {
                self.start_bridge(id, data);
                return Doing::Bridge;
            }
            "eavesdrop" => return self.start_eavesdrop(id, data.trim(), token),
            "bert_test" => return self.start_bert(id, token),
            "respond" => self.respond(id, data),
            "record" => return self.start_recorder(id, data, token),
            "record_session" => {
                // A file that cannot be written is only a line in the log.
                let _is_written = self.start_record(id, data);
            }
            "stop_record_session" => self.stop_record(id, data),
            "send_dtmf" => self.send_digits(id, data),
            "queue_dtmf" => self.receive_digits(id, data),
            _ => self.tell_or_set(id, app, data),
        }
        Doing::Nothing
    }

    fn after_app(&mut self, id: u64, app: &str, data: &str) {
        if app == "intercept" {
            self.intercept(id, data.trim());
        } else if app == "valet_park" {
            self.pick_up(id, data);
        } else if app == "fifo" {
            self.serve_fifo(id, data.trim());
        } else if app == "transfer" {
            self.transfer(id, &Exten::of_words(&separate(data, ' ')));
        }
    }

    pub(super) fn assign(&mut self, id: u64, app: &str, data: &str) {
        let Some((name, value)) = data.split_once('=') else { return };
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let name = name.trim_start_matches("nolocal:");
        channel.vars.set(name, value);
        if app == "export" {
            let list = match channel.vars.get("export_vars") {
                Some(list) if list.split(',').any(|have| have == name) => list.to_owned(),
                Some(list) => format!("{list},{name}"),
                None => name.to_owned(),
            };
            channel.vars.set("export_vars", list);
        }
    }

    fn application(&self, id: u64, response: Option<String>) -> crate::sim::event::Extra {
        let top = self.channels.get(&id).and_then(|channel| channel.stack.last());
        let Some(running) = top else { return Vec::new() };
        let mut after = vec![("Application", running.app.clone())];
        if !running.data.is_empty() {
            after.push(("Application-Data", running.data.clone()));
        }
        if let Some(response) = response {
            after.push(("Application-Response", response));
        }
        after.push(("Application-UUID", running.uuid.clone()));
        after
    }

    /// The application on top of the stack is done.
    pub(super) fn complete(&mut self, id: u64) {
        let Some(channel) = self.channels.get(&id) else { return };
        let response = channel.vars.get("current_application_response").unwrap_or("_none_");
        if channel.stack.last().is_none_or(|running| running.app != SILENT) {
            let after = self.application(id, Some(response.to_owned()));
            self.fire_full(id, "CHANNEL_EXECUTE_COMPLETE", Vec::new(), after);
        }
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Some(running) = channel.stack.pop() else { return };
        if let Some(mut command) = running.command {
            // What lasts less than half a second is not repeated.
            let goes_on = command.loops < 0 || command.lap < command.loops;
            let was_long = self.now.saturating_sub(running.since) >= 500_000;
            if goes_on && was_long && channel.is_up() {
                command.lap = command.lap.saturating_add(1);
                channel.commands.push_front(*command);
                return;
            }
            self.private_command(id, &command);
            if let Some(channel) = self.channels.get_mut(&id) {
                channel.vars.remove("current_loop");
                channel.vars.remove("total_loops");
            }
        }
    }

    /// A timed application has come to its end.
    fn over(&mut self, id: u64, token: u64) {
        if self.reading_over(id, token) {
            return;
        }
        let Some(channel) = self.channels.get(&id) else { return };
        let Some(running) = channel.stack.last() else { return };
        if running.token != token {
            return;
        }
        match running.doing.clone() {
            Doing::Playback { .. } => self.stop_playback(id, "done"),
            Doing::Record(path) => self.stop_recorder(id, &path),
            Doing::Eavesdrop(target) => self.stop_eavesdrop(id, target),
            _ => {}
        }
        self.complete(id);
        self.proceed(id);
    }

    /// Ends what plays, as `uuid_break` does.
    pub(super) fn break_app(&mut self, id: u64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        let Some(running) = channel.stack.last_mut() else { return };
        if let Some(command) = running.command.as_mut() {
            command.loops = 1;
        }
        match running.doing.clone() {
            Doing::Playback { .. } => self.stop_playback(id, "break"),
            Doing::Record(path) => self.stop_recorder(id, &path),
            Doing::Sleep => {}
            _ => return,
        }
        self.complete(id);
        self.proceed(id);
    }
}
