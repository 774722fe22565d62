use proptest::prelude::*;

use super::*;

fn plain(text: &str) -> EventData {
    EventData::new(Format::Plain, Bytes::copy_from_slice(text.as_bytes()))
}

fn json(text: &[u8]) -> EventData {
    EventData::new(Format::Json, Bytes::copy_from_slice(text))
}

#[limited::test]
fn plain_headers_are_found_by_name_and_decoded() {
    let event = plain(
        "Event-Subclass: sofia%3A%3Aregister\nEvent-Name: CUSTOM\nEmpty: _undef_\nBare:\n\
         Hangup-Cause: FIRST\nHangup-Cause: LAST\nList: ARRAY%3A%3Aa%7C%3Ab%20c\n\n",
    );
    for (name, value) in [
        ("Event-Name", Some("CUSTOM")),
        ("event-name", Some("CUSTOM")),
        ("Event-Subclass", Some("sofia::register")),
        ("Empty", Some("")),
        ("Bare", Some("")),
        ("Hangup-Cause", Some("LAST")),
        ("List", Some("ARRAY::a|:b c")),
        ("Nothing", None),
    ] {
        assert_eq!(event.get(name).as_deref(), value, "{name}");
    }
    assert_eq!(event.array("List"), ["a", "b c"]);
    assert_eq!(event.array("Event-Name"), ["CUSTOM"]);
    assert_eq!(event.body(), None);
}

#[limited::test]
fn a_value_cannot_forge_a_header() {
    let event = plain("Caller: x%0AUnique-ID: forged\nUnique-ID: real\n\n");
    assert_eq!(event.get("Unique-ID").as_deref(), Some("real"));
    assert_eq!(event.get("Caller").as_deref(), Some("x\nUnique-ID: forged"));
}

#[limited::test]
fn the_last_content_length_measures_the_body() {
    let event = plain("Content-Length: 999\nContent-Length: 4\n\n+OK\nmore");
    assert_eq!(event.body().as_deref(), Some("+OK\n"));
}

#[limited::test]
fn json_headers_with_duplicates_arrays_escapes_and_stray_bytes() {
    let event = json(
        b"{\"Event-Name\":\"CUSTOM\",\"Hangup-Cause\":\"A\",\"Hangup-Cause\":\"B\", \"q\":\"say \\\"hi\\\"\\n\\u00fc\\ud83d\\ude00\",\
          \"list\":[\"a, b\",\"c]\"],\"n\":12,\"o\":{\"x\":\"}\"},\"bad\":\"\xff!\",\"_body\":\"+OK\\n\"}",
    );
    for (name, value) in [
        ("Event-Name", "CUSTOM"),
        ("Hangup-Cause", "B"),
        ("q", "say \"hi\"\nü😀"),
        ("list", "ARRAY::a, b|:c]"),
        ("n", "12"),
        ("o", "{\"x\":\"}\"}"),
        ("bad", "\u{fffd}!"),
    ] {
        assert_eq!(event.get(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(event.array("list"), ["a, b", "c]"]);
    assert_eq!(event.body().as_deref(), Some("+OK\n"));
}

#[limited::test]
fn lone_surrogates_and_cut_objects_are_survived() {
    assert_eq!(json(b"{\"a\":\"\\ud83dx\"}").get("a").as_deref(), Some("\u{fffd}x"));
    assert_eq!(json(b"{\"a\":\"1\",\"b\":\"2").get("a").as_deref(), Some("1"));
    assert_eq!(json(b"{\"a\":\"1\",\"b\":\"2").get("b"), None);
    assert_eq!(json(b"").fields().count(), 0);
}

proptest! {
    #[limited::test]
    fn any_bytes_are_walked_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in [Format::Plain, Format::Json, Format::Xml] {
            let event = EventData::new(format, Bytes::copy_from_slice(&bytes));
            let _fields = event.fields().map(|field| field.value().len()).sum::<usize>();
            let _body = event.body();
            let _array = event.array("a");
        }
    }

    #[limited::test]
    fn json_strings_survive_a_round_trip(name in "[a-zA-Z_-]{1,12}", value in "\\PC{0,40}|[\\n\\t\"\\\\]{0,6}") {
        let text = serde_json::to_vec(&serde_json::json!({ name.as_str(): value })).unwrap();
        prop_assert_eq!(json(&text).get(&name).unwrap().into_owned(), value);
    }
}
