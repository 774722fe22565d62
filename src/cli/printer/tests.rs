use std::sync::mpsc;

use super::*;

/// What reached the terminal, in order.
struct Screen(mpsc::Sender<String>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8_lossy(bytes).into_owned()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn printer() -> (Printer, Arc<Arbiter>, mpsc::Receiver<String>, mpsc::Receiver<String>) {
    let (plain_tx, plain) = mpsc::channel();
    let (above_tx, above) = mpsc::channel();
    let arbiter = Arc::new(Arbiter::default());
    let target = Target {
        above: Some(Above::new(move |text| above_tx.send(text).map_err(io::Error::other))),
        plain: Box::new(Screen(plain_tx)),
    };
    let printer = Printer::spawn(Arc::clone(&arbiter), target).unwrap();
    (printer, arbiter, plain, above)
}

fn next(screen: &mpsc::Receiver<String>) -> String {
    screen.recv_timeout(Duration::from_secs(10)).unwrap()
}

#[limited::test]
fn text_is_ended() {
    for (text, expected) in [
        ("", ""),
        ("a", "a\n"),
        ("a\n", "a\n"),
        ("a\n\n", "a\n\n"),
        ("\x1b[1ma", "\x1b[1ma\x1b[0m\n"),
        ("\x1b[1ma\x1b[0m\n", "\x1b[1ma\x1b[0m\n"),
    ] {
        assert_eq!(ended(text.to_owned()), expected, "{text:?}");
    }
}

#[limited::test]
fn the_gate_chooses_the_way() {
    let (printer, arbiter, plain, above) = printer();
    printer.output("answer".to_owned());
    assert_eq!(next(&plain), "answer\n");

    arbiter.enter();
    assert!(printer.frame("event".to_owned()));
    arbiter.editing();
    assert_eq!(next(&above), "event\n");
    // Under way: no room for another frame, output waits.
    assert!(!printer.ready());
    assert!(!printer.frame("lost".to_owned()));
    printer.output("late".to_owned());
    arbiter.drawn();
    assert_eq!(next(&above), "late\n");
    assert!(printer.last_frame_time().is_some());
    arbiter.drawn();
    printer.repaint();
    assert_eq!(next(&above), "\x1b[A\n");
    arbiter.drawn();

    arbiter.leaving();
    printer.output("next answer".to_owned());
    arbiter.away();
    assert_eq!(next(&plain), "next answer\n");
    printer.close();
    assert_eq!(plain.try_iter().chain(above.try_iter()).count(), 0);
}

#[limited::test]
fn a_redraw_for_a_key_is_not_taken_for_ours_at_once() {
    let (printer, arbiter, _plain, above) = printer();
    arbiter.enter();
    arbiter.editing();
    printer.output("one".to_owned());
    assert_eq!(next(&above), "one\n");
    arbiter.key();
    arbiter.drawn();
    // The redraw that was ours never comes: after a while we know that it has been.
    printer.output("two".to_owned());
    assert_eq!(next(&above), "two\n");
    printer.close();
}

#[limited::test]
async fn a_prompt_is_taken_away_behind_the_answer() {
    let (printer, arbiter, _plain, above) = printer();
    let is_waiting = async || {
        let drawn = tokio::time::timeout(Duration::from_millis(20), arbiter.drawn_all());
        drawn.await.is_err()
    };
    printer.drawn().await;
    arbiter.enter();
    arbiter.editing();
    // A prompt that is drawn again for its counts is no answer.
    printer.repaint();
    assert_eq!(next(&above), "\x1b[A\n");
    assert!(!is_waiting().await);
    printer.output("answer".to_owned());
    assert!(is_waiting().await);
    arbiter.drawn();
    assert_eq!(next(&above), "answer\n");
    assert!(is_waiting().await, "handed over and not drawn");
    arbiter.drawn();
    printer.drawn().await;
    assert!(!is_waiting().await);
    // Nor is waited for what an editor without a line cannot draw.
    printer.output("late".to_owned());
    assert_eq!(next(&above), "late\n");
    arbiter.leaving();
    assert!(!is_waiting().await);
    printer.close();
}

#[limited::test]
fn closing_prints_what_the_editor_never_drew() {
    let (printer, arbiter, plain, above) = printer();
    arbiter.enter();
    arbiter.editing();
    printer.output("one".to_owned());
    assert_eq!(next(&above), "one\n");
    printer.output("two".to_owned());
    arbiter.away();
    printer.close();
    assert_eq!(plain.try_iter().collect::<String>().replace("two\n", ""), "one\n");
}

#[limited::test]
fn a_closed_pipe_is_noticed() {
    let (printer, _gate, plain, _above) = printer();
    drop(plain);
    printer.output("answer".to_owned());
    printer.close();
    assert!(printer.is_broken());
}

#[limited::test]
async fn flushing_waits_for_all_output() {
    let (printer, _gate, plain, _above) = printer();
    for n in 0..40 {
        printer.output(format!("{n} {}", "x".repeat(1 << 10)));
    }
    printer.flush().await;
    assert_eq!(plain.try_iter().collect::<String>().lines().count(), 40);
    printer.close();
}

#[limited::test]
async fn nobody_waits_for_a_printer_that_panicked() {
    struct Bad;
    impl Write for Bad {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            panic!("on purpose");
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let arbiter = Arc::new(Arbiter::default());
    let target = Target { above: None, plain: Box::new(Bad) };
    let printer = Printer::spawn(Arc::clone(&arbiter), target).unwrap();
    printer.output("text".to_owned());
    printer.gone().await;
    // Each of these would wait for ever.
    printer.flush().await;
    arbiter.enter();
    printer.hold();
    printer.close();
}
