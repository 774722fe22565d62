//! The api commands: one table, name to function.

mod calls;
mod complete;
mod fsctl;
mod help;
pub(super) mod schedule;
mod show;
pub(super) mod sofia;
pub(super) mod system;
mod text;

use std::time::Duration;

use super::world::{Action, World};

/// Who waits for the text of an api command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waiter {
    /// A socket, blocked until then.
    Socket(u64),
    /// The BACKGROUND_JOB with this Job-UUID.
    Job(String),
    Nobody,
}

/// A command whose text is not there yet.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) waiter: Waiter,
    pub(super) command: String,
    pub(super) args: String,
}

/// What a command says.
#[derive(Debug)]
enum Outcome {
    Text(String),
    /// The function failed: FreeSWITCH shows `Command not found!` instead of its text.
    Failed,
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

/// An api command: name, syntax, what it does, function.
struct Entry {
    name: &'static str,
    syntax: &'static str,
    about: &'static str,
    run: Function,
}

const fn entry(
    name: &'static str,
    syntax: &'static str,
    about: &'static str,
    run: Function,
) -> Entry {
    Entry { name, syntax, about, run }
}

/// All commands, by name.
const TABLE: &[Entry] = &[
    entry("acl", "<ip> <list_name>", "Whether a list admits an address", text::acl),
    entry("banner", "", "The banner of the switch", system::banner),
    entry("bgapi", "<command>[ <arg>]", "Run a command in the background", system::bgapi),
    entry("complete", "add <word>|del [<word>|*]", "Completion words", system::accept),
    entry("conference", "", "Conferences", system::conference),
    entry("console_complete", "<line>", "Complete a line", complete::plain),
    entry("console_complete_xml", "<line>", "Complete a line, as XML", complete::xml),
    entry("create_uuid", "<uuid> <other_uuid>", "Make a uuid", system::create_uuid),
    entry("db", "[insert|delete|select]/<realm>/<key>/<value>", "Small database", text::nothing),
    entry("echo", "<data>", "Say the same", text::echo),
    entry("eval", "[uuid:<uuid> ]<expression>", "Expand variables", text::eval),
    entry("event_sink", "<web data>", "Events over HTTP", text::nothing),
    entry("expand", "[uuid:<uuid> ]<cmd> <args>", "Expand variables, then run", text::expand),
    entry("expr", "<expr>", "Calculate", text::expr),
    entry("fsctl", "[...]", "Control the switch", fsctl::run),
    entry("global_getvar", "<var>", "Read a global variable", system::global_getvar),
    entry(
        "global_setvar",
        "<var>=<value> [=<value2>]",
        "Set a global variable",
        system::global_setvar,
    ),
    entry("group_call", "<group>[@<domain>]", "Dial string of a group", text::nothing),
    entry("hash", "[insert|delete|select]/<realm>/<key>/<value>", "Small store", text::nothing),
    entry("help", "", "This list", help::help),
    entry("hostname", "", "The name of the machine", system::hostname),
    entry("hupall", "<cause> [<var> <value>]", "Hang up all calls", calls::hupall),
    entry("json", "<json>", "A command in JSON", system::json),
    entry("limit_usage", "<backend> <realm> <id>", "Use of a limit", text::zero),
    entry(
        "list_users",
        "[group <group>] [domain <domain>]",
        "Users of the directory",
        sofia::list_users,
    ),
    entry("load", "<mod_name>", "Load a module", system::load),
    entry("log", "<level> <message>", "Write a log line", system::log),
    entry("md5", "<data>", "MD5 of a text", text::unsupported),
    entry("module_exists", "<module>", "Whether a module is loaded", system::module_exists),
    entry("msleep", "<milliseconds>", "Wait", system::msleep),
    entry("nat_map", "[status|republish|reinit]", "NAT mappings", text::no),
    entry(
        "originate",
        "<call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]",
        "Place a call",
        calls::originate,
    ),
    entry("pause", "<uuid> <on|off>", "Pause media", calls::known_call),
    entry("regex", "<data>|<pattern>[|<subst string>]", "Match a pattern", text::regex),
    entry("reload", "[-f] <mod_name>", "Reload a module", system::reload),
    entry("reloadacl", "[reloadxml]", "Read the ACLs again", system::reloadacl),
    entry("reloadxml", "", "Read the configuration again", system::reloadxml),
    entry(
        "sched_api",
        "[+@]<time> <group_name> <command_string>[&]",
        "Schedule a command",
        schedule::sched_api,
    ),
    entry("sched_del", "<task_id>|<group_id>", "Drop scheduled commands", schedule::sched_del),
    entry(
        "sched_hangup",
        "[+]<time> <uuid> [<cause>]",
        "Schedule a hangup",
        schedule::sched_hangup,
    ),
    entry(
        "sched_transfer",
        "[+]<time> <uuid> <extension> [<dialplan>] [<context>]",
        "Schedule a transfer",
        schedule::sched_transfer,
    ),
    entry(
        "show",
        "codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status",
        "Tables of the switch",
        show::show,
    ),
    entry("sofia", "<cmd> <args>", "SIP profiles and gateways", sofia::sofia),
    entry("sofia_contact", "[profile/]<user>@<domain>", "Contact of a user", sofia::sofia_contact),
    entry("status", "", "State of the switch", system::status),
    entry("strepoch", "<string>", "Seconds since 1970", text::strepoch),
    entry("strftime", "<format_string>", "The time in a format", text::strftime),
    entry("switchname", "", "The name of the switch", system::hostname),
    entry("system", "<command>", "Run a program: never here", text::unsupported),
    entry("tolower", "<string>", "Lower case", text::tolower),
    entry("toupper", "<string>", "Upper case", text::toupper),
    entry("unload", "[-f] <mod_name>", "Unload a module", system::unload),
    entry("unsched_api", "<task_id>", "Drop a scheduled command", schedule::unsched_api),
    entry(
        "uptime",
        "[us|ms|s|m|h|d|microseconds|milliseconds|seconds|minutes|hours|days]",
        "Time since the start",
        system::uptime,
    ),
    entry("url_decode", "<string>", "Undo percent codes", text::url_decode),
    entry("url_encode", "<string>", "Percent codes", text::url_encode),
    entry("user_exists", "<key> <user> <domain>", "Whether a user exists", sofia::user_exists),
    entry("uuid_answer", "<uuid>", "Answer a call", calls::uuid_answer),
    entry(
        "uuid_audio",
        "<uuid> [start [read|write] [mute|level <level>]|stop]",
        "Mute or change level",
        calls::uuid_audio,
    ),
    entry("uuid_break", "<uuid> [all]", "Stop what plays", calls::uuid_break),
    entry("uuid_bridge", "", "Join two calls", calls::uuid_bridge),
    entry(
        "uuid_broadcast",
        "<uuid> <path> [aleg|bleg|holdb|both]",
        "Play into a call",
        calls::uuid_broadcast,
    ),
    entry("uuid_buglist", "<uuid>", "Media bugs of a call", calls::uuid_buglist),
    entry("uuid_deflect", "<uuid> <uri>", "Send a call elsewhere", calls::uuid_ok_success),
    entry("uuid_display", "<uuid> [<display>]", "Change what is displayed", calls::uuid_display),
    entry("uuid_dump", "<uuid> [format]", "All of a call", calls::uuid_dump),
    entry("uuid_exists", "<uuid>", "Whether a call exists", calls::uuid_exists),
    entry("uuid_flush_dtmf", "<uuid>", "Forget queued digits", calls::known_call),
    entry("uuid_getvar", "<uuid> <var>", "Read a variable", calls::uuid_getvar),
    entry("uuid_hold", "[off|toggle] <uuid> [<display>]", "Hold a call", calls::uuid_hold),
    entry("uuid_kill", "<uuid> [cause]", "Hang up a call", calls::uuid_kill),
    entry("uuid_loglevel", "<uuid> <level>", "Log level of a call", calls::known_call),
    entry("uuid_media", "[off] <uuid>", "Media through the switch or not", calls::uuid_ok_success),
    entry("uuid_park", "<uuid>", "Park a call", calls::uuid_park),
    entry("uuid_phone_event", "<uuid> talk|hold", "Tell a phone", calls::uuid_ok_success),
    entry("uuid_pre_answer", "<uuid>", "Early media", calls::uuid_pre_answer),
    entry(
        "uuid_record",
        "<uuid> [start|stop|mask|unmask] <path> [<limit>]",
        "Record a call",
        calls::uuid_record,
    ),
    entry("uuid_recv_dtmf", "<uuid> <dtmf_data>", "Digits as if received", calls::uuid_recv_dtmf),
    entry("uuid_ring_ready", "<uuid> [queued]", "Ring", calls::uuid_ring_ready),
    entry("uuid_send_dtmf", "<uuid> <dtmf_data>", "Send digits", calls::uuid_send_dtmf),
    entry("uuid_setvar", "<uuid> <var> [value]", "Set a variable", calls::uuid_setvar),
    entry(
        "uuid_setvar_multi",
        "<uuid> <var>=<value>;<var>=<value>...",
        "Set variables",
        calls::uuid_setvar_multi,
    ),
    entry("uuid_simplify", "<uuid>", "Take the switch out of a path", calls::uuid_ok_success),
    entry(
        "uuid_transfer",
        "<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]",
        "Transfer a call",
        calls::uuid_transfer,
    ),
    entry("version", "[short]", "The version", system::version),
    entry("xml_wrap", "<command> <args>", "Another command's text in XML", text::xml_wrap),
];

impl World {
    /// Runs a line; its text goes to the waiter, at once or later.
    pub(super) fn run_api(&mut self, line: &str, waiter: Waiter) {
        let line = line.trim();
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        // Completion looks at the space at the end of its line.
        let args = if command == "console_complete" { args } else { args.trim() };
        let waiting = Waiting { waiter, command: command.to_owned(), args: args.to_owned() };
        match self.call(&waiting) {
            Outcome::Text(text) => self.answered(&waiting, &text),
            Outcome::Failed => self.answered(&waiting, &not_found(command)),
            Outcome::Later(milliseconds, text) => {
                let action = Action::Answer(Box::new(waiting), text);
                self.after(Duration::from_millis(milliseconds), action);
            }
            Outcome::Pending => {}
        }
    }

