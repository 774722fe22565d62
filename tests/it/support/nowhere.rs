//! An address that refuses every connection.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port of this machine on which no program listens as long as this lives: sockets are bound to
/// it, so that it is given to nobody else, and they do not listen.
pub(crate) struct Nowhere {
    port: u16,
    _held: Vec<Socket>,
}

impl Nowhere {
    pub(crate) fn new() -> Self {
        // Another program may have the port on the other family.
        (0..100).find_map(|_| Self::on_both()).unwrap()
    }

    fn on_both() -> Option<Self> {
        let near = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let port = near.local_addr().unwrap().as_socket().unwrap().port();
        let mut held = vec![near];
        // Where there is no IPv6, nobody listens on it either.
        match bound(SocketAddr::from((Ipv6Addr::LOCALHOST, port))) {
            Ok(far) => held.push(far),
            Err(err) if err.kind() == std::io::ErrorKind::AddrInUse => return None,
            Err(_no_ipv6) => {}
        }
        Some(Self { port, _held: held })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn bound(address: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

#[limited::test]
fn nowhere_refuses_and_keeps_its_port() {
    let nowhere = Nowhere::new();
    for host in ["127.0.0.1", "localhost"] {
        let refused = std::net::TcpStream::connect((host, nowhere.port())).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{host}");
    }
    let taken = std::net::TcpListener::bind(("127.0.0.1", nowhere.port())).unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
}
