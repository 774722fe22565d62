//! The control commands of the shell: each says what it did, and did it.

use switchy::shell::{CommandError, Format, Output, Settings, Shell};

use super::server;

/// A shell on the server, with one answered call of its own.
struct Desk {
    shell: Shell,
    uuid: String,
}

impl Desk {
    async fn open(target: &str) -> Self {
        let config = server();
        let shell = Shell::new(Settings::default(), None, false);
        shell.connect("live", config).await.unwrap();
        let mut desk = Self { shell, uuid: String::new() };
        let limit = "--var execute_on_answer='sched_hangup +60'";
        let made = desk.run(&format!("originate {target} {limit} --wait 30")).await.unwrap();
        let uuid = made.lines().last().and_then(|line| line.strip_prefix("answered "));
        desk.uuid = uuid.unwrap_or_else(|| panic!("{made}")).to_owned();
        desk
    }

    /// The answer to a line in which `ID` stands for the call.
    async fn run(&self, line: &str) -> Result<String, CommandError> {
        self.run_as(line, None).await
    }

    async fn run_as(&self, line: &str, format: Option<Format>) -> Result<String, CommandError> {
        let mut text = String::new();
        let output = Output::new(&mut text).with_format(format);
        let ran = self.shell.run_line(&line.replace("ID", &self.uuid), output).await;
        ran.map(|_next| text)
    }

    /// A line whose answer must hold these words.
    async fn says(&self, line: &str, words: &str) {
        let answer = self.run(line).await;
        assert!(answer.as_ref().is_ok_and(|text| text.contains(words)), "{line}: {answer:?}");
    }

    /// A line that must fail, with these words.
    async fn fails(&self, line: &str, words: &str) {
        let answer = self.run(line).await;
        let failed = answer.as_ref().is_err_and(|err| err.message.contains(words));
        assert!(failed, "{line}: {answer:?}");
    }

    async fn close(self) {
        self.says("hupall", "hung up").await;
        self.shell.close().await;
    }
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn media_of_a_call_is_controlled() {
    let desk = Desk::open("9196@127.0.0.1:5080").await;
    desk.fails("play ID /nosuch/file.wav", "FILE NOT FOUND").await;
    desk.says("hold ID", "put on hold (CHANNEL_HOLD").await;
    desk.says("hold ID", "is on hold already").await;
    desk.says("hold ID off", "taken off hold (CHANNEL_UNHOLD").await;
    desk.says("mute ID", "is no longer heard (MEDIA_BUG_START").await;
    desk.says("mute ID off", "is heard again (MEDIA_BUG_STOP").await;
    desk.says("play ID tone_stream://%(9000,0,440)", "(PLAYBACK_START").await;
    desk.says("play ID --stop", "(PLAYBACK_STOP").await;
    let path = format!("/tmp/switchy-live-{}.wav", desk.uuid);
    desk.says(&format!("record ID start {path}"), "(RECORD_START").await;
    desk.says(&format!("record ID mask {path}"), "records silence").await;
    desk.says("record ID stop", "(RECORD_STOP").await;
    desk.fails("record ID stop", "-ERR Cannot stop record session!").await;
    desk.says("dtmf ID 12#", "queued").await;
    desk.says("dtmf ID 5 --received", "(DTMF").await;
    desk.close().await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn variables_and_applications_of_a_call() {
    let desk = Desk::open("9196@127.0.0.1:5080").await;
    desk.run("dump ID").await.unwrap();
    desk.says("setvar ID switchy_test a  b", "switchy_test is a  b, was (not set)").await;
    desk.says("getvar ID switchy_test", "a  b").await;
    desk.fails("getvar ID switchy_nosuch", "not set on").await;
    desk.says("dump ID --diff --grep switchy_test", "variable_switchy_test").await;
    let json = desk.run_as("dump ID", Some(Format::Json)).await.unwrap();
    let dump: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(dump["Unique-ID"], desk.uuid.as_str());
    desk.says("execute --wait ID set switchy_test=c", "ran set (CHANNEL_EXECUTE_COMPLETE").await;
    desk.says("getvar ID switchy_test", "c").await;
    desk.fails("execute ID playbak x", "has no application \"playbak\"").await;
    desk.says("sched-hangup ID 600", "ends in 600 s with ALLOTTED_TIMEOUT (ADD_SCHEDULE").await;
    desk.says("sched-hangup ID --cancel", "taken back").await;
    desk.says("park ID", "is parked already").await;
    desk.says("transfer ID 9197", "(CHANNEL_EXECUTE").await;
    desk.says("park ID", "parked (CHANNEL_PARK").await;
    desk.fails("bridge ID error/USER_BUSY", "was not bridged: ").await;
    desk.says("bridge ID sofia/external/9197@127.0.0.1:5080", "(CHANNEL_BRIDGE").await;
    desk.fails("transfer ID nosuch XML nosuch_context", "NO_ROUTE_DESTINATION").await;
    desk.close().await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn a_call_that_came_in_is_answered() {
    let desk = Desk::open("9196@127.0.0.1:5080").await;
    // The other side only parks: its leg waits to be answered.
    let made = desk.run("originate park@127.0.0.1:5090 --timeout 50").await.unwrap();
    let uuid = made.trim().rsplit(' ').next().unwrap();
    let end = tokio::time::Instant::now() + super::SOON;
    // Its second leg comes a moment later.
    while !desk.run(&format!("answer {uuid}")).await.is_ok_and(|text| text.contains("answered")) {
        assert!(tokio::time::Instant::now() < end, "it was never answered");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    desk.says(&format!("answer {uuid}"), "is answered already").await;
    desk.close().await;
}

#[limited::test(needs = "SWITCHY_LIVE", seconds = 900)]
async fn two_calls_are_bridged_and_one_is_deflected() {
    let desk = Desk::open("9196@127.0.0.1:5080").await;
    let made = desk.run("originate 9197@127.0.0.1:5080 --wait 30").await.unwrap();
    let other = made.lines().last().unwrap().strip_prefix("answered ").unwrap();
    desk.says(&format!("bridge ID {other}"), "(CHANNEL_BRIDGE").await;
    desk.fails("hold 00000000-0000", "no call is named").await;
    desk.says(&format!("deflect {other} sip:9197@127.0.0.1:5080"), "(CHANNEL_HANGUP_COMPLETE")
        .await;
    desk.close().await;
}
