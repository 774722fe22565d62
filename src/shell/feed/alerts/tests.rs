use super::*;
use crate::wire::{EventData, Format};

fn event(headers: &[(&str, &str)]) -> Event {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let text = lines.collect::<String>() + "\n";
    Event::new(EventData::new(Format::Plain, text.into_bytes().into()))
}

fn gateway(state: &str) -> Event {
    event(&[
        ("Event-Name", "CUSTOM"),
        ("Event-Subclass", "sofia%3A%3Agateway_state"),
        ("Gateway", "carrier-a"),
        ("State", state),
    ])
}

fn hangup(cause: &str) -> Event {
    event(&[
        ("Event-Name", "CHANNEL_HANGUP_COMPLETE"),
        ("Unique-ID", "6c1d0000-0000-4000-8000-000000000000"),
        ("Caller-Caller-ID-Number", "1000"),
        ("Caller-Destination-Number", "99%0A99"),
        ("Hangup-Cause", cause),
        ("variable_tenant", "acme"),
    ])
}

fn watch(on: &str, filter: Option<&str>, every: u64) -> Watch {
    let mut alert = Alert::new("x", on);
    alert.filter = filter.map(str::to_owned);
    alert.every = Duration::from_secs(every);
    Watch::new(&alert).unwrap()
}

#[limited::test]
fn an_event_is_named_as_people_write_it() {
    for (text, expected) in [
        ("CUSTOM sofia::gateway_state", Ok(Some("sofia::gateway_state"))),
        ("custom  Sofia::X", Ok(Some("Sofia::X"))),
        ("sofia::gateway_state", Ok(Some("sofia::gateway_state"))),
        (" channel_hangup ", Ok(Some("CHANNEL_HANGUP"))),
        ("off", Ok(None)),
        ("CHANNEL_HANGPU", Err("there is no event CHANNEL_HANGPU")),
        ("CUSTOM", Err("CUSTOM needs a subclass")),
        ("all", Err("an alert is about one event, not about all")),
        ("CUSTOM a::b c::d", Err("\"a::b c::d\" is more than one event")),
        ("", Err("there is no event ")),
    ] {
        let read = alert_event(text).map_err(|err| err.message);
        let expected = expected.map(|name| name.map(str::to_owned)).map_err(str::to_owned);
        assert_eq!(read, expected, "{text:?}");
    }
}

#[limited::test]
fn what_matches_is_told_once_in_its_time_and_the_others_are_counted() {
    let mut down = watch("sofia::gateway_state", Some("State=down and gateway=carrier-a"), 60);
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    assert_eq!(down.takes(&gateway("REGED"), at(0)), None);
    assert_eq!(down.takes(&hangup("NORMAL_CLEARING"), at(0)), None);
    assert_eq!(down.takes(&gateway("DOWN"), at(1)), Some(0));
    assert_eq!(down.takes(&gateway("DOWN"), at(2)), None);
    assert_eq!(down.takes(&gateway("REGED"), at(3)), None);
    assert_eq!(down.takes(&gateway("DOWN"), at(60)), None);
    assert_eq!(down.takes(&gateway("DOWN"), at(61)), Some(2));
    assert_eq!(down.takes(&gateway("DOWN"), at(200)), Some(0));
}

#[limited::test]
fn a_filter_knows_headers_short_names_and_variables() {
    for (filter, is_meant) in [
        ("Hangup-Cause=NO_ROUTE_DESTINATION", true),
        ("cause=no_route_destination and caller=1000", true),
        ("cause=USER_BUSY", false),
        ("tenant=acme and variable_tenant", true),
        // What is unknown is neither.
        ("nosuch!=1", false),
    ] {
        let mut watch = watch("CHANNEL_HANGUP_COMPLETE", Some(filter), 0);
        let takes = watch.takes(&hangup("NO_ROUTE_DESTINATION"), Instant::now());
        assert_eq!(takes.is_some(), is_meant, "{filter}");
    }
}

#[limited::test]
fn it_is_told_in_words_on_one_line() {
    assert_eq!(describe(&gateway("DOWN"), None), "gateway carrier-a is DOWN");
    let text = describe(&hangup("NO_ROUTE_DESTINATION"), None);
    assert!(
        text.starts_with("call 6c1d0000 1000 -> 99␊99: hangup NO_ROUTE_DESTINATION ("),
        "{text}"
    );
    assert_eq!(describe(&gateway("\x1b[2J"), None), "gateway carrier-a is ␛[2J");
    assert!(describe(&gateway(&"x".repeat(5000)), None).len() <= MOST + "…".len());
    let other = event(&[("Event-Name", "TRAP"), ("Condition", "network-address-change")]);
    let filter = Filter::parse("condition~network and condition!=x or nosuch", Names::Any).unwrap();
    assert_eq!(describe(&other, Some(&filter)), "TRAP condition=network-address-change");
}

#[limited::test]
async fn a_program_that_fails_is_reported() {
    assert_eq!(run("read line; test \"$line\" = 'a $(b)'", "a $(b)\n").await, Ok(()));
    assert_eq!(run("exec <&-; true", &"x".repeat(1 << 20)).await, Ok(()));
    assert_eq!(run("exit 3", "").await, Err("ended with exit status 3".to_owned()));
    assert!(run("nosuchprogram", "").await.is_err_and(|why| why.contains("not a command")));
}
