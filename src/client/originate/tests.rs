use super::*;
use crate::model::dial::{DialString, OriginateLine, encode, find};

const OURS: &str = "originate {origination_uuid=u,switchy_originating_session=u,switchy_app=a,\
                    sip_h_X-switchy_originating_session=u,sip_h_X-switchy_app=a,\
                    originate_timeout=60,ignore_early_media=true,ignore_display_updates=true";

fn check(call: &Originate, tail: &str) {
    assert_eq!(call.render(&Id::new("u"), &Id::new("a")).unwrap(), format!("{OURS}{tail}"));
}

/// As [`check`], where there may be several legs.
fn check_many(call: &Originate, tail: &str) {
    let ours = OURS.replace("origination_uuid=u,", "");
    assert_eq!(call.render(&Id::new("u"), &Id::new("a")).unwrap(), format!("{ours}{tail}"));
}

#[limited::test]
fn the_seeds_form() {
    check(&Originate::to("9196@h:5080"), "}sofia/external/9196@h:5080 &park()");
    check(
        &Originate::to("9196@h").with_exten("9197").with_proxy("p:5060").with_profile("internal"),
        "}sofia/internal/9196@h;fs_path=sip:p:5060 9197 xml default",
    );
    check(&Originate::to("1").with_gateway("gw"), "}sofia/gateway/gw/1 &park()");
    check_many(&Originate::to("1000").with_endpoint("user"), "}user/1000 &park()");
    check(
        &Originate::to("1@h").with_caller_id("Joe Smith", "100").with_sip_header("Tag", "a,b"),
        ",origination_caller_id_name='Joe Smith',origination_caller_id_number=100,\
         sip_h_X-Tag=a\\,b}sofia/external/1@h &park()",
    );
    let bare = Originate::to("1@h").without_headers().with_uuid(Id::new("mine"));
    let line = bare.render(&bare.chosen_uuid().unwrap(), &Id::new("a")).unwrap();
    assert!(line.contains("origination_uuid=mine,") && !line.contains("sip_h_"), "{line}");
    check(
        &Originate::to("1@h").with_application("playback", "a b"),
        "}sofia/external/1@h '&playback(a b)'",
    );
}

#[limited::test]
fn values_are_quoted_so_that_freeswitch_reads_them_as_meant() {
    for (value, rendered) in [
        ("plain", "plain"),
        ("Joe Smith", "'Joe Smith'"),
        ("a,b", "a\\,b"),
        ("Smith, J.", "'Smith\\, J.'"),
        ("O'Brien", "O\\\\\\\\\\\\\\'Brien"),
    ] {
        let call = Originate::to("1@h").with_variable("v", value);
        check(&call, &format!(",v={rendered}}}sofia/external/1@h &park()"));
    }
}

#[limited::test]
fn freeswitchs_own_form_goes_out_as_it_is() {
    let dial = "{a='x y'}sofia/external/1@h &park";
    check(&Originate::verbatim(&format!(" {dial} ")), &format!("}}{dial}"));
    let own = Originate::verbatim("{origination_uuid=mine,a=1}user/1000 9196");
    assert_eq!(own.chosen_uuid(), Some(Id::new("mine")));
    let line = own.render(&Id::new("mine"), &Id::new("a")).unwrap();
    assert!(line.starts_with("originate {switchy_originating_session=mine,"), "{line}");
    assert!(line.ends_with("}{origination_uuid=mine,a=1}user/1000 9196"), "{line}");
}

#[limited::test]
fn a_variable_of_ours_can_be_replaced() {
    let call = Originate::to("1@h").with_variable("ignore_early_media", "false");
    let line = call.render(&Id::new("u"), &Id::new("a")).unwrap();
    assert_eq!(line.matches("ignore_early_media").count(), 1);
    assert!(line.contains("ignore_early_media=false"));
}

