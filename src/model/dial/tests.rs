use std::fmt::Write as _;

use proptest::prelude::*;

use super::encode::Brackets;
use super::*;

#[limited::test]
fn quotes_and_backslashes() {
    for (text, separator, parts) in [
        ("a b  c", ' ', vec!["a", "b", "c"]),
        ("'my exten'  &park() '' x", ' ', vec!["my exten", "&park()", "", "x"]),
        ("{a='b c',d=1}x y", ' ', vec!["{a=b c,d=1}x", "y"]),
        (r"{a=it\'s}x \s y", ' ', vec!["{a=it's}x", " ", "y"]),
        (r"a=x\,y,b", ',', vec!["a=x,y", "b"]),
        (r"a=x\,y b", ' ', vec![r"a=x\,y", "b"]),
        ("a='x,y' , b", ',', vec!["a=x,y", "b"]),
        ("it's,b", ',', vec!["it's", "b"]),
        ("it's b", ' ', vec!["it's b"]),
        ("a,,b,", ',', vec!["a", "", "b"]),
        ("'a '|b", '|', vec!["a ", "b"]),
        ("^^;a,b;c", ',', vec!["a,b", "c"]),
        (r"a\tb\rc\nd\xe", ' ', vec!["a\tb\rc\nd\\xe"]),
        ("", ',', vec![]),
    ] {
        assert_eq!(separate(text, separator), parts, "{text:?} at {separator:?}");
    }
    assert_eq!(separate_at_most("u name 'a  b' c ", ' ', 3), ["u", "name", "a  b c"]);
    assert_eq!(separate_at_most("a=b=c", '=', 2), ["a", "b=c"]);
}

/// What a dial string is read as: `name=value` of each level, targets, and the signs between them.
fn shape(text: &str) -> String {
    let dial = match DialString::parse(text) {
        Ok(dial) => dial,
        Err(unclosed) => return unclosed.to_string(),
    };
    let mut out = String::new();
    for (at, lane) in dial.lanes.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { " :_: " });
        for (name, value) in &lane.variables {
            let _written = write!(out, "{name}={value};");
        }
        for (at, group) in lane.groups.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { " | " });
            for (at, leg) in group.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { " , " });
                for (name, value) in &leg.variables {
                    let _written = write!(out, "[{name}={value}]");
                }
                out.push_str(&leg.target);
            }
        }
    }
    out
}

/// As a FreeSWITCH 1.10.12 reads them: in `bridge`, where the first column stands as it is.
#[limited::test]
fn dial_strings_are_taken_apart() {
    for (text, expected) in [
        ("user/1", "user/1"),
        ("{a=1}{b=2}user/1", "a=1;b=2;user/1"),
        (
            "<e=5>{a=1,b='x,y'}{a=2}[c=3,d=4]user/1,user/2|loopback/3",
            "e=5;a=1;b=x,y;a=2;[c=3][d=4]user/1 , user/2 | loopback/3",
        ),
        ("<a=1>{b=2}null/x:_:{b=3}null/y", "a=1;b=2;null/x :_: a=1;b=3;null/y"),
        // Braces in front of angles: the angles are no variables any more.
        ("{b=2}<a=1>user/1", "b=2;<a=1>user/1"),
        ("{^^;a=1,2;b=3}null/x", "a=1,2;b=3;null/x"),
        ("{^^:a=1,2:b=3}{c=4,d=5}user/1", "a=1,2;b=3;c=4;d=5;user/1"),
        ("[^^:a=x,y:b=2]user/1,user/2", "[a=x,y][b=2]user/1 , user/2"),
        // Quotes are gone after the cut at `|`.
        ("[a='x, y',b=2]user/1,[c=3]user/2", "[a=x][b=2]user/1 , [c=3]user/2"),
        (r"[a=\'x, y\',b=2]user/1,[c=3]user/2", "[a=x, y][b=2]user/1 , [c=3]user/2"),
        (r"[a=x\,y,b=2]user/1", "[a=x,y][b=2]user/1"),
        ("{a={x},b=,c}null/x", "a={x};null/x"),
        ("{a=b{c}d}null/x", "a=b{c}d;null/x"),
        // Inside a value, too, it begins another lane.
        ("{v=x:_:y}user/1", "{ has no matching }"),
        ("{v=x:''_:y}user/1", "v=x:_:y;user/1"),
        ("{a=1", "{ has no matching }"),
        ("<a=1", "< has no matching >"),
        ("[a=1", "[a=1"),
        // One pass at the commas, one at the `=`.
        ("{v='Smith, J.'}null/x", "v=Smith, J.;null/x"),
        (r"{v=rock \'n\' roll}null/x", "v=rock n roll;null/x"),
        (r"{v=\\\'q\\\'}null/x", "v='q';null/x"),
        (r"{v=C:\new}null/x", "v=C:\new;null/x"),
        (" user/1 , user/2 ", "user/1 , user/2"),
    ] {
        assert_eq!(shape(text), expected, "{text}");
    }
}

