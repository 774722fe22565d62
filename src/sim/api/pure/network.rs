//! Addresses: access lists, interfaces, names. There is one interface, the loopback.

use std::net::IpAddr;

use crate::sim::world::World;
use crate::sim::world::request::{ApiCall, Outcome};

/// Whether an address lies in `a.b.c.d/n`.
fn within(address: IpAddr, network: &str) -> bool {
    let Some((base, bits)) = network.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<IpAddr>(), bits.parse::<u32>()) else { return false };
    let (one, other, width) = match (address, base) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let shift = width - bits.min(width);
    shift == 128 || one >> shift == other >> shift
}

fn is_private(address: IpAddr) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].iter().any(|net| within(address, net))
}

/// The lists that every switch has, and those of the stock layout; a network may be given too.
pub(in crate::sim) fn acl(_: &mut World, asked: &ApiCall) -> Outcome {
    let (address, list) = asked.args.split_once(' ').unwrap_or((&asked.args, ""));
    let Ok(address) = address.parse::<IpAddr>() else { return "false".into() };
    let local = address.is_loopback();
    let admitted = match list.trim() {
        "loopback.auto" | "lan" | "localnet.auto" => local,
        "rfc1918.auto" | "nat.auto" => is_private(address),
        "wan.auto" | "wan_v4.auto" => address.is_ipv4() && !is_private(address) && !local,
        "wan_v6.auto" => address.is_ipv6() && !local,
        "any_v4.auto" => address.is_ipv4(),
        "any_v6.auto" => address.is_ipv6(),
        list => within(address, list),
    };
    admitted.to_string().into()
}

pub(in crate::sim) fn is_lan_addr(_: &mut World, asked: &ApiCall) -> Outcome {
    let address = asked.args.parse::<IpAddr>().ok();
    address.is_some_and(|it| it.is_loopback() || is_private(it)).to_string().into()
}

pub(in crate::sim) fn interface_ip(_: &mut World, asked: &ApiCall) -> Outcome {
    let words: Vec<&str> = asked.args.split_whitespace().collect();
    match words.as_slice() {
        ["auto" | "ipv4", "lo"] => "127.0.0.1".into(),
        ["ipv6", "lo"] => "::1".into(),
        ["auto" | "ipv4" | "ipv6", _] => "".into(),
        _ => format!("USAGE: interface_ip {}\n", asked.syntax()).into(),
    }
}

fn lookup(name: &str) -> Option<&str> {
    match name {
        "localhost" | crate::sim::world::globals::HOSTNAME => Some("127.0.0.1"),
        name => name.parse::<IpAddr>().is_ok().then_some(name),
    }
}

pub(in crate::sim) fn host_lookup(_: &mut World, asked: &ApiCall) -> Outcome {
    if asked.args.is_empty() {
        "parameter missing\n"
    } else {
        lookup(&asked.args).unwrap_or("!err!")
    }
    .into()
}

pub(in crate::sim) fn gethost(_: &mut World, asked: &ApiCall) -> Outcome {
    lookup(&asked.args).unwrap_or("-ERR").into()
}

/// There is no NAT.
pub(in crate::sim) fn nat_map(_: &mut World, _: &ApiCall) -> Outcome {
    "false".into()
}

/// The environment of a simulated switch is empty, and so is its disk.
pub(in crate::sim) fn getenv(_: &mut World, _: &ApiCall) -> Outcome {
    "_undef_".into()
}

pub(in crate::sim) fn file_exists(_: &mut World, _: &ApiCall) -> Outcome {
    "false".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[limited::test]
    fn networks() {
        let inside = |address: &str, network: &str| within(address.parse().unwrap(), network);
        assert!(inside("10.1.1.1", "10.0.0.0/8") && !inside("11.1.1.1", "10.0.0.0/8"));
        assert!(inside("1.2.3.4", "0.0.0.0/0") && inside("::1", "::1/128"));
        assert!(!inside("1.2.3.4", "nosuch") && !inside("1.2.3.4", "::/0"));
    }
}
