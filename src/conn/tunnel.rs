//! The way to a server over the standard input and output of `ssh` (feature `ssh`).

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::config::Config;
use super::error::ConnectError;

/// What `ssh` carries: its output to read, its input to write, and what it complained about.
#[derive(Debug)]
pub(super) struct Tunnel {
    pub(super) reader: Output,
    pub(super) writer: ChildStdin,
    pub(super) complaint: oneshot::Receiver<String>,
}

/// The output of `ssh`, which ends with this.
#[derive(Debug)]
pub(super) struct Output {
    stdout: ChildStdout,
    _alive: oneshot::Sender<()>,
}

impl AsyncRead for Output {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(cx, buf)
    }
}

/// Starts `ssh -W`: the host's own ssh connects to the event socket for us. It asks nothing: a key
/// or an agent must do (`BatchMode`).
pub(super) fn ssh(
    config: &Config,
    target: &str,
    port: Option<u16>,
) -> Result<Tunnel, ConnectError> {
    let program = std::env::var_os("SWITCHY_SSH").unwrap_or_else(|| "ssh".into());
    let seconds = config.connect_timeout().as_secs().max(1);
    let mut command = Command::new(&program);
    command.args(["-T", "-o", "BatchMode=yes", "-o"]).arg(format!("ConnectTimeout={seconds}"));
    if let Some(port) = port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg("-W").arg(config.inner_address()).arg("--").arg(target);
    command.env_remove("SWITCHY_PASSWORD").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |text: String| ConnectError::Tunnel { peer: config.address(), text };
    let mut child = command
        .spawn()
        .map_err(|err| failed(format!("{} cannot be started: {err}", program.display())))?;
    let (Some(stdout), Some(writer), Some(mut stderr)) =
        (child.stdout.take(), child.stdin.take(), child.stderr.take())
    else {
        return Err(failed("no pipes to it".to_owned()));
    };
    let (alive, gone) = oneshot::channel();
    let (sender, complaint) = oneshot::channel();
    // It ends with the child, which ends with the connection.
    let _task = tokio::spawn(async move {
        let mut said = Vec::new();
        {
            let talk = async {
                // It may write until it ends; only the start is kept.
                let mut part = [0; 1024];
                while let Ok(count @ 1..) = stderr.read(&mut part).await {
                    if said.len() < MOST {
                        said.extend_from_slice(part.get(..count).unwrap_or_default());
                    }
                }
            };
            tokio::pin!(talk);
            tokio::select! {
                () = &mut talk => {}
                // Its last words may be on their way still.
                _dropped = gone => { let _late = timeout(LAST_WORDS, talk).await; }
            }
        }
        // Dropping the child kills it; its exit code says no more than its words.
        let _status = timeout(LAST_WORDS, child.wait()).await;
        // It is not waited for when the connection worked.
        drop(sender.send(String::from_utf8_lossy(&said).trim().to_owned()));
    });
    Ok(Tunnel { reader: Output { stdout, _alive: alive }, writer, complaint })
}

/// What `ssh` said, if the connection failed because of it.
pub(super) async fn explained(
    err: ConnectError,
    config: &Config,
    complaint: oneshot::Receiver<String>,
) -> ConnectError {
    if !matches!(err, ConnectError::ClosedEarly { .. }) {
        return err;
    }
    match timeout(Duration::from_secs(2), complaint).await {
        Ok(Ok(text)) if !text.is_empty() => ConnectError::Tunnel { peer: config.address(), text },
        _ => err,
    }
}

/// How long `ssh` may take to end once its connection is over.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How much of what `ssh` says is kept.
const MOST: usize = 2048;
