//! What `xml_locate` prints of the configuration and the dial plan.

use crate::sim::call::dialplan::EXTENSIONS;
use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

pub(in crate::sim) fn xml_locate(world: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    match words.as_slice() {
        ["configuration", "configuration", "name", "event_socket.conf"] => {
            let password = &world.config.password;
            format!(
                "<configuration name=\"event_socket.conf\" description=\"Socket Client\">\n  \
                 <settings>\n    <param name=\"listen-ip\" value=\"127.0.0.1\"></param>\n    <param \
                 name=\"password\" value=\"{password}\"></param>\n  </settings>\n</configuration>\n"
            )
            .into()
        }
        ["dialplan", "context", "name", "default"] => {
            let listed = EXTENSIONS.iter().map(|exten| extension(exten, &format!("^{exten}$")));
            context("default", &listed.collect::<String>()).into()
        }
        ["dialplan", "context", "name", "switchy"] => {
            context("switchy", &extension("park", "^(.*)$")).into()
        }
        [] => "-ERR bad args\n".into(),
        _ => "can't find anything\n".into(),
    }
}

fn context(name: &str, extensions: &str) -> String {
    format!("<context name=\"{name}\">\n{extensions}</context>\n")
}

fn extension(name: &str, pattern: &str) -> String {
    let action = if name == "park" { "    <action application=\"park\"></action>\n" } else { "" };
    format!(
        "  <extension name=\"{name}\">\n    <condition field=\"destination_number\" \
         expression=\"{pattern}\">\n{action}    </condition>\n  </extension>\n"
    )
}
