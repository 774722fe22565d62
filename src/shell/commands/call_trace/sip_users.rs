//! Who uses the server's SIP trace. It is one switch for all: the last one turns it off.
//!
//! FreeSWITCH does not say whether the trace is on. Traces of this program, in any process, keep a
//! list in a global variable of the server. Whether another operator has it on shows in the log: a SIP
//! message that passes by is written there, so one is sent that the server answers by itself.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::sip::Message;
use crate::client::{Client, Error};
use crate::listener::Logs;
use crate::model::{Event, Id};
use crate::wire::LogLine;

/// The variable: `TAG@SECONDS` words, each with the time at which it is void.
const NAME: &str = "switchy_siptrace";

/// The word for a trace that was switched on by hand: it has no end.
const BY_HAND: &str = "hand@0";

/// What a list without words is written as: an empty value would need another form.
const NONE: &str = "none";

/// A trace that ended without taking itself off the list counts for this long.
const LONGEST: Duration = Duration::from_secs(3600);

/// How often a list that others change at the same time is read again.
const TRIES: usize = 8;

/// Puts a trace on the list, and the one that was on before it.
pub(super) async fn join(client: &Client, tag: &str, was_on: bool) -> Result<(), Error> {
    let end = now().saturating_add(LONGEST.as_secs());
    let word = format!("{tag}@{end}");
    update(client, |users| {
        users.push(word.clone());
        if was_on && !users.iter().any(|user| user == BY_HAND) {
            users.push(BY_HAND.to_owned());
        }
    })
    .await
    .map(drop)
}

/// Takes a trace off the list; whether others are left.
pub(super) async fn leave(client: &Client, tag: &str) -> Result<bool, Error> {
    let is_ours = |user: &String| user.split('@').next() == Some(tag);
    update(client, |users| users.retain(|user| !is_ours(user))).await
}

/// Remembers that a typed line switched the trace on or off.
pub(in crate::shell) async fn note_line(client: &Client, line: &str) {
    let Some(is_on) = by_hand(line) else { return };
    let noted = update(client, |users| {
        users.retain(|user| user != BY_HAND);
        if is_on {
            users.push(BY_HAND.to_owned());
        }
    });
    if let Err(err) = noted.await {
        tracing::debug!(%err, "who uses the SIP trace is not noted");
    }
}

/// Whether a line switches the trace on or off.
fn by_hand(line: &str) -> Option<bool> {
    let lower = line.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let is_on = |word: &str| ["on", "true", "yes", "1"].contains(&word);
    match words.as_slice() {
        ["sofia", "global", "siptrace", word, ..] => Some(is_on(word)),
        // Off for one profile says nothing of the others.
        ["sofia", "profile", _, "siptrace", word, ..] if is_on(word) => Some(true),
        _ => None,
    }
}

/// Changes the list; whether anybody is on it then.
async fn update(client: &Client, change: impl Fn(&mut Vec<String>)) -> Result<bool, Error> {
    for _ in 0..TRIES {
        let (old, mut users) = read(client).await?;
        change(&mut users);
        let new = if users.is_empty() { NONE.to_owned() } else { users.join(",") };
        if new == old || (users.is_empty() && old.is_empty()) {
            return Ok(!users.is_empty());
        }
        // With a third part it is only set where the value is still that.
        let condition = if old.is_empty() { String::new() } else { format!("={old}") };
        client.cmd(&format!("global_setvar {NAME}={new}{condition}")).await?;
        if read(client).await?.0 == new {
            return Ok(!users.is_empty());
        }
    }
    Ok(true)
}

/// The list as it is written, and those of it that count.
async fn read(client: &Client) -> Result<(String, Vec<String>), Error> {
    let text = client.cmd(&format!("global_getvar {NAME}")).await?;
    let text = text.trim();
    let text = if text.starts_with("-ERR") { "" } else { text };
    Ok((text.to_owned(), counting(text, now())))
}

fn counting(text: &str, now: u64) -> Vec<String> {
    let is_void = |word: &str| match word.rsplit_once('@') {
        Some((_, end)) => end.parse::<u64>().is_ok_and(|end| end != 0 && end < now),
        None => true,
    };
    text.split(',').filter(|word| !is_void(word)).map(str::to_owned).collect()
}

fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0)
}