    fn call(&mut self, waiting: &Waiting) -> Outcome {
        // Commands run commands (`expand`, `bgapi`): a line of ten thousand of them shall not.
        if self.nesting >= 8 {
            return Outcome::Failed;
        }
        match TABLE.iter().find(|entry| entry.name.eq_ignore_ascii_case(&waiting.command)) {
            Some(entry) => {
                self.nesting += 1;
                let outcome = (entry.run)(self, waiting);
                self.nesting -= 1;
                outcome
            }
            None => Outcome::Failed,
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

    /// Runs a command for its text alone; one that takes time has none.
    fn text_of(&mut self, line: &str) -> String {
        let (command, args) = line.split_once(' ').unwrap_or((line, ""));
        let waiting = Waiting {
            waiter: Waiter::Nobody,
            command: command.to_owned(),
            args: args.trim().to_owned(),
        };
        let text = match self.call(&waiting) {
            Outcome::Text(text) | Outcome::Later(_, text) => text,
            Outcome::Failed => not_found(command),
            Outcome::Pending => String::new(),
        };
        self.fire_api(command, args.trim());
        text
    }
}

fn not_found(command: &str) -> String {
    format!("-ERR {command} Command not found!\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_described() {
        assert!(TABLE.is_sorted_by(|a, b| a.name < b.name));
        assert!(TABLE.iter().all(|entry| !entry.about.is_empty()));
    }
}