/// The same in `originate`, whose words are cut first.
#[limited::test]
fn an_originate_takes_one_more_level_of_quotes() {
    for (line, expected, words) in [
        ("{v='Smith, J.'}null/x &park", "v=Smith;null/x", vec!["&park"]),
        (r"{v='Smith\, J.'}null/x &park", "v=Smith, J.;null/x", vec!["&park"]),
        (r"{v=back\slash}null/x &park", "v=back lash;null/x", vec!["&park"]),
        (r"{v=\'quoted\'}null/x &park", "v=quoted;null/x", vec!["&park"]),
        (r"{v=\\\\\\\'quoted\\\\\\\'}null/x &park", "v='quoted';null/x", vec!["&park"]),
        ("{a=1} {b=2}user/1 &park", "a=1;", vec!["{b=2}user/1", "&park"]),
        (" {a=1}user/1 '&playback(a b)' XML", "a=1;user/1", vec!["&playback(a b)", "XML"]),
    ] {
        let read = OriginateLine::parse(line);
        assert_eq!(
            (shape(&read.dial).as_str(), read.words),
            (expected, words.into_iter().map(str::to_owned).collect()),
            "{line}"
        );
    }
    let lost = DialString::parse(&OriginateLine::parse("{a=b,c='x, y'}null/x &park").dial);
    let lost = lost.unwrap().lost;
    assert_eq!(lost, [Lost { after: "c".to_owned(), text: "y".to_owned() }]);
}

#[limited::test]
fn several_legs_share_no_uuid() {
    for (text, many, chosen) in [
        ("sofia/external/1@h", false, None),
        ("{a='x, y',b=1}[c=1|2]sofia/external/1@h", true, None),
        ("{a='x, y',b=1}[c=12]sofia/external/1@h", false, None),
        ("sofia/gateway/a/1,sofia/gateway/b/1", true, None),
        ("{a=1}sofia/gateway/a/1|[b=2]sofia/gateway/b/1", true, None),
        ("<a=1>sofia/gateway/a/1:_:sofia/gateway/b/1", true, None),
        ("user/1000", true, None),
        ("{origination_uuid=x}user/1000", true, Some("x")),
        ("{a=1}group/sales@lan", true, None),
        ("${sofia_contact(1000@lan)}", true, None),
        ("{originate_retries=3}sofia/gateway/a/1", true, None),
        ("{origination_uuid=mine}null/x", false, Some("mine")),
        ("{Origination_UUID='mine'}null/x", false, Some("mine")),
        ("{x_origination_uuid=other}null/x", false, None),
        ("{x_origination_uuid=other,origination_uuid=mine}null/x", false, Some("mine")),
        ("<origination_uuid=a>{origination_uuid=b}[origination_uuid=c]null/x", false, Some("c")),
        ("{origination_uuid=${create_uuid()}}null/x", false, None),
        ("[origination_uuid=a]null/x,[origination_uuid=b]null/y", true, None),
    ] {
        let dial = DialString::parse(text).unwrap();
        assert_eq!((dial.has_many_legs(), dial.chosen_uuid()), (many, chosen), "{text}");
    }
}

#[limited::test]
fn the_place_of_a_half_typed_dial_string() {
    for (text, expected) in [
        ("", Typed::Endpoint { at: 0 }),
        ("us", Typed::Endpoint { at: 0 }),
        ("{or", Typed::Name { at: 1 }),
        ("{a=1,or", Typed::Name { at: 5 }),
        ("{a='1,or", Typed::Value),
        (r"{a=1\,or", Typed::Value),
        ("{^^:a=1,2:or", Typed::Name { at: 10 }),
        ("{a=b}us", Typed::Endpoint { at: 5 }),
        ("{a={b}}us", Typed::Endpoint { at: 7 }),
        ("<a=1>{b=", Typed::Value),
        ("<a=1>user/1:_:{b", Typed::Name { at: 15 }),
        ("user/1:_:us", Typed::Endpoint { at: 9 }),
        ("user/1,[x=1]us", Typed::Endpoint { at: 12 }),
        ("user/1|us", Typed::Endpoint { at: 7 }),
    ] {
        assert_eq!(Typed::at_end(text), expected, "{text}");
    }
}

