//! The api commands: one table, name to function.

pub(super) mod alias;
mod calls;
mod complete;
mod conference;
mod dates;
pub(super) mod directory;
mod expand;
mod expr;
pub(super) mod fsctl;
mod help;
mod interfaces;
mod media;
mod modules;
mod network;
mod plain;
mod profiles;
mod rows;
pub(super) mod schedule;
mod show;
pub(super) mod sofia;
pub(super) mod status;
pub(super) mod store;
pub(super) mod system;
mod text;
mod vars;
mod xml;

use std::time::Duration;

use super::world::{Action, World};

/// Who waits for the text of an api command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waiter {
    /// A socket, blocked until then.
    Socket(u64),
    /// A BACKGROUND_JOB; command and arguments as the client wrote them.
    Job {
        uuid: String,
        command: String,
        args: String,
    },
    Nobody,
}

/// A command whose text is not there yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) waiter: Waiter,
    pub(super) command: String,
    pub(super) args: String,
}

impl Waiting {
    /// Both parts lose the spaces around them; completion looks at the one at the end of its line.
    fn new(command: &str, args: &str, waiter: Waiter) -> Self {
        let args = if command == "console_complete" { args } else { args.trim() };
        Self { waiter, command: command.trim().to_owned(), args: args.to_owned() }
    }

    /// The syntax of the command.
    fn syntax(&self) -> &'static str {
        interfaces::command(&self.command).map_or("", |one| one.syntax)
    }

    /// What most commands say to wrong arguments.
    fn usage_text(&self) -> String {
        format!("-USAGE: {}\n", self.syntax())
    }

    fn usage(&self) -> Outcome {
        self.usage_text().into()
    }
}

/// What a command says.
#[derive(Debug)]
enum Outcome {
    Text(String),
    /// The function failed: FreeSWITCH shows `Command not found!` instead of its text.
    Failed,
    /// There is no such command, which reads the same.
    Unknown,
    /// The text comes after this many milliseconds.
    Later(u64, String),
    /// Somebody else will answer.
    Pending,
}

