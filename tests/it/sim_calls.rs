//! Dial strings, plans and conferences of the simulated switch. What is expected was seen on
//! FreeSWITCH 1.10.12 with the layout of `tests/transcripts`.

use std::time::Duration;

use switchy::sim::{Fault, Sim};
use switchy::wire::Frame;

use crate::sim::{Client, config};

/// A client that gets all events, and may wait for a reply.
async fn client(sim: &Sim) -> Client {
    let mut client = Client::login(sim).await;
    client.ask("event json ALL").await;
    client
}

/// The text of an api command that takes its time, and the events that came with it: the channel
/// and what happened.
async fn api(client: &mut Client, command: &str) -> (String, Vec<(String, String)>) {
    client.send(&format!("api {command}\n\n")).await;
    let (mut seen, mut reply) = (Vec::new(), None);
    for _ in 0..1000 {
        client.read_for(Duration::from_millis(100)).await;
        for frame in std::mem::take(&mut client.frames) {
            match frame {
                Frame::Api(body) => {
                    reply = Some(String::from_utf8_lossy(&body).trim_end().to_owned());
                }
                Frame::Event(event) => {
                    let leg = event.get("Unique-ID").unwrap_or_default().into_owned();
                    seen.push((leg, label(&event)));
                }
                _ => {}
            }
        }
        if let Some(reply) = reply {
            return (reply, seen);
        }
    }
    panic!("no reply to {command}");
}

/// An event in a word or two.
fn label(event: &switchy::wire::EventData) -> String {
    let get = |name: &str| event.get(name).unwrap_or_default().into_owned();
    let name = get("Event-Name").replace("CHANNEL_", "");
    let detail = match name.as_str() {
        "STATE" => get("Channel-State").replace("CS_", ""),
        "CALLSTATE" => get("Channel-Call-State"),
        "EXECUTE" | "EXECUTE_COMPLETE" => get("Application"),
        "HANGUP" | "HANGUP_COMPLETE" => get("Hangup-Cause"),
        "CUSTOM" => get("Action"),
        _ => String::new(),
    };
    format!("{name} {detail}").trim_end().to_owned()
}

#[limited::test(paused)]
async fn what_originate_answers() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    for (args, reply) in [
        ("error/USER_BUSY &park", "-ERR USER_BUSY"),
        ("error/17 &park", "-ERR USER_BUSY"),
        ("error/bogus &park", "-ERR NORMAL_CLEARING"),
        ("error &park", "-ERR NORMAL_CLEARING"),
        ("{a=1} &park", "-ERR DESTINATION_OUT_OF_ORDER"),
        ("{a=1 null/x &park", "-ERR DESTINATION_OUT_OF_ORDER"),
        ("bogus/x &park", "-ERR CHAN_NOT_IMPLEMENTED"),
        ("{b=2}[a=1|c=2]null/x &park", "-ERR CHAN_NOT_IMPLEMENTED"),
        ("sofia/external &park", "-ERR INVALID_URL"),
        ("sofia/external/ &park", "-ERR USER_NOT_REGISTERED"),
        ("sofia/nosuch/x@1.2.3.4 &park", "-ERR INVALID_PROFILE"),
        ("sofia/gateway/nosuch/1 &park", "-ERR INVALID_GATEWAY"),
        ("sofia/external/1@127.0.0.1:1 &park", "-ERR NORMAL_TEMPORARY_FAILURE"),
        ("user/9999 &park", "-ERR SUBSCRIBER_ABSENT"),
        ("user/1000@nosuch &park", "-ERR SUBSCRIBER_ABSENT"),
        ("group/nosuch &park", "-ERR NO_ROUTE_DESTINATION"),
        ("group/sales@nosuch &park", "-ERR NO_ROUTE_DESTINATION"),
        ("group &park", "-ERR NO_ROUTE_DESTINATION"),
        ("group/support &park", "-ERR USER_NOT_REGISTERED"),
        ("group/billing+F &park", "-ERR USER_NOT_REGISTERED"),
        ("{leg_timeout=1}group/sales+F &park", "-ERR USER_NOT_REGISTERED"),
        ("{originate_timeout=2}sofia/external/x@127.0.0.1:5090 &park", "-ERR NO_ANSWER"),
        ("sofia/external/x@127.0.0.1:5090 &park XML default a 1 2", "-ERR NO_ANSWER"),
        ("[leg_timeout=1]sofia/external/x@127.0.0.1:5090 &park", "-ERR ALLOTTED_TIMEOUT"),
        ("error/CALL_REJECTED|error/NO_ANSWER &park", "-ERR NO_ANSWER"),
        ("error/CALL_REJECTED|null/x &park", "+OK"),
        ("error/CALL_REJECTED,null/x &park", "+OK"),
        ("<a=1>error/CALL_REJECTED:_:{b=2}null/x &park", "+OK"),
        ("[leg_delay_start=2]null/x &park", "+OK"),
        ("sofia/internal/1000 &park", "+OK"),
        ("group/sales@127.0.0.1 &park", "+OK"),
        ("loopback/app=park &echo", "+OK"),
        ("null/x 'answer,park' inline", "+OK"),
    ] {
        let (got, _) = api(&mut client, &format!("originate {args}")).await;
        let got = if got.starts_with("+OK ") { "+OK" } else { &got };
        assert_eq!(got, reply, "{args}");
    }
}

