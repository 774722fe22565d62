use super::*;

/// One frame from lines written `PRIORITY key KIND`, `-` for no key.
fn check(budget: usize, lines: &str, expected: &str) {
    let mut sampler = Sampler::new(Budget { lines: budget, burst: 0, ..Budget::default() });
    for spec in lines.split("; ") {
        sampler.push(line(spec));
    }
    let frame = sampler.frame(Instant::now()).unwrap_or_default();
    assert_eq!(frame.trim_end().replace('\n', " / "), expected, "{lines}");
    assert!(frame.lines().count() <= budget, "{lines}");
    assert!(frame.ends_with('\n'), "{lines}");
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
    }
}

#[test]
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

#[test]
fn what_was_asked_for_is_never_folded() {
    let mut sampler = Sampler::new(Budget { lines: 2, burst: 0, bytes: 8, ..Budget::default() });
    for _ in 0..2 * WAITING {
        sampler.push(line("alert - X"));
    }
    for alarm in ["a", "b", "c", "d", "e"] {
        sampler.push(line(&format!("alarm {alarm} ALERT")));
    }
    let frame = sampler.frame(Instant::now()).unwrap();
    let shown: Vec<&str> = frame.lines().filter_map(|line| line.strip_suffix(" ALERT")).collect();
    assert_eq!(shown, ["a", "b", "c", "d", "e"], "{frame}");
    assert!(frame.contains("+256 events (X 256)"), "{frame}");
}

#[test]
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

#[test]
fn a_frame_has_a_budget_of_bytes() {
    let budget = Budget { burst: 0, bytes: 40, ..Budget::default() };
    let mut sampler = Sampler::new(budget);
    for key in ["a", "b", "c"] {
        let mut long = line(&format!("rest {key} X"));
        long.text = format!("{key} {}", "x".repeat(30));
        sampler.push(long);
    }
    let frame = sampler.frame(Instant::now()).unwrap();
    assert!(
        frame.starts_with("a x") && frame.ends_with("\n... +2 events (X 2); events last\n"),
        "{frame}"
    );
    // A line that is longer than the budget is shown alone.
    let mut longer = line("rest d X");
    longer.text = "y".repeat(90);
    sampler.push(longer);
    let frame = sampler.frame(Instant::now() + Duration::from_secs(1)).unwrap();
    assert_eq!(frame.lines().count(), 1);
    // A slow terminal gets fewer bytes, too.
    let mut sampler = Sampler::new(Budget::default());
    sampler.printed_in(Duration::from_millis(400));
    assert_eq!(sampler.budget().bytes, Budget::default().bytes / 2);
}

#[test]
fn a_flood_is_counted() {
    let mut sampler = Sampler::new(Budget { burst: 0, ..Budget::default() });
    for n in 0..20_000 {
        sampler.push(line(&format!("rest {n} {}", if n % 2 == 0 { "CREATE" } else { "ANSWER" })));
    }
    sampler.push(line("alert late ERROR"));
    let frame = sampler.frame(Instant::now()).unwrap();
    assert_eq!(
        frame,
        "0 CREATE\n1 ANSWER\nlate ERROR\n... +19,998 events (CREATE 9,999, ANSWER 9,999); events last\n"
    );
    assert!(sampler.waiting.capacity() <= 2 * WAITING);
}

#[test]
fn kinds_are_bounded() {
    let kinds: Vec<String> = (0..20).map(|n| format!("rest - K{n}")).collect();
    check(
        1,
        &kinds.join("; "),
        "... +20 events (K0 1, K1 1, K2 1, K3 1, K4 1, K5 1, K6 1, K7 1, K8 1, other 11); events last",
    );
}

#[test]
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
    let frame = sampler.frame(Instant::now()).unwrap();
    let lines: Vec<&str> = frame.lines().collect();
    assert_eq!(lines[0], "\x1b[31mred\x1b[0m → a\x1b[0m");
    assert_eq!(lines[1], "two␊lines");
    assert_eq!(lines[2], format!("{}…", "y".repeat(LONGEST - 2)));
}

#[test]
fn a_call_that_loops_stays_one_short_line() {
    let mut sampler = Sampler::new(Budget::default());
    for _ in 0..1000 {
        sampler.push(line("rest a HOLD"));
    }
    let frame = sampler.frame(Instant::now()).unwrap();
    assert_eq!(frame, format!("a HOLD{} → …\n", " → hold".repeat(STEPS)));
}

#[test]
fn frames_keep_their_distance() {
    let mut sampler = Sampler::new(Budget::default());
    let start = Instant::now();
    let after = |ms| start + Duration::from_millis(ms);
    assert_eq!(sampler.frame(start), None);
    for (ms, due) in [(0, true), (50, false), (99, false), (100, true), (199, false), (350, true)] {
        sampler.push(line("rest - A"));
        assert_eq!(sampler.frame(after(ms)).is_some(), due, "{ms} ms");
    }
    assert_eq!(sampler.frame(after(999)), None);
}

#[test]
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
        assert!(sampler.frame(start + Duration::from_secs(second)).is_some());
        sampler.printed_in(Duration::from_millis(took));
        let expected = Budget { lines, every: Duration::from_millis(every), ..sampler.budget() };
        assert_eq!(sampler.budget(), expected, "second {second}");
    }
}

#[test]
fn a_burst_after_quiet_is_shown_whole_and_a_flood_is_not() {
    let mut sampler = Sampler::new(Budget::default());
    let start = Instant::now();
    let push = |sampler: &mut Sampler, count: usize| {
        for _line in 0..count {
            sampler.push(line("Rest - ANSWER"));
        }
    };
    let shown = |sampler: &mut Sampler, at: u64| {
        let frame = sampler.frame(start + Duration::from_millis(at));
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

#[test]
fn what_nobody_sees_is_counted() {
    let mut sampler = Sampler::new(Budget::default());
    for spec in ["rest a CREATE", "own b ANSWER", "watched c CREATE", "rest a ANSWER"] {
        sampler.push(line(spec));
    }
    sampler.fold();
    let frame = sampler.frame(Instant::now()).unwrap();
    let lines: Vec<_> = frame.lines().collect();
    assert_eq!(lines, ["b ANSWER", "... +3 events (CREATE 2, ANSWER 1); events last"]);
}
