use super::*;

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

#[test]
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
         sip_h_X-Tag='a,b'}sofia/external/1@h &park()",
    );
    let bare = Originate::to("1@h").without_headers().with_uuid(Id::new("mine"));
    let line = bare.render(&bare.chosen_uuid().unwrap(), &Id::new("a")).unwrap();
    assert!(line.contains("origination_uuid=mine,") && !line.contains("sip_h_"), "{line}");
    check(
        &Originate::to("1@h").with_application("playback", "a b"),
        "}sofia/external/1@h '&playback(a b)'",
    );
}

#[test]
fn values_are_quoted_so_that_freeswitch_reads_them_as_meant() {
    for (value, rendered) in [
        ("plain", "plain"),
        ("Joe Smith", "'Joe Smith'"),
        ("a,b", "'a,b'"),
        ("O'Brien", "'O\\'Brien'"),
        ("", "''"),
        ("${x}", "${x}"),
    ] {
        let call = Originate::to("1@h").with_variable("v", value);
        check(&call, &format!(",v={rendered}}}sofia/external/1@h &park()"));
    }
}

#[test]
fn freeswitchs_own_form_goes_out_as_it_is() {
    let dial = "{a='x y'}sofia/external/1@h &park";
    check(&Originate::verbatim(&format!(" {dial} ")), &format!("}}{dial}"));
    let own = Originate::verbatim("{origination_uuid=mine,a=1}user/1000 9196");
    assert_eq!(own.chosen_uuid(), Some(Id::new("mine")));
    let line = own.render(&Id::new("mine"), &Id::new("a")).unwrap();
    assert!(line.starts_with("originate {switchy_originating_session=mine,"), "{line}");
    assert!(line.ends_with("}{origination_uuid=mine,a=1}user/1000 9196"), "{line}");
}

#[test]
fn a_variable_of_ours_can_be_replaced() {
    let call = Originate::to("1@h").with_variable("ignore_early_media", "false");
    let line = call.render(&Id::new("u"), &Id::new("a")).unwrap();
    assert_eq!(line.matches("ignore_early_media").count(), 1);
    assert!(line.contains("ignore_early_media=false"));
}

#[test]
fn traps_are_refused() {
    for call in [
        Originate::to("1 2@h"),
        Originate::to(""),
        Originate::to("1@h").with_profile("a b"),
        Originate::to("1@h").with_application("playback", "say(1)"),
        Originate::to("1@h").with_variable("v", "a}b"),
        Originate::to("1@h").with_variable("a,b", "x"),
    ] {
        let refused = call.render(&Id::new("u"), &Id::new("a"));
        assert!(matches!(refused, Err(Error::DialString { .. })), "{refused:?}");
    }
}

#[test]
fn several_legs_share_no_uuid() {
    for (text, many) in [
        ("sofia/external/1@h &park", false),
        ("{a='x, y',b=1}[c=1|2]sofia/external/1@h &playback(a,b)", false),
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
