//! Points 52 to 73: what apps are, how they are loaded and unloaded, how events find them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use switchy::apps::{Kind, ParamError, TonePlay};
use switchy::client::app::Handling;
use switchy::client::{App, AppContext, Error, LegEnd, LiveCalls, LoadAs, Originate, Pool};
use switchy::conn::Config;
use switchy::listener::DEFAULT_EVENTS;
use switchy::model::{HangupCause, Id, Phase};
use switchy::sim::{Fault, Sim};
use switchy::{Client, EventListener};

use super::{Log, called, echo, overheard, park};
use crate::support::{LONG, pair, sim, tracked};

/// Notes what reaches it. A clone notes in the same book.
#[derive(Clone, Default)]
struct Probe {
    name: &'static str,
    events: Vec<&'static str>,
    set_up: Arc<AtomicUsize>,
    torn_down: Arc<AtomicUsize>,
    book: Arc<Mutex<Vec<String>>>,
    ends: SetUp,
}

/// How a set-up ends.
#[derive(Clone, Copy, Default, PartialEq)]
enum SetUp {
    #[default]
    Good,
    Fails,
    Panics,
    Hangs,
}

impl Probe {
    fn new(name: &'static str, events: &[&'static str]) -> Self {
        Self { name, events: events.to_vec(), ..Self::default() }
    }

    fn ending(mut self, ends: SetUp) -> Self {
        self.ends = ends;
        self
    }

    fn counts(&self) -> (usize, usize) {
        (self.set_up.load(Ordering::Relaxed), self.torn_down.load(Ordering::Relaxed))
    }

    /// `KIND UUID` of each event so far.
    fn book(&self) -> Vec<String> {
        self.book.lock().unwrap().clone()
    }

    fn has(&self, kind: &str, id: &Id<switchy::model::SessionInfo>) -> bool {
        self.book().contains(&format!("{} {kind} {id}", self.name))
    }
}

impl App for Probe {
    fn name(&self) -> &str {
        self.name
    }

    fn events(&self) -> &[&str] {
        &self.events
    }

    fn on_event<'a>(&'a self, on: AppContext<'a>) -> Handling<'a> {
        let (session, event) = (on.session, on.event);
        Box::pin(async {
            let note = format!("{} {} {}", self.name, event.kind(), session.id());
            self.book.lock().unwrap().push(note);
            Ok(())
        })
    }

    fn set_up<'a>(&'a self, _: &'a Client) -> Handling<'a> {
        Box::pin(async {
            self.set_up.fetch_add(1, Ordering::Relaxed);
            match self.ends {
                SetUp::Good => Ok(()),
                SetUp::Fails => Err(Error::NotConnected),
                SetUp::Panics => panic!("as planned"),
                SetUp::Hangs => std::future::pending().await,
            }
        })
    }

