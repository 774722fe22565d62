use super::*;

/// One frame from lines written `PRIORITY key KIND`, `-` for no key.
fn check(budget: usize, lines: &str, expected: &str) {
    let mut sampler = Sampler::new(Budget { lines: budget, burst: 0, ..Budget::default() });
    for spec in lines.split("; ") {
        sampler.push(line(spec));
    }
    let frame = sampler.text(Instant::now()).unwrap_or_default();
    assert_eq!(frame.trim_end().replace('\n', " / "), expected, "{lines}");
    assert!(frame.lines().count() <= budget, "{lines}");
    assert!(frame.ends_with('\n'), "{lines}");
}

impl Sampler {
    /// A frame as it is printed.
    fn text(&mut self, now: Instant) -> Option<String> {
        let frame = self.frame(now)?;
        Some(frame.lines.iter().map(|line| format!("{}\n", line.text)).collect())
    }
}

fn line(spec: &str) -> Line {
    let [priority, key, kind] = spec.split(' ').collect::<Vec<_>>()[..] else { panic!("{spec}") };
    Line {
        priority: match priority {
            "alarm" => Priority::Alarm,
            "alert" => Priority::Alert,
            "own" => Priority::Own,
            "watched" => Priority::Watched,
            _ => Priority::Rest,
        },
        key: (key != "-").then(|| key.split('/').next().unwrap_or_default().to_owned()),
        leg: key.split_once('/').map(|(_, leg)| leg.to_owned()),
        kind: kind.to_owned(),
        text: format!("{key} {kind}"),
        merged: Some(kind.to_lowercase()),
        at: None,
        is_requested: false,
    }
}

#[limited::test]
fn frames() {
    check(4, "rest a CREATE", "a CREATE");
    check(4, "rest a A; rest b B; rest c C; rest d D", "a A / b B / c C / d D");
    check(
        3,
        "rest a A; rest b B; rest c B; rest d D",
        "a A / b B / ... +2 events (B 1, D 1); events last",
    );
    check(2, "rest - X; alert - Y; own - Z", "- Y / ... +2 events (X 1, Z 1); events last");
    // Chosen by priority, shown in order of arrival.
    check(
        3,
        "rest a A; watched b B; rest c C; own d D",
        "b B / d D / ... +2 events (A 1, C 1); events last",
    );
}

#[limited::test]
fn what_was_asked_for_is_never_folded() {
    let mut sampler = Sampler::new(Budget { lines: 2, burst: 0, bytes: 8, ..Budget::default() });
    for _ in 0..2 * WAITING {
        sampler.push(line("alert - X"));
    }
    for alarm in ["a", "b", "c", "d", "e"] {
        sampler.push(line(&format!("alarm {alarm} ALERT")));
    }
    let frame = sampler.text(Instant::now()).unwrap();
    let shown: Vec<&str> = frame.lines().filter_map(|line| line.strip_suffix(" ALERT")).collect();
    assert_eq!(shown, ["a", "b", "c", "d", "e"], "{frame}");
    assert!(frame.contains("+256 events (X 256)"), "{frame}");
}

#[limited::test]
fn one_call_is_one_line() {
    check(
        4,
        "rest a CREATE; rest b CREATE; rest a ANSWER; rest a HANGUP",
        "a CREATE → answer → hangup / b CREATE",
    );
    check(4, "rest - X; rest - X", "- X / - X");
    // Steps of several legs say of which.
    check(
        4,
        "rest a/1 CREATE; rest a/2 CREATE; rest a/2 ANSWER; rest a/1 ANSWER",
        "a/1 CREATE → 2 create → answer → 1 answer",
    );
    // A step that matters lifts the line, and all its events are counted when it is folded.
    check(
        2,
        "rest a A; rest b B; rest d D; alert b C",
        "b B → c / ... +2 events (A 1, D 1); events last",
    );
    check(
        2,
        "rest a A; rest a B; own b B; rest c C",
        "b B / ... +3 events (A 1, B 1, C 1); events last",
    );
    check(
        1,
        "rest a HANGUP; rest b X; rest c CREATE",
        "... +3 events (CREATE 1, HANGUP 1, X 1); events last",
    );
    check(1, "rest a A; rest a A; rest b A", "... +3 events (A 3); events last");
}

#[limited::test]
fn a_frame_has_a_budget_of_bytes() {
    let budget = Budget { burst: 0, bytes: 40, ..Budget::default() };
    let mut sampler = Sampler::new(budget);
    for key in ["a", "b", "c"] {
        let mut long = line(&format!("rest {key} X"));
        long.text = format!("{key} {}", "x".repeat(30));
        sampler.push(long);
    }
    let frame = sampler.text(Instant::now()).unwrap();
    assert!(
        frame.starts_with("a x") && frame.ends_with("\n... +2 events (X 2); events last\n"),
        "{frame}"
    );
    // A line that is longer than the budget is shown alone.
    let mut longer = line("rest d X");
    longer.text = "y".repeat(90);
    sampler.push(longer);
    let frame = sampler.text(Instant::now() + Duration::from_secs(1)).unwrap();
    assert_eq!(frame.lines().count(), 1);
    // A slow terminal gets fewer bytes, too.
    let mut sampler = Sampler::new(Budget::default());
    sampler.printed_in(Duration::from_millis(400));
    assert_eq!(sampler.budget().bytes, Budget::default().bytes / 2);
}

