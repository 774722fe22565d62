//! Ending calls from the shell: nobody else's, and nothing without a word of the operator.

use switchy::shell::{CommandError, Kind, Operator, OperatorRequest, Output, Settings, Shell};
use switchy::sim::{Config, Fault, Sim};
use tokio::sync::mpsc;

use crate::support::{self, SOON};

/// A simulated switch, and shells on it.
struct Switch {
    sim: Sim,
    config: switchy::conn::Config,
}

impl Switch {
    async fn start() -> Self {
        let sim = Sim::start(Config::new().with_seed(7));
        let port = sim.listen("127.0.0.1:0").await.unwrap().port();
        let config = switchy::conn::Config::new("127.0.0.1").with_port(port);
        Self { sim, config }
    }

    async fn shell(&self) -> Shell {
        let shell = Shell::new(Settings::default(), None, false);
        shell.connect("pbx", self.config.clone()).await.unwrap();
        shell
    }
}

/// Runs a line without anybody to ask.
async fn run(shell: &Shell, line: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    shell.run_line(line, Output::new(&mut text)).await.map(|_next| text)
}

/// Runs a line for an operator who gives this answer to every question; returns the questions too.
async fn run_with(
    shell: &Shell,
    line: &str,
    answer: &str,
) -> (Result<String, CommandError>, Vec<String>) {
    let (ran, text, questions) = crate::confirmed::at_prompt(shell, line, answer).await;
    (ran.map(|_next| text), questions)
}

/// Repeats a line until its answer is so.
async fn until(shell: &Shell, line: &str, is_so: impl Fn(&str) -> bool) -> String {
    support::until(SOON, line, async || {
        let answer = run(shell, line).await.unwrap();
        if is_so(&answer) { Ok(answer) } else { Err(answer) }
    })
    .await
}

#[limited::test]
async fn hupall_ends_the_calls_of_one_of_two_shells_with_the_same_app() {
    let switch = Switch::start().await;
    let (one, other) = (switch.shell().await, switch.shell().await);
    for shell in [&one, &other] {
        run(shell, "load-app TonePlay").await.unwrap();
        run(shell, "originate park@127.0.0.1:5090 --app TonePlay --wait 20").await.unwrap();
    }
    until(&one, "calls --count", |text| text.contains('2')).await;
    run(&one, "hupall --app TonePlay").await.unwrap();
    until(&one, "calls --count", |text| text.contains('1')).await;
    run(&one, "hupall").await.unwrap();
    // What is told to end would be ending by now.
    let left = run(&other, "api show channels count").await.unwrap();
    assert!(left.contains("2 total"), "{left}");
    run(&other, "hupall").await.unwrap();
    until(&other, "calls", |text| text.contains("no calls")).await;
}

#[limited::test]
async fn nothing_destructive_runs_without_a_terminal_and_without_yes() {
    let switch = Switch::start().await;
    let shell = switch.shell().await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    for line in [
        "kill where to=9196",
        "hupall --all",
        "hupall accountcode 100",
        "api hupall",
        "bgapi hupall",
        "HUPALL NORMAL_CLEARING a b",
        "fsctl shutdown",
        "fsctl pause",
        "reload mod_sofia",
        "expand fsctl crash",
        "sched_api +1 none hupall",
        "execute last system ls",
    ] {
        let err = run(&shell, line).await.expect_err(line);
        assert_eq!(err.kind, Kind::Usage, "{line}: {err:?}");
        assert!(err.message.starts_with("not sent: "), "{line}: {err:?}");
        assert!(!err.hints.is_empty(), "{line}");
    }
    let calls = run(&shell, "calls --count").await.unwrap();
    assert!(calls.contains('1'), "{calls}");
    run(&shell, "kill where to=9196 --yes").await.unwrap();
    until(&shell, "calls", |text| text.contains("no calls")).await;
}