    fn tear_down<'a>(&'a self, _: &'a Client) -> Handling<'a> {
        Box::pin(async {
            self.torn_down.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }
}

#[limited::test]
async fn s52_s54_an_app_is_code_of_ours_over_a_plain_inbound_connection() {
    let sim = Sim::start(switchy::sim::Config::new().with_seed(3));
    let port = sim.listen("127.0.0.1:0").await.unwrap().port();
    let config = Config::new("127.0.0.1").with_port(port);
    let listener = EventListener::with_config(config.clone());
    listener.connect().await.unwrap();
    listener.start().await.unwrap();
    let client = Client::with_config(config).with_listener(listener.clone());
    client.connect().await.unwrap();
    let probe = Probe::new("Probe", &["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY"]);
    client.load_app(probe.clone()).await.unwrap();
    let id = called(&client, &echo().with_app("Probe")).await;
    client.call(&id.cast()).unwrap().hangup().await.unwrap();
    tracked(&listener, |_| probe.has("CHANNEL_DESTROY", &id)).await;
    // From the first event of a session to its last, in order.
    let own = probe.book().into_iter().filter(|note| note.ends_with(id.as_str()));
    let kinds: Vec<_> = own.map(|note| note.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(kinds, ["CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_DESTROY"]);
}

#[limited::test(paused)]
async fn s55_apps_are_loaded_on_many_switches_and_several_under_one_id_keep_their_order() {
    let (one, two) = (sim(), sim());
    let (first, listener) = pair(&one).await;
    let (second, other) = pair(&two).await;
    let pool = Pool::new().with("one", first.clone());
    let second = {
        // The pool tells switches apart by their address.
        let config = Config::new("vm-host-2");
        let client = Client::with_config(config).with_listener(other);
        client.connect_over(two.connect()).await.unwrap();
        drop(second);
        client
    };
    let pool = pool.with("two", second.clone());
    let (a, b) = (Probe::new("A", &["CHANNEL_ANSWER"]), Probe::new("B", &["CHANNEL_ANSWER"]));
    let b = Probe { book: Arc::clone(&a.book), ..b };
    let parts: [Arc<dyn App>; 2] = [Arc::new(a.clone()), Arc::new(b)];
    let loaded = pool.load_apps(&parts, &LoadAs::new().with_name("both")).await;
    let ids: Vec<_> = loaded.into_iter().map(|(_, id)| id.unwrap()).collect();
    assert!(ids.len() == 2 && ids[0] != ids[1], "each switch has its own: {ids:?}");
    // One goes, the other stays.
    second.unload_app("both").await.unwrap();
    assert_eq!(first.loaded_apps(), [("both".to_owned(), ids[0].clone())]);
    for _turn in 0..5 {
        let id = called(&first, &echo().with_app("both")).await;
        tracked(&listener, |_| a.book().contains(&format!("B CHANNEL_ANSWER {id}"))).await;
        let book = a.book();
        let own: Vec<_> = book.iter().filter(|note| note.ends_with(id.as_str())).collect();
        assert!(own[0].starts_with("A ") && own[1].starts_with("B "), "{own:?}");
    }
}

#[limited::test(paused)]
async fn s56_options_and_hooks_parameters_are_checked_before_anything_is_registered() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let kind = Kind::named("toneplay").unwrap();
    let unknown = kind.make(&[("colour", "blue")]).err().unwrap();
    assert!(matches!(unknown, ParamError::Unknown { .. }), "{unknown:?}");
    assert!(matches!(kind.make(&[("tone", "blue")]), Err(ParamError::Value { .. })));
    assert!(client.loaded_apps().is_empty() && listener.subscriptions() == DEFAULT_EVENTS);
    let tone = kind.make(&[("tone", "%(500,500,440)")]).unwrap();
    let id = Id::new("my-own-id");
    let options = LoadAs::new().with_name("Tone").with_id(&id);
    assert_eq!(client.load_apps(vec![tone], &options).await.unwrap(), id);
    let call = called(&client, &park().with_app("Tone")).await;
    let plays = "{loops=-1}tone_stream://%(500,500,440)";
    tracked(&listener, |listener| {
        listener.session(&call).is_some_and(|leg| &*leg.application_data == plays)
    })
    .await;
    let probe = Probe::new("Probe", &[]);
    client.load_app(probe.clone()).await.unwrap();
    assert_eq!(probe.counts(), (1, 0));
    client.unload_app("Probe").await.unwrap();
    assert_eq!(probe.counts(), (1, 1));
}

#[limited::test(paused)]
async fn s57_s59_s60_s61_s62_s64_a_loaded_app_has_a_name_an_id_and_one_instance() {
    let log = Log::start();
    let sim = sim();
    let (client, _listener) = pair(&sim).await;
    let id = client.load_app(TonePlay).await.unwrap();
    let sentence = "INFO switchy::client::app::load@vm-host : Loading call app 'TonePlay'";
    assert_eq!(log.count(&[sentence, id.as_str()]), 1, "{:#?}", log.lines());
    assert_eq!(id.as_str().matches('-').count(), 4);
    for name in ["TonePlay", id.as_str()] {
        let app = client.app(name).unwrap();
        assert_eq!((app.name(), app.id()), ("TonePlay", &id));
        assert!(app.instance::<TonePlay>().is_some() && app.instance::<Probe>().is_none());
    }
    // A second one needs another name, and has its own id.
    let Err(Error::AppLoaded { name, id: taken }) = client.load_app(TonePlay).await else {
        panic!("loaded twice")
    };
    assert_eq!((name.as_str(), taken.as_str()), ("TonePlay", id.as_str()));
    let second = client.load_app_as(Arc::new(TonePlay), "Second").await.unwrap();
    assert_ne!(second, id);
    assert!(matches!(client.app("Third"), Err(Error::NoSuchApp { .. })));
    // An instance is used as it is: two clients share its state.
    let (other, listener) = pair(&sim).await;
    let shared = Arc::new(Probe::new("Shared", &["CHANNEL_ANSWER"]));
    for client in [&client, &other] {
        client.load_app_as(shared.clone(), "Shared").await.unwrap();
        let id = called(client, &echo().with_app("Shared")).await;
        tracked(&listener, |_| shared.has("CHANNEL_ANSWER", &id)).await;
    }
    let instance = |client: &Client| {
        let app = client.app("Shared").unwrap();
        std::ptr::from_ref(app.instance::<Probe>().unwrap())
    };
    assert_eq!(instance(&client), instance(&other));
}

#[limited::test(paused)]
async fn s58_s66_s73_tone_play_answers_plays_and_echoes_over_a_parking_dial_plan() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let id = client.load_app(TonePlay).await.unwrap();
    // The app is named by its id or by its name.
    for app in [id.as_str(), "TonePlay"] {
        listener.subscribe(&["PLAYBACK_START"]).await.unwrap();
        let mut playing = listener.events(&["PLAYBACK_START"]);
        let job = client.originate(&park().with_app(app)).await.unwrap();
        job.wait(Duration::from_secs(10)).await;
        let session = job.sess_uuid().unwrap().clone();
        let started = tokio::time::timeout(LONG, playing.next()).await.unwrap().unwrap();
        assert_eq!(started.unique_id().as_deref(), Some(session.as_str()));
        let file = started.get("Playback-File-Path").unwrap().into_owned();
        assert!(file.contains("tone_stream://%(251,0,1004)"), "{file}");
        tracked(&listener, |listener| {
            let call = listener.call(&session.cast()).unwrap();
            let peer = call.peer(&session);
            peer.is_some_and(|peer| &*peer.application == "echo" && peer.phase == Phase::Answered)
        })
        .await;
        let call = client.call(&session.cast()).unwrap();
        assert!(call.info().sessions.iter().all(|leg| leg.app.as_ref() == Some(&id)));
        call.hangup().await.unwrap();
        tracked(&listener, |listener| listener.calls().is_empty()).await;
    }
    let unknown = client.originate(&park().with_app("Nothing")).await.unwrap_err();
    assert!(matches!(unknown, Error::NoSuchApp { .. }), "{unknown:?}");
}

#[limited::test(paused)]
async fn s63_a_load_that_fails_at_any_step_leaves_everything_as_it_was() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    client.load_app(Probe::new("Before", &["DTMF", "CODEC"])).await.unwrap();
    listener.subscribe(&["RELOADXML"]).await.unwrap();
    let (apps, events) = (client.loaded_apps(), listener.subscriptions());
    let callbacks = client.callbacks();
    assert_eq!(callbacks.len(), 2, "{callbacks:?}");
    // New ones, one that another app holds, one that somebody wants for good, a default one.
    let wanted = ["PLAYBACK_START", "DTMF", "RELOADXML", "CHANNEL_PARK", "mod_x::thing"];
    let options = LoadAs::new().with_name("Bad");
    for parts in [
        vec![Probe::new("a", &wanted).ending(SetUp::Fails)],
        vec![Probe::new("a", &wanted), Probe::new("b", &["TALK"]).ending(SetUp::Fails)],
        vec![Probe::new("a", &wanted).ending(SetUp::Panics)],
        vec![Probe::new("a", &wanted).ending(SetUp::Hangs)],
        // The wire cannot carry this name; FreeSWITCH would take the other one and send nothing.
        vec![Probe::new("a", &["PLAYBACK_STOP", "A::\n\nB"])],
        vec![Probe::new("a", &["PLAYBACK_STOP", "CHANNEL_PRAK"])],
    ] {
        let apps_of: Vec<Arc<dyn App>> =
            parts.iter().map(|part| Arc::new(part.clone()) as Arc<dyn App>).collect();
        let (loader, options) = (client.clone(), options.clone());
        let load = tokio::spawn(async move { loader.load_apps(apps_of, &options).await });
        // Given up after a while, as by Ctrl-C, where it does not end by itself.
        let (stop, ended) = (load.abort_handle(), tokio::time::timeout(LONG, load).await);
        stop.abort();
        let is_good = ended.is_ok_and(|joined| joined.is_ok_and(|loaded| loaded.is_ok()));
        assert!(!is_good);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(client.loaded_apps(), apps);
        assert_eq!(listener.subscriptions(), events);
        let counts: Vec<_> = parts.iter().map(Probe::counts).collect();
        assert!(counts.iter().all(|(up, down)| up == down), "set up, so torn down: {counts:?}");
        assert_eq!(client.callbacks(), callbacks);
    }
    // On the server neither: what the bad ones wanted does not come, what was there does.
    let mut fired = listener.events::<&str>(&[]);
    for name in ["PLAYBACK_START", "TALK", "DTMF", "RELOADXML"] {
        sim.fire(vec![("Event-Name".to_owned(), name.to_owned())], None);
    }
    let mut came = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(1), fired.next()).await {
        came.push(event.name().into_owned());
    }
    came.retain(|name| name != "HEARTBEAT");
    assert_eq!(came, ["DTMF", "RELOADXML"]);
    // A refusal by the server; the name is free all the time.
    sim.inject(Fault::Deny { command_prefix: "event".to_owned() });
    let probe = Probe::new("Bad", &wanted);
    assert!(client.load_app(probe.clone()).await.is_err());
    assert_eq!((probe.counts(), listener.subscriptions()), ((0, 0), events));
    sim.inject(Fault::Clear);
    client.load_app(probe).await.unwrap();
}