impl From<String> for Outcome {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Outcome {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

type Function = fn(&mut World, &Waiting) -> Outcome;

/// An api command: name and function. Syntax and description are those of [`interfaces`].
type Entry = (&'static str, Function);

/// All commands, by name.
const TABLE: &[Entry] = &[
    ("...", fsctl::shutdown_now),
    ("acl", network::acl),
    ("alias", alias::alias),
    ("banner", status::banner),
    ("bg_spawn", text::unsupported),
    ("bg_system", text::unsupported),
    ("bgapi", system::bgapi),
    ("break", calls::uuid_break),
    ("chat", system::chat),
    ("coalesce", text::coalesce),
    ("complete", alias::complete),
    ("cond", expr::cond),
    ("conference", conference::conference),
    ("console", system::console),
    ("console_complete", complete::plain),
    ("console_complete_xml", complete::xml),
    ("create_uuid", system::create_uuid),
    ("db", store::db),
    ("db_cache", system::nothing_to_do),
    ("domain_data", directory::domain_data),
    ("domain_exists", directory::domain_exists),
    ("echo", text::echo),
    ("escape", text::escape),
    ("eval", expand::eval),
    ("event_channel_broadcast", system::nothing_to_do),
    ("event_sink", text::unsupported),
    ("expand", expand::expand),
    ("expr", expr::expr),
    ("file_exists", network::file_exists),
    ("find_user_xml", directory::find_user_xml),
    ("fsctl", fsctl::run),
    ("getcputime", system::getcputime),
    ("getenv", network::getenv),
    ("gethost", network::gethost),
    ("global_getvar", system::global_getvar),
    ("global_setvar", system::global_setvar),
    ("group", store::group),
    ("group_call", directory::group_call),
    ("hash", store::hash),
    ("hash_dump", store::hash_dump),
    ("hash_remote", store::hash_remote),
    ("help", help::help),
    ("host_lookup", network::host_lookup),
    ("hostname", system::hostname),
    ("hupall", calls::hupall),
    ("in_group", directory::in_group),
    ("interface_ip", network::interface_ip),
    ("is_lan_addr", network::is_lan_addr),
    ("json", status::json),
    ("limit_hash_usage", store::limit_hash_usage),
    ("limit_interval_reset", store::limit_interval_reset),
    ("limit_reset", store::limit_reset),
    ("limit_status", store::limit_status),
    ("limit_usage", store::limit_usage),
    ("list_users", directory::list_users),
    ("load", modules::load),
    ("local_stream", system::nothing_to_do),
    ("log", system::log),
    ("md5", text::md5),
    ("memory", text::unsupported),
    ("module_exists", modules::module_exists),
    ("msleep", system::msleep),
    ("msrp", system::nothing_to_do),
    ("nat_map", network::nat_map),
    ("originate", calls::originate),
    ("page", system::nothing_to_do),
    ("pause", plain::run),
    ("pool_stats", text::unsupported),
    ("presence", system::presence),
    ("quote_shell_arg", text::quote_shell_arg),
    ("reg_url", text::unsupported),
    ("regex", text::regex),
    ("reload", modules::reload),
    ("reloadacl", modules::reloadacl),
    ("reloadxml", modules::reloadxml),
    ("replace", text::replace),
    ("say_string", text::unsupported),
    ("sched_api", schedule::sched_api),
    ("sched_broadcast", schedule::sched_broadcast),
    ("sched_del", schedule::sched_del),
    ("sched_hangup", schedule::sched_hangup),
    ("sched_transfer", schedule::sched_transfer),
    ("show", show::show),
    ("shutdown", fsctl::shutdown_now),
    ("sndfile_debug", system::nothing_to_do),
    ("sofia", sofia::sofia),
    ("sofia_contact", sofia::sofia_contact),
    ("sofia_count_reg", sofia::sofia_count_reg),
    ("sofia_dig", sofia::sofia_dig),
    ("sofia_gateway_data", sofia::sofia_gateway_data),
    ("sofia_presence_data", sofia::sofia_presence_data),
    ("sofia_username_of", sofia::sofia_username_of),
    ("spawn", text::unsupported),
    ("spawn_stream", text::unsupported),
    ("sql_escape", text::sql_escape),
    ("status", status::status),
    ("strepoch", dates::strepoch),
    ("strftime", dates::strftime),
    ("strftime_tz", dates::strftime_tz),
    ("strmicroepoch", dates::strmicroepoch),
    ("stun", text::unsupported),
    ("switchname", system::hostname),
    ("system", text::unsupported),
    ("time_test", text::unsupported),
    ("timer_test", text::unsupported),
    ("tolower", text::tolower),
    ("tone_detect", plain::run),
    ("toupper", text::toupper),
    ("unload", modules::unload),
    ("unsched_api", schedule::unsched_api),
    ("uptime", status::uptime),
    ("url_decode", text::url_decode),
    ("url_encode", text::url_encode),
    ("user_data", directory::user_data),
    ("user_exists", directory::user_exists),
    ("uuid_answer", calls::uuid_answer),
    ("uuid_audio", media::uuid_audio),
    ("uuid_break", calls::uuid_break),
    ("uuid_bridge", calls::uuid_bridge),
    ("uuid_broadcast", calls::uuid_broadcast),
    ("uuid_buglist", media::uuid_buglist),
    ("uuid_capture_text", plain::run),
    ("uuid_chat", plain::run),
    ("uuid_codec_debug", plain::run),
    ("uuid_codec_param", plain::run),
    ("uuid_debug_media", plain::run),
    ("uuid_deflect", plain::run),
    ("uuid_displace", media::uuid_displace),
    ("uuid_display", calls::uuid_display),
    ("uuid_drop_dtmf", plain::run),
    ("uuid_dual_transfer", calls::uuid_dual_transfer),
    ("uuid_dump", vars::uuid_dump),
    ("uuid_early_ok", plain::run),
    ("uuid_exists", calls::uuid_exists),
    ("uuid_fileman", plain::run),
    ("uuid_flush_dtmf", plain::run),
    ("uuid_getvar", vars::uuid_getvar),
    ("uuid_hold", calls::uuid_hold),
    ("uuid_jitterbuffer", plain::run),
    ("uuid_kill", calls::uuid_kill),
    ("uuid_limit", store::uuid_limit),
    ("uuid_limit_release", store::uuid_limit_release),
    ("uuid_loglevel", calls::uuid_loglevel),
    ("uuid_media", plain::run),
    ("uuid_media_3p", plain::run),
    ("uuid_media_params", plain::run),
    ("uuid_media_reneg", plain::run),
    ("uuid_msrp_send", plain::run),
    ("uuid_outgoing_answer", plain::run),
    ("uuid_park", calls::uuid_park),
    ("uuid_pause", plain::run),
    ("uuid_phone_event", plain::run),
    ("uuid_pre_answer", calls::uuid_pre_answer),
    ("uuid_preprocess", plain::run),
    ("uuid_record", media::uuid_record),
    ("uuid_recovery_refresh", plain::run),
    ("uuid_recv_dtmf", media::uuid_recv_dtmf),
    ("uuid_redirect", plain::run),
    ("uuid_ring_ready", calls::uuid_ring_ready),
    ("uuid_send_dtmf", media::uuid_send_dtmf),
    ("uuid_send_info", plain::run),
    ("uuid_send_message", plain::run),
    ("uuid_send_text", plain::run),
    ("uuid_session_heartbeat", calls::uuid_session_heartbeat),
    ("uuid_set_media_stats", plain::run),
    ("uuid_setvar", vars::uuid_setvar),
    ("uuid_setvar_multi", vars::uuid_setvar_multi),
    ("uuid_simplify", plain::run),
    ("uuid_transfer", calls::uuid_transfer),
    ("uuid_video_bandwidth", plain::run),
    ("uuid_video_bitrate", plain::run),
    ("uuid_video_refresh", plain::run),
    ("uuid_xfer_zombie", plain::run),
    ("uuid_zombie_exec", plain::run),
    ("version", status::version),
    ("xml_flush_cache", system::nothing_to_do),
    ("xml_locate", xml::xml_locate),
    ("xml_wrap", text::xml_wrap),
];

/// The modules that are loaded at the start.
pub(super) fn modules() -> Vec<String> {
    interfaces::modules().into_iter().map(str::to_owned).collect()
}

impl World {
    /// Runs a line; its text goes to the waiter, at once or later.
    pub(super) fn run_api(&mut self, line: &str, waiter: Waiter) {
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        self.run(command, args, command, waiter);
    }

    /// Runs a command; when it fails, the text calls it `label`.
    fn run(&mut self, command: &str, args: &str, label: &str, waiter: Waiter) {
        let waiting = Waiting::new(command, args, waiter);
        match self.call(&waiting) {
            Outcome::Text(text) => self.answered(&waiting, &text),
            Outcome::Failed | Outcome::Unknown => {
                self.answered(&waiting, &format!("-ERR {label} Command not found!\n"));
            }
            Outcome::Later(milliseconds, text) => {
                let action = Action::Answer(Box::new(waiting), text);
                self.after(Duration::from_millis(milliseconds), action);
            }
            Outcome::Pending => {}
        }
    }

    /// Runs a line as the switch's console would: aliases, and several commands at `;;`.
    pub(super) fn console_execute(&mut self, line: &str, waiter: Waiter) {
        let line = line.trim_start_matches(' ');
        let several = line.contains(";;") || self.alias(line).is_some();
        if !several {
            let (command, args) = line.split_once(' ').unwrap_or((line, ""));
            self.run(command, args, line, waiter);
            return;
        }
        let (text, is_good) = self.console_text(line, 0);
        let text = if is_good { text } else { format!("-ERR {line} Command not found!\n") };
        self.deliver(&Waiting::new(line, "", waiter), &text);
    }

    fn console_text(&mut self, line: &str, depth: u8) -> (String, bool) {
        if depth > 20 {
            return (String::new(), false);
        }
        let (mut out, mut is_good) = (String::new(), false);
        for part in line.split(";;") {
            if let Some(longer) = self.alias(part) {
                let command = part.split(' ').next().unwrap_or_default();
                out.extend([format!("\nExpand Alias [{command}]->[{longer}]\n\n")]);
                let (text, good) = self.console_text(&longer, depth + 1);
                out.push_str(&text);
                is_good = good;
            } else {
                let (text, good) = self.text_of(part);
                out.push_str(&text);
                is_good = good;
            }
        }
        (out, is_good)
    }

    fn call(&mut self, waiting: &Waiting) -> Outcome {
        // Commands run commands (`expand`, `bgapi`): a line of ten thousand of them shall not.
        if self.nesting >= 8 {
            return Outcome::Failed;
        }
        let has = |module: &str| self.modules.iter().any(|have| have == module);
        let known = interfaces::command(&waiting.command).filter(|one| has(one.module));
        let entry = known.and_then(|known| TABLE.iter().find(|(name, _)| *name == known.name));
        match entry {
            Some((_, run)) => {
                self.nesting += 1;
                let outcome = run(self, waiting);
                self.nesting -= 1;
                outcome
            }
            None => Outcome::Unknown,
        }
    }

    /// A command's text is there: the API event, then the text.
    pub(super) fn answered(&mut self, waiting: &Waiting, text: &str) {
        self.fire_api(&waiting.command, &waiting.args);
        self.deliver(waiting, text);
    }

    /// Every api command that anyone runs is told to everyone.
    pub(super) fn fire_api(&mut self, command: &str, args: &str) {
        let mut event = self.event("API");
        if !command.is_empty() {
            event.push("API-Command", command);
        }
        if !args.is_empty() {
            event.push("API-Command-Argument", args);
        }
        self.emit(&event);
    }

    /// Runs a command for its text alone, and says whether it worked; one that takes time has no
    /// text.
    fn text_of(&mut self, line: &str) -> (String, bool) {
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        let waiting = Waiting::new(command, args, Waiter::Nobody);
        let result = match self.call(&waiting) {
            Outcome::Text(text) | Outcome::Later(_, text) => (text, true),
            Outcome::Failed => ("COMMAND RETURNED ERROR!\n".to_owned(), false),
            Outcome::Unknown => ("INVALID COMMAND!\n".to_owned(), false),
            Outcome::Pending => (String::new(), true),
        };
        self.fire_api(&waiting.command, &waiting.args);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_described() {
        assert!(TABLE.is_sorted_by(|a, b| a.0 < b.0));
        for (name, _) in TABLE {
            assert!(interfaces::command(name).is_some_and(|one| one.name == *name), "{name}");
        }
    }
}
