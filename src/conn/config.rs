//! Where to connect and how to log in.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A text that no `Debug` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The password itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How to log in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Login {
    /// `auth`: the password of `event_socket.conf.xml`.
    Password(Secret),
    /// `userauth`: a directory user with its own allowed lists.
    User {
        /// `user@domain`.
        user: String,
        /// Its `esl-password`.
        password: Secret,
    },
}

/// The way to a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Way {
    /// TCP to host and port.
    #[default]
    Tcp,
    /// A Unix socket, which a tunnel forwards to the event socket.
    Unix(PathBuf),
    /// `ssh` to this `user@host`, and from there TCP to host and port. Connecting needs the
    /// feature `ssh`; without it, it fails with [`ConnectError::NoSsh`](super::ConnectError::NoSsh).
    Ssh {
        /// What `ssh` connects to.
        target: String,
        /// The port of its sshd, if not the usual one.
        port: Option<u16>,
    },
}

/// Where to connect and how. Making one does no I/O.
///
/// # Examples
/// ```
/// use switchy::conn::Config;
///
/// let config = Config::new("vm-host").with_port(8022).with_password("secret");
/// assert_eq!(config.address(), "vm-host:8022");
/// assert!(!format!("{config:?}").contains("secret"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    way: Way,
    host: String,
    port: u16,
    login: Login,
    connect_timeout: Duration,
    command_timeout: Duration,
    dead_after: Duration,
}

impl Config {
    /// The port of mod_event_socket.
    pub const PORT: u16 = 8021;
    /// The password of a stock FreeSWITCH.
    pub const PASSWORD: &'static str = "ClueCon";

    /// A server by name or address, with an optional port: `pbx1`, `10.0.0.1:8022`, `::1`,
    /// `[::1]:8022`; `unix:PATH`; `ssh://USER@HOST[:PORT]`, with `/HOST:PORT` behind it when the
    /// event socket is elsewhere than on that host's loopback. Port 8021 and the stock password
    /// by default.
    #[must_use]
    pub fn new(host: &str) -> Self {
        let (way, host) = split_way(host);
        let (host, port) = split_port(host);
        Self {
            way,
            host: host.to_owned(),
            port: port.unwrap_or(Self::PORT),
            login: Login::Password(Secret::new(Self::PASSWORD)),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(10),
            dead_after: Duration::from_secs(30),
        }
    }

    /// Sets the host, and the port where the text has one, as in [`Config::new`].
    #[must_use]
    pub fn with_host(mut self, host: &str) -> Self {
        let (way, host) = split_way(host);
        self.way = way;
        let (host, port) = split_port(host);
        host.clone_into(&mut self.host);
        self.port = port.unwrap_or(self.port);
        self
    }

    /// Sets the port.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Logs in with `auth PASSWORD`; as the user, when [`Config::with_user`] was called before.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        let password = Secret::new(password);
        self.login = match self.login {
            Login::User { user, .. } => Login::User { user, password },
            Login::Password(_) => Login::Password(password),
        };
        self
    }

    /// Logs in with `userauth USER`, where `user` is `user@domain`. The password stays.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        let (Login::Password(password) | Login::User { password, .. }) = self.login;
        self.login = Login::User { user: user.into(), password };
        self
    }

    /// Sets the whole login.
    #[must_use]
    pub fn with_login(mut self, login: Login) -> Self {
        self.login = login;
        self
    }

    /// Sets how long connecting may take, and then again the greeting and the login.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long a command waits for its reply, unless a call says otherwise.
    #[must_use]
    pub fn with_command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Sets after how long without a sign of life the peer of a connection is dead: bytes that TCP
    /// cannot deliver, and commands without a reply on a connection that is kept up. An `api` may
    /// run longer than that, while the server answers others.
    #[must_use]
    pub fn with_dead_after(mut self, after: Duration) -> Self {
        self.dead_after = after;
        self
    }

    /// The way to the server.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// The directory user of the login; none when it is by the password alone.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match &self.login {
            Login::User { user, .. } => Some(user),
            Login::Password(_) => None,
        }
    }

    /// The host as given.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How to log in.
    #[must_use]
    pub fn login(&self) -> &Login {
        &self.login
    }

    /// How long connecting may take.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        self.connect_timeout
    }

    /// How long a command waits for its reply.
    #[must_use]
    pub fn command_timeout(&self) -> Duration {
        self.command_timeout
    }

    /// After how long without a sign of life the peer is dead.
    #[must_use]
    pub fn dead_after(&self) -> Duration {
        self.dead_after
    }

    /// `HOST:PORT`, with brackets around an IPv6 address; for other ways than TCP, that way.
    #[must_use]
    pub fn address(&self) -> String {
        match &self.way {
            Way::Tcp => self.inner_address(),
            Way::Unix(path) => format!("unix:{}", path.display()),
            Way::Ssh { target, .. } => format!("ssh://{target}/{}", self.inner_address()),
        }
    }

    /// `HOST:PORT` at the end of the way.
    pub(super) fn inner_address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Takes the way off the front of a target: the rest is host and port.
fn split_way(text: &str) -> (Way, &str) {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return (Way::Unix(PathBuf::from(path)), LOOPBACK);
    }
    let Some(rest) = text.strip_prefix("ssh://") else { return (Way::Tcp, text) };
    let (target, inner) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = match target.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, target),
    };
    let (host, port) = split_port(host);
    let target = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
    (Way::Ssh { target, port }, if inner.is_empty() { LOOPBACK } else { inner })
}

/// Where an event socket listens by default.
const LOOPBACK: &str = "127.0.0.1";

/// Splits `host:port`, `[v6]:port`; an address with several colons and no brackets has no port.
fn split_port(text: &str) -> (&str, Option<u16>) {
    if let Some(inner) = text.strip_prefix('[')
        && let Some((host, rest)) = inner.split_once(']')
    {
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (text, None),
        },
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn hosts_and_ports() {
        for (text, address) in [
            ("pbx1", "pbx1:8021"),
            ("10.0.0.1:8022", "10.0.0.1:8022"),
            ("::1", "[::1]:8021"),
            ("[::1]:8022", "[::1]:8022"),
            ("[fe80::1]", "[fe80::1]:8021"),
            ("pbx:notaport", "[pbx:notaport]:8021"),
            ("unix:/run/fs.sock", "unix:/run/fs.sock"),
            ("ssh://ops@pbx1", "ssh://ops@pbx1/127.0.0.1:8021"),
            ("ssh://pbx1:2222/10.0.0.5:8022", "ssh://pbx1/10.0.0.5:8022"),
        ] {
            assert_eq!(Config::new(text).address(), address);
        }
    }

    #[limited::test]
    fn passwords_are_not_shown() {
        for config in [
            Config::new("a").with_password("hunter2"),
            Config::new("a").with_user("u@d").with_password("hunter2"),
            Config::new("a").with_password("hunter2").with_user("u@d"),
        ] {
            assert!(!format!("{config:?}").contains("hunter2"));
            let (Login::Password(secret) | Login::User { password: secret, .. }) = config.login();
            assert_eq!(secret.expose(), "hunter2");
        }
    }
}