#[limited::test(paused)]
async fn s67_an_event_finds_its_app_by_the_id_that_its_session_carries() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let own = Probe::new("Own", &["CHANNEL_ANSWER", "DTMF"]);
    let id = client.load_app(own.clone()).await.unwrap();
    let mine = called(&client, &echo().with_app("Own")).await;
    assert_eq!(listener.session(&mine).unwrap().app.as_ref(), Some(&id));
    // A DTMF event carries no variables: the session remembers.
    client.session(&mine).unwrap().recv_dtmf("5", Duration::from_millis(100)).await.unwrap();
    tracked(&listener, |_| own.has("DTMF", &mine)).await;
    // An id that nobody issued, as any INVITE can carry, reaches the default app or none.
    let forged = Originate::verbatim("{switchy_app=forged}loopback/9196 &park");
    let stray = called(&client, &forged).await;
    tracked(&listener, |listener| listener.session(&stray).is_some()).await;
    let default = Probe::new("rest", &["CHANNEL_ANSWER"]);
    let options = LoadAs::new().with_name("default");
    client.load_apps(vec![Arc::new(default.clone())], &options).await.unwrap();
    let stray = called(&client, &forged).await;
    tracked(&listener, |_| default.has("CHANNEL_ANSWER", &stray)).await;
    assert!(!own.book().iter().any(|note| note.contains(stray.as_str())));
    // It is told once. So is nothing of our own calls without an app, which go there too.
    assert_eq!(log.count(&["no app has the id 'forged'"]), 1, "{:#?}", log.lines());
    let untagged = called(&client, &echo()).await;
    tracked(&listener, |_| default.has("CHANNEL_ANSWER", &untagged)).await;
    assert_eq!(log.count(&["no app has the id"]), 1);
}