#[limited::test(paused)]
async fn an_originate_tries_again() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    for (vars, milliseconds) in [
        ("originate_retries=1", 0),
        ("originate_retries=3", 2000),
        ("originate_retries=3,originate_retry_sleep_ms=700", 1400),
        // Numbers out of bounds do not count.
        ("originate_retries=101,originate_retry_sleep_ms=700", 0),
        ("originate_retries=2,originate_retry_sleep_ms=100", 1000),
    ] {
        let start = tokio::time::Instant::now();
        let dial = format!("originate {{{vars}}}error/USER_BUSY &park");
        assert_eq!(api(&mut client, &dial).await.0, "-ERR USER_BUSY");
        let took = u64::try_from(start.elapsed().as_millis()).unwrap();
        // The client looks every tenth of a second.
        assert!((milliseconds..milliseconds + 200).contains(&took), "{vars}: {took} ms");
    }
}

#[limited::test(paused)]
async fn one_call_listens_to_another() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    api(&mut client, "originate {origination_uuid=told}null/x &park").await;
    api(&mut client, "originate {origination_uuid=first}null/x &eavesdrop(told)").await;
    api(&mut client, "originate {origination_uuid=second}null/x &eavesdrop(told)").await;
    let bug = " <media-bug>\n  <function>eavesdrop</function>\n  <target>told</target>\n  \
               <thread-locked>0</thread-locked>\n </media-bug>\n";
    let (list, _) = api(&mut client, "uuid_buglist told").await;
    assert_eq!(list, format!("<media-bugs>\n{bug}{bug}</media-bugs>"));
    // A break does not end it; its own end does.
    api(&mut client, "uuid_break first").await;
    let (_, mut seen) = api(&mut client, "uuid_kill first").await;
    seen.extend(api(&mut client, "uuid_buglist told").await.1);
    assert!(seen.contains(&("told".to_owned(), "MEDIA_BUG_STOP".to_owned())), "{seen:?}");
    let (_, mut seen) = api(&mut client, "uuid_kill told").await;
    seen.extend(api(&mut client, "uuid_exists second").await.1);
    let seen: Vec<String> = seen.iter().map(|(leg, event)| format!("{leg} {event}")).collect();
    let place = |event: &str| {
        seen.iter().position(|have| have == event).unwrap_or_else(|| {
            panic!("no {event} in {seen:?}");
        })
    };
    let order = [
        "told HANGUP NORMAL_CLEARING",
        "told MEDIA_BUG_STOP",
        "second CODEC",
        "second EXECUTE_COMPLETE eavesdrop",
        "second HANGUP NORMAL_CLEARING",
    ];
    assert!(order.map(place).is_sorted(), "{seen:?}");
    let (_, seen) = api(&mut client, "originate null/x &eavesdrop(nosuch)").await;
    assert!(seen.iter().any(|(_, event)| event == "EXECUTE_COMPLETE eavesdrop"), "{seen:?}");
}

#[limited::test(paused)]
async fn variables_of_dial_strings() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    for (dial, a, b) in [
        ("{a='x,y',b=2}null/x", "x", "2"),
        ("{a='b c',b=2}null/x", "b c", "2"),
        (r"{a=x\,y,b=2}null/x", "x,y", "2"),
        (r"{a=it\'s,b=2}null/x", "it's", "2"),
        ("{^^:a=1,3:b=2}null/x", "1,3", "2"),
        ("{b=2}[^^:a=1,2]null/x", "1,2", "2"),
        ("{a=,b=2}null/x", "_undef_", "2"),
        ("{b=2}{a=3}null/x", "3", "2"),
        ("<a=4>{b=2}null/x", "4", "2"),
        ("{a=1}[a=2,b=2]null/x", "1", "2"),
        ("{a=1,local_var_clobber=true}[a=2,b=2]null/x", "2", "2"),
        ("{a={x},b=[y]}null/x", "{x}", "[y]"),
    ] {
        let (reply, _) = api(&mut client, &format!("originate {dial} &park")).await;
        let uuid = reply.strip_prefix("+OK ").unwrap_or_else(|| panic!("{dial}: {reply}"));
        for (name, value) in [("a", a), ("b", b)] {
            let (got, _) = api(&mut client, &format!("uuid_getvar {uuid} {name}")).await;
            assert_eq!(got, value, "{name} of {dial}");
        }
    }
}

