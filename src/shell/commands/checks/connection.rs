//! Why there is no connection.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::report::Report;
use crate::client::Client;
use crate::conn::{Config, ConnectError};

/// Tries to connect and says how far it comes.
pub(in crate::shell) async fn connect(config: &Config, report: &mut Report) -> Option<Client> {
    let start = Instant::now();
    // A person waits: less than a connection may take otherwise.
    let config = config.clone().with_connect_timeout(config.connect_timeout().min(PATIENCE));
    let client = Client::with_config(config.clone());
    let err = match client.connect().await {
        Ok(()) => {
            let address = client.connection().ok().and_then(|connection| connection.address());
            let address = address.map_or_else(|| config.address(), |address| address.to_string());
            report.ok("address", format!("{} is {address}", config.address()));
            report.ok(
                "port",
                format!("an event socket answers after {} ms", start.elapsed().as_millis()),
            );
            report.ok("login", "accepted");
            return Some(client);
        }
        Err(crate::client::Error::Connect(err)) => err,
        Err(err) => {
            report.fail("connection", err.to_string(), "");
            return None;
        }
    };
    let speaks_first = !matches!(err, ConnectError::Silent { .. }) || !is_web_server(&config).await;
    if speaks_first {
        explain(&config, &err, report);
    } else {
        let address = config.address();
        report.ok("address", format!("{address} resolves"));
        report.ok("port", "something accepts connections there");
        report.fail("greeting", format!("{address} is a web server"), another(config.port()));
    }
    None
}

/// Whether what waits for its client there is a web server. An event socket that is frozen answers
/// nothing.
async fn is_web_server(config: &Config) -> bool {
    let probe = async {
        let mut stream = TcpStream::connect((config.host(), config.port())).await.ok()?;
        stream.write_all(b"HEAD / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).await.ok()?;
        Some(answer == *b"HTTP/")
    };
    timeout(PROBE, probe).await.ok().flatten() == Some(true)
}

const PROBE: Duration = Duration::from_secs(2);

fn another(port: u16) -> String {
    format!(
        "another program has port {port}: \"ss -ltnp\" on the host names it\n\
         the event socket is where event_socket.conf.xml says: <param name=\"listen-port\" \
         value=\"8021\"/>"
    )
}

const PATIENCE: Duration = Duration::from_secs(5);

/// One line for what worked, then what did not.
fn explain(config: &Config, err: &ConnectError, report: &mut Report) {
    let (address, port) = (config.address(), config.port());
    // Not even ssh was reached: about the server behind it nothing is known.
    if matches!(err, ConnectError::Tunnel { .. } | ConnectError::NoSsh { .. }) {
        report.fail("ssh", err.to_string(), err.hint());
        return;
    }
    let found = err.to_string();
    let is_named = !matches!(err, ConnectError::NoAddress { .. });
    if is_named {
        report.ok("address", format!("{address} resolves"));
    }
    let is_open = !matches!(
        err,
        ConnectError::NoAddress { .. }
            | ConnectError::Refused { .. }
            | ConnectError::Unreachable { .. }
            | ConnectError::NoAnswer { .. }
    );
    if is_open {
        report.ok("port", "something accepts connections there");
    }
    let (check, cure) = match err {
        ConnectError::NoAddress { .. } => {
            ("address", "check the spelling, or the DNS; an IP address works too".to_owned())
        }
        ConnectError::Refused { .. } => ("port", refused(port)),
        ConnectError::Unreachable { .. } => {
            ("port", "there is no route to that network: check the address, the VPN".to_owned())
        }
        ConnectError::NoAnswer { .. } => ("port", filtered(port)),
        ConnectError::Silent { .. } => ("greeting", FROZEN.to_owned()),
        ConnectError::Unanswered { .. } => (
            "login",
            "FreeSWITCH is busy: \"fs_cli -x status\" on the host shows its idle cpu\n\
             or it looks for the user in a slow directory (mod_xml_curl): -T 30s waits longer"
                .to_owned(),
        ),
        ConnectError::NotEventSocket { .. } => ("greeting", another(port)),
        ConnectError::AclRejected { .. } => ("acl", ACL.to_owned()),
        ConnectError::WrongPassword { .. } => ("login", PASSWORD.to_owned()),
        ConnectError::ClosedEarly { .. } => (
            "login",
            "FreeSWITCH is starting or shutting down, or too many clients are connected: try again"
                .to_owned(),
        ),
        other => ("login", other.hint().to_owned()),
    };
    report.fail(check, found, cure);
}

fn refused(port: u16) -> String {
    format!(
        "does FreeSWITCH run there? \"systemctl status freeswitch\"\n\
         is the module loaded? modules.conf.xml: <load module=\"mod_event_socket\"/>\n\
         does it listen on this address? event_socket.conf.xml: <param name=\"listen-ip\" \
         value=\"0.0.0.0\"/> <param name=\"listen-port\" value=\"{port}\"/>\n\
         after a change: \"fs_cli -x 'reload mod_event_socket'\" on the host; \"ss -ltn\" shows \
         what listens\n\
         opening it to others needs a password of your own and <param name=\"apply-inbound-acl\" \
         value=\"lan\"/>; safer is a tunnel: ssh -L {port}:127.0.0.1:{port} HOST"
    )
}

fn filtered(port: u16) -> String {
    format!(
        "packets get lost: a firewall between here and there, or the host is down (\"ping\" it)\n\
         on the host: \"iptables -L -n\" or \"nft list ruleset\", for tcp port {port}\n\
         a tunnel goes around it: ssh -L {port}:127.0.0.1:{port} HOST"
    )
}

const FROZEN: &str = "FreeSWITCH freezes its event socket when a client connects and does not read \
                      (a stopped fs_cli, for example): \"ss -tnp\" on the host shows connections \
                      with a full Recv-Q; end that client\n\
                      or the port belongs to a server that waits for its client: is it 8021?";

const ACL: &str = "the event socket's access list does not admit this address; without one only \
                   loopback is admitted\n\
                   event_socket.conf.xml: <param name=\"apply-inbound-acl\" value=\"lan\"/>, and \
                   acl.conf.xml: <list name=\"lan\" default=\"deny\"><node type=\"allow\" \
                   cidr=\"YOUR-ADDRESS/32\"/></list>\n\
                   then on the host: \"fs_cli -x reloadacl\" and \"fs_cli -x 'reload \
                   mod_event_socket'\"; or a tunnel: ssh -L 8021:127.0.0.1:8021 HOST";

const PASSWORD: &str = "event_socket.conf.xml: <param name=\"password\" value=\"...\"/>; give it with \
                        -p, SWITCHY_PASSWORD, or at the prompt\n\
                        a directory user logs in with -u USER@DOMAIN and its esl-password";
