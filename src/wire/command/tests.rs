use bytes::BytesMut;
use proptest::prelude::*;

use super::*;
use crate::wire::RequestDecoder;

fn bytes(command: Result<Command, WireError>) -> String {
    let mut out = Vec::new();
    command.unwrap().encode(&mut out);
    String::from_utf8(out).unwrap()
}

#[limited::test]
fn every_verb_as_recorded() {
    for (command, expected) in [
        (Command::auth("ClueCon"), "auth ClueCon\n\n"),
        (Command::userauth("1000@pbx", "x y"), "userauth 1000@pbx:x y\n\n"),
        (Command::api("status"), "api status\n\n"),
        (Command::console("help"), "api help\nconsole_execute: true\n\n"),
        (Command::bgapi("status", "j1"), "bgapi status\nJob-UUID: j1\n\n"),
        (
            Command::event(Format::Plain, &["sofia::register", "CHANNEL_CREATE", "CUSTOM"]),
            "event plain CHANNEL_CREATE CUSTOM sofia::register\n\n",
        ),
        (Command::event(Format::Json, &["ALL"]), "event json ALL\n\n"),
        (Command::nixevent(&["HEARTBEAT"]), "nixevent HEARTBEAT\n\n"),
        (Command::noevents(), "noevents\n\n"),
        (Command::filter("Unique-ID", "a b"), "filter add Unique-ID a b\n\n"),
        (Command::filter_delete("all", None), "filter delete all\n\n"),
        (Command::filter_delete("Unique-ID", Some("a")), "filter delete Unique-ID a\n\n"),
        (Command::log("7"), "log 7\n\n"),
        (Command::nolog(), "nolog\n\n"),
        (
            Command::execute("u", "playback", "{loops=-1}tone_stream://%(251,0,1004)", Some("e")),
            "sendmsg u\ncall-command: execute\nexecute-app-name: playback\n\
             execute-app-arg: {loops=-1}tone_stream://%(251,0,1004)\nEvent-UUID: e\n\n",
        ),
        (
            Command::sendevent("CUSTOM", &[("Event-Subclass", "a::b")], "hello"),
            "sendevent CUSTOM\nEvent-Subclass: a::b\nContent-Length: 5\n\nhello",
        ),
        (Command::myevents("u"), "myevents u\n\n"),
        (Command::divert_events("on"), "divert_events on\n\n"),
        (Command::linger(Some(5)), "linger 5\n\n"),
        (Command::linger(None), "linger\n\n"),
        (Command::nolinger(), "nolinger\n\n"),
        (Command::exit(), "exit\n\n"),
        (Command::raw("filter Event-Name X"), "filter Event-Name X\n\n"),
    ] {
        assert_eq!(bytes(command), expected);
    }
}

#[limited::test]
fn nothing_smuggles_a_second_command() {
    for bad in ["a\nb", "a\r", "\0", "x\n\napi fsctl shutdown"] {
        for refused in [
            Command::auth(bad),
            Command::userauth("u@d", bad),
            Command::userauth(bad, "p"),
            Command::api(bad),
            Command::bgapi("status", bad),
            Command::event(Format::Plain, &[bad]),
            Command::filter("Unique-ID", bad),
            Command::filter(bad, "x"),
            Command::log(bad),
            Command::execute("u", "echo", bad, None),
            Command::execute("u", bad, "", None),
            Command::sendmsg(bad, &[]),
            Command::sendevent("CUSTOM", &[("X", bad)], ""),
            Command::sendevent("CUSTOM", &[(bad, "x")], ""),
            Command::raw(bad),
        ] {
            assert!(refused.is_err(), "{bad:?} got into {refused:?}");
        }
    }
    assert!(Command::sendmsg("", &[]).is_err());
    assert!(Command::sendmsg("a b", &[]).is_err());
    assert!(Command::event::<&str>(Format::Plain, &[]).is_err());
    assert!(Command::api("x").unwrap().with_header("A: b", "c").is_err());
}

#[limited::test]
fn passwords_are_not_shown() {
    for command in [
        Command::auth("hunter2").unwrap(),
        Command::userauth("u@d", "hunter2").unwrap(),
        Command::raw("AUTH hunter2").unwrap(),
        Command::raw("userauth u@d:hunter2").unwrap(),
    ] {
        assert!(!format!("{command:?} {command}").contains("hunter2"));
    }
}

#[limited::test]
fn replies_are_expected_in_their_shape() {
    assert_eq!(Command::api("x").unwrap().shape(), ReplyShape::Api);
    assert_eq!(Command::raw("API x").unwrap().shape(), ReplyShape::Api);
    assert_eq!(Command::raw("apinosuch").unwrap().shape(), ReplyShape::Command);
    assert_eq!(Command::bgapi("x", "j").unwrap().shape(), ReplyShape::Command);
}

proptest! {
    #[limited::test]
    fn what_we_write_the_server_side_reads(
        line in "[a-z][\\PC]{0,30}", name in "[A-Za-z-]{1,12}", value in "[!-~]{0,20}", body in "\\PC{1,20}",
    ) {
        let command = Command::sendevent("CUSTOM", &[(&name, &value)], &body).unwrap();
        let mut out = Vec::new();
        Command::api(&line).unwrap().encode(&mut out);
        command.encode(&mut out);
        let mut buf = BytesMut::from(&out[..]);
        let mut decoder = RequestDecoder::new();
        let first = decoder.decode(&mut buf).unwrap().unwrap();
        prop_assert_eq!(first.line(), format!("api {line}"));
        let second = decoder.decode(&mut buf).unwrap().unwrap();
        if !name.eq_ignore_ascii_case("content-length") {
            // A header without a value is none.
            let expected = Some(value.as_str()).filter(|value| !value.is_empty());
            prop_assert_eq!(second.get(&name), expected);
            prop_assert_eq!(second.body(), body.as_bytes());
        }
    }
}