#[limited::test]
fn a_flood_is_counted() {
    let mut sampler = Sampler::new(Budget { burst: 0, ..Budget::default() });
    for n in 0..20_000 {
        sampler.push(line(&format!("rest {n} {}", if n % 2 == 0 { "CREATE" } else { "ANSWER" })));
    }
    sampler.push(line("alert late ERROR"));
    let frame = sampler.text(Instant::now()).unwrap();
    assert_eq!(
        frame,
        "0 CREATE\n1 ANSWER\nlate ERROR\n... +19,998 events (CREATE 9,999, ANSWER 9,999); events last\n"
    );
    assert!(sampler.waiting.capacity() <= 2 * WAITING);
}

#[limited::test]
fn kinds_are_bounded() {
    let kinds: Vec<String> = (0..20).map(|n| format!("rest - K{n}")).collect();
    check(
        1,
        &kinds.join("; "),
        "... +20 events (K0 1, K1 1, K2 1, K3 1, K4 1, K5 1, K6 1, K7 1, K8 1, other 11); events last",
    );
}

#[limited::test]
fn colors_and_length_stay_in_their_line() {
    let mut sampler = Sampler::new(Budget::default());
    let colored = |text: &str| Line { text: text.to_owned(), ..line("rest a A") };
    sampler.push(colored("\x1b[31mred"));
    sampler.push(colored("x"));
    sampler.push(Line { key: None, ..colored("two\nlines") });
    sampler.push(Line {
        key: None,
        ..colored(&format!("{}\x1b[31m{}", "y".repeat(LONGEST - 2), "z"))
    });
    let frame = sampler.text(Instant::now()).unwrap();
    let lines: Vec<&str> = frame.lines().collect();
    assert_eq!(lines[0], "\x1b[31mred\x1b[0m → a\x1b[0m");
    assert_eq!(lines[1], "two␊lines");
    assert_eq!(lines[2], format!("{}…", "y".repeat(LONGEST - 2)));
}

#[limited::test]
fn a_call_that_loops_stays_one_short_line() {
    let mut sampler = Sampler::new(Budget::default());
    for _ in 0..1000 {
        sampler.push(line("rest a HOLD"));
    }
    let frame = sampler.text(Instant::now()).unwrap();
    assert_eq!(frame, format!("a HOLD{} → …\n", " → hold".repeat(STEPS)));
}

#[limited::test]
fn frames_keep_their_distance() {
    let mut sampler = Sampler::new(Budget::default());
    let start = Instant::now();
    let after = |ms| start + Duration::from_millis(ms);
    assert_eq!(sampler.text(start), None);
    for (ms, due) in [(0, true), (50, false), (99, false), (100, true), (199, false), (350, true)] {
        sampler.push(line("rest - A"));
        assert_eq!(sampler.text(after(ms)).is_some(), due, "{ms} ms");
    }
    assert_eq!(sampler.text(after(999)), None);
}

#[limited::test]
fn a_slow_terminal_gets_less() {
    let mut sampler = Sampler::new(Budget {
        lines: 16,
        every: Duration::from_millis(100),
        burst: 0,
        bytes: 9000,
    });
    let start = Instant::now();
    // seconds, how long the print took, lines and milliseconds afterwards
    for (second, took, lines, every) in [
        (0, 10, 16, 100),
        (1, 151, 8, 200),
        (2, 500, 4, 200),
        (3, 500, 3, 200),
        (4, 500, 3, 200),
        (5, 150, 4, 200),
        (6, 20, 5, 200),
        (10, 20, 9, 200),
        (17, 20, 16, 100),
        (18, 20, 16, 100),
    ] {
        sampler.push(line("rest - A"));
        assert!(sampler.text(start + Duration::from_secs(second)).is_some());
        sampler.printed_in(Duration::from_millis(took));
        let expected = Budget { lines, every: Duration::from_millis(every), ..sampler.budget() };
        assert_eq!(sampler.budget(), expected, "second {second}");
    }
}

#[limited::test]
fn a_burst_after_quiet_is_shown_whole_and_a_flood_is_not() {
    let mut sampler = Sampler::new(Budget::default());
    let start = Instant::now();
    let push = |sampler: &mut Sampler, count: usize| {
        for _line in 0..count {
            sampler.push(line("Rest - ANSWER"));
        }
    };
    let shown = |sampler: &mut Sampler, at: u64| {
        let frame = sampler.text(start + Duration::from_millis(at));
        frame.map_or(0, |frame| frame.lines().count())
    };
    push(&mut sampler, 10);
    assert_eq!(shown(&mut sampler, 0), 10);
    push(&mut sampler, 10);
    assert_eq!(shown(&mut sampler, 100), 6, "what was left of the burst");
    push(&mut sampler, 10);
    assert_eq!(shown(&mut sampler, 200), 4);
    push(&mut sampler, 10);
    assert_eq!(shown(&mut sampler, 5000), 10, "quiet earns a burst again");
}