#[limited::test(paused)]
async fn a_uuid_that_is_taken() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    let dial = |to: &str| format!("originate {{origination_uuid=mine}}{to} &park");
    assert_eq!(api(&mut client, &dial("null/x")).await.0, "+OK mine");
    let (other, _) = api(&mut client, &dial("null/x")).await;
    assert!(other.starts_with("+OK ") && other != "+OK mine", "{other}");
    let (refused, _) = api(&mut client, &dial("sofia/external/9196@127.0.0.1:5080")).await;
    assert_eq!(refused, "-ERR DESTINATION_OUT_OF_ORDER");
}

#[limited::test(paused)]
async fn a_plan_after_a_failed_bridge() {
    for (vars, goes_on) in [
        ("", false),
        ("continue_on_fail=true", true),
        ("continue_on_fail=USER_BUSY", true),
        ("continue_on_fail=NO_ANSWER", false),
        ("failure_causes=USER_BUSY", false),
        ("failure_causes=NO_ANSWER", true),
    ] {
        let sim = Sim::start(config());
        let mut client = client(&sim).await;
        let plan = "'bridge:error/USER_BUSY,set:after=1,park'";
        api(&mut client, &format!("originate {{{vars}}}null/x {plan} inline")).await;
        client.read_for(Duration::from_secs(1)).await;
        assert_eq!(sim.channels().await, usize::from(goes_on), "{vars}");
    }
}

#[limited::test(paused)]
async fn two_legs_joined_later() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    for uuid in ["a", "b"] {
        api(&mut client, &format!("originate {{origination_uuid={uuid}}}null/x &park")).await;
    }
    let (reply, mut seen) = api(&mut client, "uuid_bridge a b").await;
    assert_eq!(reply, "+OK b");
    seen.extend(api(&mut client, "uuid_kill a").await.1);
    let leg = |name: &str| -> Vec<&str> {
        seen.iter().filter(|(leg, _)| leg == name).map(|(_, event)| event.as_str()).collect()
    };
    let end = ["STATE HANGUP", "CALLSTATE HANGUP", "STATE REPORTING"];
    let last = ["HANGUP_COMPLETE NORMAL_CLEARING", "DESTROY", "STATE DESTROY"];
    let joined = ["UNPARK", "EXECUTE_COMPLETE park", "STATE HIBERNATE", "STATE RESET"];
    let a = ["STATE SOFT_EXECUTE", "EXECUTE uuid_bridge", "BRIDGE"];
    let a = [&joined[..], &a, &["HANGUP NORMAL_CLEARING", "UNBRIDGE"], &end, &last].concat();
    assert_eq!(leg("a"), a);
    let b = ["STATE SOFT_EXECUTE", "EXECUTE uuid_bridge", "STATE EXCHANGE_MEDIA"];
    assert_eq!(leg("b"), [&joined[..], &b, &["HANGUP NORMAL_CLEARING"], &end, &last].concat());
}

/// What the legs of a bridge say from the moment when one of these commands takes them apart.
async fn apart(command: &str) -> [Vec<String>; 2] {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    let dial = "sofia/external/9196@127.0.0.1:5080";
    let bridge = format!("bridge({{origination_uuid=b}}{dial})");
    api(&mut client, &format!("originate {{origination_uuid=a}}{dial} &{bridge}")).await;
    api(&mut client, "msleep 1000").await;
    let (reply, mut seen) = api(&mut client, command).await;
    assert!(reply.starts_with("+OK"), "{reply}");
    seen.extend(api(&mut client, "msleep 1000").await.1);
    ["a", "b"].map(|name| {
        seen.iter().filter(|(leg, _)| leg == name).map(|(_, event)| event.clone()).collect()
    })
}