#[limited::test]
fn traps_are_refused() {
    for call in [
        Originate::to("1 2@h"),
        Originate::to(""),
        Originate::to("1@h").with_profile("a b"),
        Originate::to("1\\2@h"),
        Originate::to("1:_:2@h"),
        Originate::to("1@h").with_application("playback", "say(1)"),
        Originate::to("1@h").with_exten("1\n2"),
        Originate::to("1@h").with_variable("v", "a}b<"),
        Originate::to("1@h").with_variable("v", "a\nb"),
        Originate::to("1@h").with_variable("v", ""),
        Originate::to("1@h").with_variable("a,b", "x"),
        Originate::verbatim("{a=b user/1 &park"),
        Originate::verbatim("<a=1>null/x:_:null/y &park").with_variable("v", "a>b"),
    ] {
        let refused = call.render(&Id::new("u"), &Id::new("a"));
        assert!(matches!(refused, Err(Error::DialString { .. })), "{call:?}: {refused:?}");
    }
}

/// A dial string says these things itself: an option that changes nothing would be a lie.
#[limited::test]
fn options_that_mean_nothing_for_a_dial_string_are_refused() {
    let dial = || Originate::verbatim("sofia/external/1@h &park");
    for (call, instead) in [
        (dial().with_endpoint("user"), "user/1000"),
        (dial().with_profile("internal"), "sofia/PROFILE/USER@HOST"),
        (dial().with_gateway("gw"), "sofia/gateway/NAME/NUMBER"),
        (dial().with_proxy("h:5060"), ";fs_path=sip:HOST:PORT"),
        (dial().with_exten("9197"), "user/1000 EXTEN"),
        (dial().with_dialplan("9197", "XML", "public"), "user/1000 EXTEN"),
        (dial().with_application("echo", ""), "user/1000 &APP"),
        (Originate::of("sofia/external/1@h &park").with_gateway("gw"), "sofia/gateway"),
    ] {
        for refused in [call.render(&Id::new("u"), &Id::new("a")), call.render_bridge()] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(instead), "{refused}");
        }
    }
}

/// The variables that FreeSWITCH finds for each leg of a line, in which it cuts words first.
fn legs_of(line: &str) -> Vec<(String, Vec<(String, String)>)> {
    let line = OriginateLine::parse(line.strip_prefix("originate ").unwrap());
    let dial = DialString::parse(&line.dial).unwrap();
    let lanes = dial.lanes.iter().flat_map(|lane| {
        let legs = lane.groups.iter().flatten();
        legs.map(|leg| {
            let variables = leg.variables.iter().chain(&lane.variables);
            (leg.target.clone(), variables.cloned().collect())
        })
    });
    lanes.collect()
}

#[limited::test]
fn our_tags_land_on_every_leg_and_the_users_variables_stay() {
    for (text, targets) in [
        ("{x=1}null/a &park", vec!["null/a"]),
        ("<x=1>null/a &park", vec!["null/a"]),
        ("<x=1>{y=2}null/a &park", vec!["null/a"]),
        ("'<x=1>null/a' &park", vec!["null/a"]),
        ("{x=1}null/a:_:{x=1}null/b &park", vec!["null/a", "null/b"]),
        ("<x=1>null/a:_:null/b &park", vec!["null/a", "null/b"]),
        ("{x=1}null/a,[y=2]null/b|null/c &park", vec!["null/a", "null/b", "null/c"]),
        ("{^^:x=1:y=a,b}null/a &park", vec!["null/a"]),
        ("{x=1}[^^:y=a,b]null/a,null/b:_:{x=1}null/c &park", vec!["null/a", "null/b", "null/c"]),
        ("{x=1}null/a &bridge({y=1}null/b)", vec!["null/a"]),
    ] {
        let call = Originate::verbatim(text).with_variable("v", "Smith, J. 'x' :_: ${y} C:\\new");
        let line = call.render(&Id::new("u"), &Id::new("a")).unwrap();
        assert!(line.ends_with(text), "{line}");
        let legs = legs_of(&line);
        assert_eq!(legs.iter().map(|(target, _)| target).collect::<Vec<_>>(), targets, "{line}");
        for (_, variables) in legs {
            for (name, value) in [
                ("switchy_app", "a"),
                ("switchy_originating_session", "u"),
                ("originate_timeout", "60"),
                ("origination_nested_vars", "true"),
                ("v", "Smith, J. 'x' :_: ${y} C:\\new"),
                ("x", "1"),
            ] {
                assert_eq!(find(&variables, name), Some(value), "{name}: {line}");
            }
        }
    }
}