#[limited::test]
async fn a_call_that_matches_no_more_when_its_turn_comes_is_left_alone() {
    let switch = Switch::start().await;
    let shell = switch.shell().await;
    let mut legs = Vec::new();
    for _ in 0..2 {
        let made = run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
        legs.push(made.trim().rsplit(' ').next().unwrap().to_owned());
    }
    until(&shell, "calls where state=parked --count", |text| text.contains('2')).await;
    // While the operator thinks, somebody takes one of them up.
    let (requester, mut requests) = mpsc::channel(1);
    let operator = tokio::spawn({
        let (shell, taken) = (shell.clone(), legs[0].clone());
        async move {
            let Some(OperatorRequest::Answer { answer, .. }) = requests.recv().await else {
                panic!("no question")
            };
            run(&shell, &format!("hold {taken} --timeout 20")).await.unwrap();
            answer.send("pbx".to_owned()).unwrap();
        }
    });
    let mut text = String::new();
    let output = Output::new(&mut text).with_operator(Some(Operator::new(requester)));
    shell.run_line("kill where state=parked", output).await.unwrap();
    operator.await.unwrap();
    assert!(text.contains("left alone: it does not match any more"), "{text}");
    assert!(text.contains("1 call hung up with NORMAL_CLEARING, 1 left alone"), "{text}");
    let left = run(&shell, "calls --columns id,state -o csv").await.unwrap();
    assert_eq!(left, format!("id,state\n{},held\n", legs[0]));
    run(&shell, "hupall").await.unwrap();
}

#[limited::test]
async fn the_name_of_the_host_has_to_be_typed() {
    let switch = Switch::start().await;
    let shell = switch.shell().await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    for answer in ["yes", "PBX", "pbx1"] {
        let (ran, questions) = run_with(&shell, "kill where to=9196", answer).await;
        assert_eq!(ran.unwrap_err().kind, Kind::Interrupted, "{answer}");
        let question = questions.concat();
        assert!(question.contains("1 call (") && question.contains("Type pbx"), "{question}");
    }
    assert!(run(&shell, "calls --count").await.unwrap().contains('1'));
    let (ran, _) = run_with(&shell, "kill where to=9196", "pbx").await;
    let told = ran.unwrap();
    assert!(told.contains("hung up") && told.contains("1 call hung up"), "{told}");
    let (ran, questions) = run_with(&shell, "fsctl pause", "pbx").await;
    assert!(ran.unwrap().contains("+OK"));
    assert!(questions.concat().contains("no new calls"));
}

#[limited::test]
async fn a_read_only_session_changes_nothing() {
    let switch = Switch::start().await;
    let shell = switch.shell().await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    run(&shell, "set read-only on").await.unwrap();
    for line in [
        "hupall",
        "hupall --all --yes",
        "kill where to=9196 --yes",
        "hangup last",
        "park last",
        "originate 9196@127.0.0.1:5080",
        "load-app TonePlay",
        "uuid_kill x",
        "api --yes fsctl pause",
        "bgapi --yes fsctl pause",
        "@all hupall",
        "eval ${hupall()}",
    ] {
        let err = run(&shell, line).await.expect_err(line);
        assert_eq!(err.kind, Kind::Refused, "{line}: {err:?}");
    }
    for line in ["calls", "show channels", "bgapi --wait 5 status", "hupall --dry-run", "jobs"] {
        run(&shell, line).await.expect(line);
    }
    assert!(run(&shell, "calls --count").await.unwrap().contains('1'));
}

#[limited::test]
async fn rows_without_a_call_are_ghosts() {
    let switch = Switch::start().await;
    let shell = switch.shell().await;
    run(&shell, "originate 9196@127.0.0.1:5080 --wait 20").await.unwrap();
    until(&shell, "calls --columns legs", |text| text.contains('2')).await;
    switch.sim.inject(Fault::GhostRows);
    let none = run(&shell, "ghosts").await.unwrap();
    assert!(none.contains("no ghosts"), "{none}");
    run(&shell, "hangup last").await.unwrap();
    let two = run(&shell, "ghosts").await.unwrap();
    assert_eq!(two.matches("sofia/external/").count(), 2, "{two}");
    assert!(two.contains("started again"), "{two}");
    let count = run(&shell, "ghosts --count").await.unwrap();
    assert!(count.contains('2'), "{count}");
}