#[limited::test(paused)]
async fn s67_an_id_in_an_invite_counts_only_where_the_call_is_ours() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let own = Probe::new("Own", &["CHANNEL_ANSWER"]);
    let id = client.load_app(own.clone()).await.unwrap();
    // Our call comes back with our headers: both legs are the app's.
    let mine = called(&client, &echo().with_app("Own")).await;
    tracked(&listener, |_| own.book().len() == 2).await;
    // Somebody got to know the id, as every far end does, and puts it into an INVITE: alone, and
    // with the call that it belongs to made up.
    for header in ["", ",sip_h_X-switchy_originating_session=made-up"] {
        let variables = format!("sip_h_X-switchy_app={id}{header}");
        let call = format!("originate {{{variables}}}sofia/external/9196@127.0.0.1:5080 &park");
        let stranger = pair(&sim).await.0;
        stranger.bgapi(&call).await.unwrap();
        tracked(&listener, |listener| listener.count_sessions() == 4).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let legs = own.book();
        // The outbound leg has the header as a variable of its own call, not the app's: no event.
        assert_eq!(legs.len(), 2, "{legs:#?}");
        for leg in listener.calls().iter().flat_map(|call| call.sessions.clone()) {
            if !client
                .call(&mine.cast())
                .unwrap()
                .info()
                .sessions
                .iter()
                .any(|own| own.id == leg.id)
            {
                client.session(&leg.id).unwrap().hangup().await.unwrap();
            }
        }
        tracked(&listener, |listener| listener.count_sessions() == 2).await;
    }
    assert!(log.count(&["WARN", "no part of a call of ours"]) >= 2, "{:#?}", log.lines());
}

#[limited::test(paused)]
async fn s70_s71_a_call_hangs_up_all_that_lives_and_says_what_became_of_each_leg() {
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let id = called(&client, &echo()).await;
    tracked(&listener, |listener| listener.count_sessions() == 2).await;
    let call = client.call(&id.cast()).unwrap();
    let (first, last) = (call.info().first().unwrap(), call.info().last().unwrap());
    assert_eq!((&first.id, &call.info().sessions[0].id), (&id, &id));
    assert_eq!(call.info().peer(&id).unwrap().id, last.id);
    // The first leg is gone, the other lives: the list begins with that, `first` says so.
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let destroy = vec![header("Event-Name", "CHANNEL_DESTROY"), header("Unique-ID", id.as_str())];
    sim.fire(destroy, None);
    tracked(&listener, |listener| listener.count_sessions() == 1).await;
    let left = client.call(call.id()).unwrap();
    assert!(left.info().first().is_none() && left.info().last().unwrap().id == last.id);
    assert_eq!(left.info().sessions[0].id, last.id);
    let ends = left.hangup().await.unwrap();
    assert_eq!(ends, [(last.id.clone(), LegEnd::HungUp)]);
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    // Once more, on what was looked up before: each leg is gone, which is no error.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ends = call.hangup().await.unwrap();
    let gone = |id: &Id<switchy::model::SessionInfo>| (id.clone(), LegEnd::WasGone);
    assert_eq!(ends, [gone(&id), gone(&last.id)]);
}