#[limited::test]
fn what_nobody_sees_is_counted() {
    let mut sampler = Sampler::new(Budget::default());
    for spec in ["rest a CREATE", "own b ANSWER", "watched c CREATE", "rest a ANSWER"] {
        sampler.push(line(spec));
    }
    sampler.fold();
    let frame = sampler.text(Instant::now()).unwrap();
    let lines: Vec<_> = frame.lines().collect();
    assert_eq!(lines, ["b ANSWER", "... +3 events (CREATE 2, ANSWER 1); events last"]);
}

/// A line of the log, `wide` bytes with its line feed.
fn requested(priority: Priority, text: &str, wide: usize) -> Line {
    let text = format!("{text}{}", ".".repeat(wide - 1 - text.len()));
    Line {
        priority,
        key: None,
        kind: "log".to_owned(),
        text,
        is_requested: true,
        ..line("rest - x")
    }
}

/// Takes frames until nothing waits, each printed in `took`; returns their lines.
fn drained(sampler: &mut Sampler, start: Instant, took: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    for n in 1..1000 {
        let Some(frame) = sampler.text(start + n * Duration::from_millis(200)) else { break };
        lines.extend(frame.lines().map(str::to_owned));
        sampler.printed_in(took);
    }
    lines
}

#[limited::test]
fn what_was_asked_for_is_shown_whole_while_the_terminal_keeps_up() {
    let mut sampler = Sampler::new(Budget::default());
    // Several calls at debug level within one frame.
    for n in 0..4_000 {
        sampler.push(requested(Priority::Rest, &format!("{n} "), 150));
    }
    let lines = drained(&mut sampler, Instant::now(), Duration::from_millis(10));
    let numbers: Vec<_> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(numbers, (0..4_000).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[limited::test]
fn a_burst_that_is_too_much_is_counted_and_failures_pass() {
    // How many lines, of which every hundredth is a failure, and how long the terminal takes.
    for (count, took, is_all) in [(500, 10, true), (500, 400, true), (50_000, 10, false)] {
        let mut sampler = Sampler::new(Budget::default());
        let mut failures = 0;
        for n in 0..count {
            let is_failure = n % 100 == 0;
            failures += usize::from(is_failure);
            let priority = if is_failure { Priority::Alert } else { Priority::Rest };
            let word = if is_failure { "FAILURE" } else { "routine" };
            sampler.push(requested(priority, word, 100));
        }
        let lines = drained(&mut sampler, Instant::now(), Duration::from_millis(took));
        let shown = lines.iter().filter(|line| line.starts_with("FAILURE")).count();
        assert_eq!(shown, failures, "{count} {took}");
        let counted = lines.iter().filter(|line| line.starts_with("... +")).count();
        assert_eq!(counted, usize::from(!is_all), "{count} {took}: {lines:?}");
        assert_eq!(lines.len() == count, is_all, "{count} {took}");
        if !is_all {
            assert!(lines[0].starts_with("... +") && lines[0].contains("(log "), "{}", lines[0]);
        }
    }
}

#[limited::test]
fn failures_without_end_are_bounded() {
    let mut sampler = Sampler::new(Budget::default());
    for n in 0..100_000 {
        sampler.push(requested(Priority::Alert, &format!("{n} "), 100));
    }
    let lines = drained(&mut sampler, Instant::now(), Duration::from_millis(10));
    assert!(lines[0].starts_with("... +"), "{}", lines[0]);
    assert!(lines.last().unwrap().starts_with("99999 "), "the latest stay");
    assert!(lines.len() < 10_000, "{}", lines.len());
}

#[limited::test]
fn rows_of_a_line_that_was_asked_for_stay_rows_and_uncut() {
    let mut sampler = Sampler::new(Budget::default());
    let text = format!("first\n  second\n  {}", "x".repeat(3 * LONGEST));
    sampler.push(line("rest a CREATE"));
    sampler.push(Line { text: text.clone(), ..requested(Priority::Rest, "", 9) });
    sampler.push(line("rest b CREATE"));
    assert_eq!(sampler.text(Instant::now()).unwrap(), format!("a CREATE\n{text}\nb CREATE\n"));
    let huge = "x".repeat(2 * LONGEST_REQUESTED);
    sampler.push(Line { text: huge, ..requested(Priority::Rest, "", 9) });
    let frame = sampler.text(Instant::now() + Duration::from_secs(1)).unwrap();
    assert!(frame.len() < LONGEST_REQUESTED + 9 && frame.ends_with("…\n"));
}

#[limited::test]
fn a_slow_terminal_gets_fewer_lines_at_a_time() {
    let mut sampler = Sampler::new(Budget::default());
    let start = Instant::now();
    for _ in 0..2_000 {
        sampler.push(requested(Priority::Rest, "x", 128));
    }
    let mut counts = Vec::new();
    for n in 1..=5 {
        counts.push(sampler.text(start + n * Duration::from_secs(1)).unwrap().lines().count());
        sampler.printed_in(Duration::from_millis(400));
    }
    assert_eq!(counts, [128, 64, 32, 16, 16]);
}