/// Whether an operator who is not on the list has the trace on; returns the log lines that were
/// read meanwhile, too. A note that it was switched on by hand goes when the log says otherwise.
pub(super) async fn was_on(client: &Client, logs: &mut Logs) -> (bool, Vec<LogLine>) {
    let mut kept = Vec::new();
    let users = read(client).await.map(|(_, users)| users).unwrap_or_default();
    if users.iter().any(|user| user != BY_HAND) {
        return (false, kept);
    }
    let was_on = match is_on(client, logs, &mut kept).await {
        Some(true) => true,
        Some(false) => {
            let forgotten = update(client, |users| users.retain(|user| user != BY_HAND)).await;
            if let Err(err) = forgotten {
                tracing::debug!(%err, "who uses the SIP trace is not noted");
            }
            false
        }
        None => users.iter().any(|user| user == BY_HAND),
    };
    (was_on, kept)
}

/// Whether the log shows SIP messages; nothing when none passed that could be seen.
async fn is_on(client: &Client, logs: &mut Logs, kept: &mut Vec<LogLine>) -> Option<bool> {
    let asked = send_options(client).await;
    let seen = async {
        while let Some(line) = logs.next().await {
            let is_sip = Message::of(&line).is_some();
            kept.push(line);
            if is_sip {
                return true;
            }
        }
        false
    };
    if timeout(LOOK, seen).await.unwrap_or(false) {
        return Some(true);
    }
    // The server has answered, and wrote nothing of it.
    let is_answered = asked.is_some_and(|socket| socket.try_recv(&mut [0; 2048]).is_ok());
    is_answered.then_some(false)
}

/// How long a SIP message may take to show in the log.
const LOOK: Duration = Duration::from_millis(400);

/// Sends OPTIONS to a profile of the server, if that is where the event socket is. Such requests keep
/// connections open everywhere; FreeSWITCH answers them without a call.
/// The answer comes to what is returned.
async fn send_options(client: &Client) -> Option<UdpSocket> {
    let server = client.connection().ok()?.address()?;
    // The simulated switch names addresses and has no SIP stack: another server may answer there.
    if client.cmd("version").await.ok()?.contains("simulated") {
        return None;
    }
    let status = client.cmd("sofia status").await.ok()?;
    let to = profiles(&status).find(|profile| profile.ip() == server.ip())?;
    // Without a way to ask nothing is known.
    options(to).await.ok()
}

async fn options(to: SocketAddr) -> std::io::Result<UdpSocket> {
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(to).await?;
    let (from, id) = (socket.local_addr()?, Id::<Event>::random());
    let text = format!(
        "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK{id}\r\n\
         Max-Forwards: 1\r\nFrom: <sip:switchy@{from}>;tag={id}\r\nTo: <sip:{to}>\r\n\
         Call-ID: {id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    socket.send(text.as_bytes()).await?;
    Ok(socket)
}

/// The addresses of the running profiles in `sofia status`.
fn profiles(status: &str) -> impl Iterator<Item = SocketAddr> {
    status.lines().filter(|line| line.contains("RUNNING")).filter_map(|line| {
        let (_, address) = line.split_once("sip:")?;
        let address = address.split([' ', '\t', ';']).next()?;
        address.rsplit('@').next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn who_counts() {
        assert_eq!(counting("", 100), Vec::<String>::new());
        assert_eq!(counting(NONE, 100), Vec::<String>::new());
        assert_eq!(counting("a@99,b@101,hand@0", 100), ["b@101", "hand@0"]);
    }

    #[limited::test]
    fn lines_that_switch_it_are_known() {
        for (line, expected) in [
            ("sofia global siptrace on", Some(true)),
            ("SOFIA global SIPTRACE off", Some(false)),
            ("sofia profile internal siptrace on", Some(true)),
            ("sofia profile internal siptrace off", None),
            ("sofia global debug sla", None),
            ("status", None),
        ] {
            assert_eq!(by_hand(line), expected, "{line}");
        }
    }

    #[limited::test]
    fn profiles_are_found() {
        let status = "  external\tprofile\t  sip:mod_sofia@127.0.0.1:5080\tRUNNING (0)\n\
                      external::example.com\tgateway\tsip:joe@example.com\tNOREG\n\
                      internal\tprofile\tsip:mod_sofia@10.0.0.1:5060;transport=udp\tRUNNING (1)\n";
        let found: Vec<String> = profiles(status).map(|profile| profile.to_string()).collect();
        assert_eq!(found, ["127.0.0.1:5080", "10.0.0.1:5060"]);
    }
}