#[limited::test(paused)]
async fn legs_leave_a_bridge() {
    let ends = ["UNBRIDGE", "EXECUTE_COMPLETE bridge"];
    let goes =
        |app| ["STATE ROUTING", "STATE EXECUTE", "EXECUTE answer", "EXECUTE_COMPLETE answer", app];
    for command in ["uuid_transfer a -bleg 9196", "uuid_transfer b 9196"] {
        let [a, b] = apart(command).await;
        assert_eq!(
            a.get(..3).unwrap(),
            ["UNBRIDGE", "EXECUTE_COMPLETE bridge", "HANGUP NORMAL_CLEARING"]
        );
        let b: Vec<_> = b.iter().filter(|event| *event != "CALL_UPDATE").collect();
        assert_eq!(b, goes("EXECUTE echo").each_ref(), "{command}");
    }
    for command in ["uuid_transfer a -both 9196", "uuid_dual_transfer a 9196 9196"] {
        let [a, b] = apart(command).await;
        assert_eq!(a, [&ends[..], &goes("EXECUTE echo")].concat(), "{command}");
        assert!(b.iter().all(|event| !event.starts_with("HANGUP")), "{command}: {b:?}");
        assert!(b.iter().any(|event| event == "EXECUTE echo"), "{command}: {b:?}");
    }
    let [a, b] = apart("uuid_park a").await;
    assert_eq!(a, [&ends[..], &["STATE PARK", "PARK"]].concat());
    assert_eq!(b.first().unwrap(), "HANGUP NORMAL_CLEARING");
    let [_, b] = apart("uuid_kill a NO_USER_RESPONSE").await;
    assert_eq!(b.first().unwrap(), "HANGUP NORMAL_CLEARING", "the cause stays with the caller");
}

#[limited::test(paused)]
async fn applications_that_set_and_tell() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    let plan = "'event:Event-Name=CUSTOM^Event-Subclass=my::e,multiset:a=1 b=2,push:p=1,push:p=2,\
                unshift:p=0,set_global:g=x,set_profile_var:caller_id_name=Q,eval:x,park' inline";
    let line = format!("originate {{origination_uuid=u}}null/x {}", plan.replace('^', "\\,"));
    let (reply, seen) = api(&mut client, &line).await;
    assert_eq!(reply, "+OK u");
    for (command, answer) in [
        ("uuid_getvar u a", "1"),
        ("uuid_getvar u b", "2"),
        ("uuid_getvar u p", "ARRAY::0|:1|:2"),
        ("uuid_getvar u p[1]", "1"),
        ("uuid_getvar u g", "x"),
        ("uuid_getvar u caller_id_name", "Q"),
        ("uuid_exists u", "true"),
    ] {
        assert_eq!(api(&mut client, command).await.0, answer, "{command}");
    }
    assert!(seen.iter().any(|(leg, event)| leg == "u" && event == "CUSTOM"), "{seen:?}");
    let line = "originate {origination_uuid=v,execute_on_answer=x}null/x \
                'sched_hangup:+2 USER_BUSY,park' inline";
    api(&mut client, line).await;
    assert_eq!(api(&mut client, "uuid_exists v").await.0, "true");
    let seen = api(&mut client, "msleep 3000").await.1;
    let gone = ("v".to_owned(), "HANGUP USER_BUSY".to_owned());
    assert!(seen.contains(&gone), "{seen:?}");
}

#[limited::test(paused)]
async fn a_conference() {
    let sim = Sim::start(config());
    let mut client = client(&sim).await;
    let (reply, _) = api(&mut client, "conference list").await;
    assert_eq!(reply, "+OK No active conferences.");
    for uuid in ["a", "b"] {
        let dial = format!("originate {{origination_uuid={uuid}}}null/{uuid} &conference(room)");
        api(&mut client, &dial).await;
    }
    let (reply, _) = api(&mut client, "conference room list").await;
    assert_eq!(
        reply,
        "1;null/a;a;Outbound Call;a;hear|speak|floor;0;0;100\n\
         2;null/b;b;Outbound Call;b;hear|speak;0;0;100"
    );
    for (command, reply) in [
        ("mute 2", "+OK mute 2"),
        ("mute 7", "-ERR Non-Existant ID 7"),
        ("kick nobody", "kick <[member_id|all|last|non_moderator]> [<optional sound file>]"),
        ("dance", "-ERR Conference command 'dance' not found."),
        ("lock", "+OK room locked"),
    ] {
        assert_eq!(api(&mut client, &format!("conference room {command}")).await.0, reply);
    }
    let (reply, seen) = api(&mut client, "conference room kick all").await;
    assert_eq!(reply, "+OK kicked 1\n+OK kicked 2");
    let told: Vec<&str> = seen.iter().filter_map(|(_, it)| it.strip_prefix("CUSTOM ")).collect();
    assert_eq!(
        told,
        [
            "kick-member",
            "del-member",
            "floor-change",
            "kick-member",
            "del-member",
            "conference-destroy"
        ]
    );
    assert_eq!(sim.channels().await, 0);
    let (reply, _) = api(&mut client, "conference room list").await;
    assert_eq!(reply, "-ERR Conference room not found");
}

#[limited::test(paused)]
async fn a_restart_empties_the_rooms() {
    let sim = Sim::start(config());
    let mut first = Client::login(&sim).await;
    first.ask("api originate null/x &conference(room)").await;
    sim.inject(Fault::Restart);
    let mut second = client(&sim).await;
    let (reply, _) = api(&mut second, "conference list").await;
    assert_eq!(reply, "+OK No active conferences.");
}