/// How values look on the wire; that they come back is for the tests below.
#[limited::test]
fn values_are_written_as_plainly_as_possible() {
    for (value, in_bridge, in_originate) in [
        ("plain", "plain", "plain"),
        ("Joe Smith", "Joe Smith", "'Joe Smith'"),
        ("Smith, J.", r"Smith\, J.", r"'Smith\, J.'"),
        ("a,b", r"a\,b", r"a\,b"),
        ("back\\slash", r"back\\\\slash", r"back\\\\\\\\slash"),
        ("O'Brien", r"O\\\'Brien", r"O\\\\\\\'Brien"),
        ("${x}", "${x}", "${x}"),
        (r"C:\x", r"C:\x", r"C:\x"),
    ] {
        let written = encode::value(value).unwrap();
        assert_eq!(written, in_bridge, "{value}");
        assert_eq!(encode::word(&written), in_originate, "{value}");
    }
}

#[limited::test]
fn what_no_quoting_brings_across_is_refused() {
    for value in ["", "a\nb", "a\rb", "a\0b", "ARRAY::"] {
        assert!(encode::value(value).is_err(), "{value:?}");
    }
    for name in ["", "a b", "a=b", "a,b", "a[0]", "_body", "^^:a", "a:_:b", "a\nb"] {
        assert!(encode::name(name).is_err(), "{name:?}");
    }
    for name in ["sip_h_X-Tag", "käse", "nolocal:x"] {
        assert_eq!(encode::name(name), Ok(name));
    }
    for (value, braces, angles) in
        [("{a}", true, true), ("a}b{", false, true), ("<", true, false), (">{", false, false)]
    {
        assert_eq!(
            (Brackets::Braces.can_hold(value), Brackets::Angles.can_hold(value)),
            (braces, angles),
            "{value}"
        );
    }
}

/// Text of the letters that FreeSWITCH looks at.
fn nasty() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec![
        '\'', '"', '\\', ',', ' ', '=', '|', '[', ']', '{', '}', '<', '>', '^', ':', '_', '$', '(',
        ')', '&', 'n', 'r', 't', 's', 'a', 'ä', '日', '\t', ';', '#', '%',
    ]);
    prop::collection::vec(letters, 1..24).prop_map(String::from_iter)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[limited::test]
    fn any_value_comes_back(values in prop::collection::vec(nasty(), 1..4)) {
        let pairs: Vec<_> = values.iter().map(|value| format!("v={}", encode::value(value).unwrap())).collect();
        for brackets in [Brackets::Braces, Brackets::Angles] {
            if !values.iter().all(|value| brackets.can_hold(value)) {
                continue;
            }
            let (open, close) = brackets.signs();
            let dial = format!("{open}{}{close}null/x", pairs.join(","));
            let read = |dial: &str| {
                let dial = DialString::parse(dial).unwrap();
                assert_eq!((shape_of_targets(&dial).as_str(), dial.lost.len()), ("null/x", 0));
                dial.lanes[0].variables.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>()
            };
            prop_assert_eq!(&read(&dial), &values, "bridge {}", dial);
            let pairs: Vec<_> = pairs.iter().map(|pair| encode::word(pair)).collect();
            let line = format!("{open}{}{close}null/x &park", pairs.join(","));
            prop_assert_eq!(&read(&OriginateLine::parse(&line).dial), &values, "originate {}", line);
        }
    }

    #[limited::test]
    fn any_argument_comes_back(value in nasty(), other in nasty()) {
        let line = format!("uuid {} {}", encode::word(&other), encode::word(&value));
        prop_assert_eq!(separate(&line, ' '), ["uuid", &other, &value]);
        let line = format!("uuid name {}", encode::rest(&value).unwrap());
        prop_assert_eq!(&separate_at_most(&line, ' ', 3)[2], &value);
        let pair = |value| encode::part(&format!("v={value}"), ';').unwrap();
        let line = format!("{};{}", pair(&value), pair(&other));
        prop_assert_eq!(separate(&line, ';'), [format!("v={value}"), format!("v={other}")]);
    }

    #[limited::test]
    fn no_text_is_too_odd(text in nasty()) {
        let _read = DialString::parse(&text).map(|dial| dial.has_many_legs());
        let _line = OriginateLine::parse(&text);
        let _place = Typed::at_end(&text);
    }
}

fn shape_of_targets(dial: &DialString) -> String {
    dial.legs().map(|leg| leg.target.as_str()).collect::<Vec<_>>().join(" ")
}