#[limited::test]
fn a_limit_that_only_some_legs_have_does_not_take_ours_from_the_others() {
    let call = Originate::verbatim("{originate_timeout=5}null/a:_:null/b &park");
    let legs = legs_of(&call.render(&Id::new("u"), &Id::new("a")).unwrap());
    let limits = legs.iter().map(|(_, variables)| find(variables, "originate_timeout"));
    assert_eq!(limits.collect::<Vec<_>>(), [Some("5"), Some("60")]);
}

#[limited::test]
fn a_uuid_names_one_leg() {
    for (text, uuid) in [
        ("{origination_uuid='mine'}null/x &park", Some("mine")),
        ("{x_origination_uuid=other,origination_uuid=mine}null/x &park", Some("mine")),
        ("[origination_uuid=mine]null/x &park", Some("mine")),
        ("{origination_uuid=${create_uuid()}}null/x &park", None),
        ("[origination_uuid=a]null/x,[origination_uuid=b]null/y &park", None),
    ] {
        let call = Originate::verbatim(text);
        assert_eq!(call.chosen_uuid(), uuid.map(Id::new), "{text}");
        let line = call.render(&Id::new("u"), &Id::new("a")).unwrap();
        assert!(!line.contains("origination_uuid=u"), "{line}");
    }
    let call = Originate::to("1@h").with_variable("Origination_UUID", "mine");
    assert_eq!(call.chosen_uuid(), Some(Id::new("mine")));
    assert!(!call.render(&Id::new("u"), &Id::new("a")).unwrap().contains("origination_uuid=u"));
    for shared in [
        Originate::verbatim("null/a,null/b &park").with_uuid(Id::new("u")),
        Originate::verbatim("null/a:_:null/b &park").with_variable("origination_uuid", "u"),
    ] {
        let refused = shared.render(&Id::new("u"), &Id::new("a")).unwrap_err().to_string();
        assert!(refused.contains("several legs cannot have one uuid"), "{refused}");
    }
}

/// `bridge` takes one level of quotes less, and expands what it is given.
#[limited::test]
fn the_arguments_of_bridge_hold_the_same_values() {
    for value in [
        "plain",
        "Smith, J.",
        "'q'",
        "C:\\new",
        "a\\\\b",
        "${x}",
        "$$",
        "\\'",
        "a:_:b",
        "a}b",
        " x ",
    ] {
        let call = Originate::to("1@h").with_variable("v", value);
        let text = call.render_bridge().unwrap();
        let text = if encode::is_expanded(&text) { expanded(&text) } else { text };
        let dial = DialString::parse(&text).unwrap();
        assert_eq!(dial.variable("v"), Some(value), "{text}");
    }
}

/// As `switch_channel_expand_variables_check` does without any variable to put in.
fn expanded(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some('$' | '\\')) => out.extend(letters.next()),
            ('\\', Some('\'')) => drop(letters.next()),
            ('$', Some('{' | '$')) => panic!("{text} is expanded"),
            _ => out.push(letter),
        }
    }
    out
}

#[limited::test]
fn several_legs_share_no_uuid() {
    for (text, many) in [
        ("sofia/external/1@h &park", false),
        ("{a='x, y',b=1}[c=12]sofia/external/1@h &playback(a,b)", false),
        // Brackets do not hide it.
        ("{a='x, y',b=1}[c=1|2]sofia/external/1@h &playback(a,b)", true),
        ("sofia/gateway/a/1,sofia/gateway/b/1 &park", true),
        ("{a=1}sofia/gateway/a/1|[b=2]sofia/gateway/b/1 &park", true),
        ("<a=1>sofia/gateway/a/1:_:sofia/gateway/b/1 &park", true),
        ("user/1000 &park", true),
        ("{a=1}group/sales@lan &park", true),
        ("${sofia_contact(1000@lan)} &park", true),
        ("{originate_retries=3}sofia/gateway/a/1 &park", true),
    ] {
        let line = Originate::verbatim(text).render(&Id::new("u"), &Id::new("a")).unwrap();
        assert_eq!(!line.contains("origination_uuid="), many, "{line}");
        assert!(line.contains("switchy_originating_session=u,") && line.ends_with(text), "{line}");
    }
    let chosen = Originate::verbatim("user/1000 &park").with_uuid(Id::new("u"));
    assert!(chosen.render(&Id::new("u"), &Id::new("a")).unwrap().contains("origination_uuid=u,"));
}
