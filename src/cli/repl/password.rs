//! A password is asked for: not shown, kept in no history, and asked for again when it is wrong.

use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::cli::terminal;

/// Held while a password is read.
pub(super) type Reading = Arc<Mutex<()>>;

/// What was typed where a password was asked for.
pub(super) enum Typed {
    Password(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or there is no terminal.
    Nothing,
}

/// Asks for a password without an echo.
pub(super) async fn read_password(question: &str, reading: Reading) -> Typed {
    terminal::as_found();
    // From before the question is seen.
    let silence = terminal::Silence::begin();
    let held = reading.lock_owned().await;
    let question = format!("{question} ");
    let asked = tokio::task::spawn_blocking(move || {
        let password = rpassword::prompt_password(question);
        drop(held);
        password
    });
    let typed = match asked.await {
        Ok(Ok(password)) => Typed::Password(password),
        Ok(Err(err)) if err.kind() == io::ErrorKind::Interrupted => Typed::Interrupted,
        _ => Typed::Nothing,
    };
    drop(silence);
    typed
}