#[limited::test(paused)]
async fn s72_unloading_takes_back_everything_and_then_keeps_or_ends_the_calls() {
    let log = Log::start();
    let sim = sim();
    let (client, listener) = pair(&sim).await;
    let (stream, said) = overheard(&sim);
    let own = EventListener::new("vm-host");
    own.connect_over(stream).await.unwrap();
    own.start().await.unwrap();
    client.set_listener(Some(own.clone()));
    let wanted = ["PLAYBACK_START", "DTMF", "CHANNEL_PARK"];
    let (one, two) = (Probe::new("One", &wanted), Probe::new("Two", &["DTMF"]));
    let id = client.load_app(one.clone()).await.unwrap();
    client.load_app(two.clone()).await.unwrap();
    let kept = called(&client, &echo().with_app("One")).await;
    said.take();
    assert_eq!(client.unload_app("One").await.unwrap(), id);
    assert_eq!(one.counts(), (1, 1));
    // The other app still wants DTMF; CHANNEL_PARK was there before.
    assert_eq!(said.take(), ["nixevent PLAYBACK_START"]);
    assert!(own.is_subscribed("DTMF") && own.is_subscribed("CHANNEL_PARK"));
    // Its call goes on, and is the default app's from now on.
    let default = Probe::new("default", &["CHANNEL_HOLD"]);
    client.load_app(default.clone()).await.unwrap();
    client.session(&kept).unwrap().hold().await.unwrap();
    tracked(&listener, |_| default.has("CHANNEL_HOLD", &kept)).await;
    let booked = one.book().len();
    // Twice is fine; never is not.
    assert_eq!(client.unload_app("One").await.unwrap(), id);
    assert_eq!(log.count(&["DEBUG", "unloaded already", id.as_str()]), 1, "{:#?}", log.lines());
    assert_eq!(one.counts(), (1, 1));
    assert!(matches!(client.unload_app("Never").await, Err(Error::NoSuchApp { .. })));
    // Or its calls end with it, and no others.
    called(&client, &echo().with_app("Two")).await;
    tracked(&listener, |listener| listener.count_sessions() == 4).await;
    client.unload_app_with("Two", LiveCalls::HangUp).await.unwrap();
    assert!(!own.is_subscribed("DTMF"));
    tracked(&listener, |listener| listener.count_sessions() == 2).await;
    assert!(listener.call(&kept.cast()).is_some());
    client.hupall(Some("One"), &HangupCause::NORMAL_CLEARING).await.unwrap();
    tracked(&listener, |listener| listener.calls().is_empty()).await;
    assert_eq!(one.book().len(), booked);
}

#[limited::test(paused)]
async fn apps_follow_their_client_to_another_listener() {
    let sim = sim();
    let (client, first) = pair(&sim).await;
    let probe = Probe::new("Probe", &["CHANNEL_ANSWER", "DTMF"]);
    client.load_app(probe.clone()).await.unwrap();
    let second = EventListener::new("vm-host");
    second.connect_over(sim.connect()).await.unwrap();
    second.start().await.unwrap();
    for (listener, other) in [(&second, &first), (&first, &second), (&second, &first)] {
        client.set_listener(Some(listener.clone()));
        client.restore_apps().await.unwrap();
        assert!(listener.is_subscribed("DTMF"));
        let id = called(&client, &echo().with_app("Probe")).await;
        tracked(listener, |_| probe.has("CHANNEL_ANSWER", &id)).await;
        tracked(other, |other| other.session(&id).is_some()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let note = format!("Probe CHANNEL_ANSWER {id}");
        assert_eq!(probe.book().iter().filter(|other| **other == note).count(), 1, "once each");
    }
    // The other one is not needed any more.
    first.disconnect().await;
    let id = called(&client, &echo().with_app("Probe")).await;
    tracked(&second, |_| probe.has("CHANNEL_ANSWER", &id)).await;
}
