//! A LAN of kernel hosts on `bridge0`, and VPN peers that are on it by devices `tunN`.
//!
//! Everybody is in 10.0.0.0/24 and fd00::/64, and number `n` has the last part `n` in both. A LAN host knows the LAN and
//! nothing else. A peer is a namespace of its own with an ordinary kernel TUN; OpenVPN carries its packets to the daemon's
//! namespace, where another OpenVPN has the device `tunN` open and configures nothing.

use crate::attachment::{Attachment, Site};
use crate::clock::within;
use crate::daemon::Daemon;
use crate::host::Host;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::openvpn::secret;
use crate::running::Running;
use crate::stream::carry;
use crate::wire::Wire;
use serde_json::Value;
use std::net::{IpAddr, Ipv6Addr};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// The bridge, its daemon, and who is on it.
#[derive(Debug)]
pub struct Lan<'l> {
    lab: &'l Lab,
    site: Site,
}

/// The other end of a VPN: an end host whose only way out is its `tun0`.
#[derive(Debug)]
pub struct Peer<'l> {
    /// The end host.
    pub host: Host,
    lan: &'l Lan<'l>,
    n: u8,
}

impl<'l> Lan<'l> {
    /// Starts a daemon and makes `bridge0`.
    #[track_caller]
    pub fn new(lab: &'l Lab) -> Self {
        let site = Site::new(lab, Attachment::Exec);
        site.daemon().ok("bridge0 create up");
        secret(lab.directory());
        Self { lab, site }
    }

    pub(crate) fn lab(&self) -> &Lab {
        self.lab
    }

    /// Returns the daemon.
    pub fn daemon(&self) -> &Daemon {
        self.site.daemon()
    }

    /// Returns the namespace of the daemon, in which programs open devices.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Returns the addresses of number `n`.
    pub fn both(n: u8) -> [IpAddr; 2] {
        [Host::address(n).into(), Self::address6(n).into()]
    }

    /// Returns the IPv6 address of number `n`.
    pub fn address6(n: u8) -> Ipv6Addr {
        Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n.into())
    }

    /// Puts host number `n` behind the member `eth`N, with its `eth0`.
    #[track_caller]
    pub fn host(&self, n: u8) -> Host {
        let (ns, member) = (self.lab.ns(&format!("host{n}")), format!("eth{n}"));
        ns.allow_ipv6();
        let host = Host::by_veth(ns, self.site.ns(), &member, n);
        host.ns.ip(&format!("address add {}/64 dev eth0 nodad", Self::address6(n)));
        self.daemon().ok(&format!("bridge0 addm {member}"));
        host
    }

    /// Puts the bare end of a cable behind the member `tap`N.
    #[track_caller]
    pub fn cable(&self, n: u8) -> Wire {
        let name = format!("tap{n}");
        let wire = Wire::tap(self.site.ns(), &name);
        self.daemon().ok(&format!("bridge0 addm {name}"));
        wire
    }

    /// Makes the device `tunN`, which stands for number `n` in both families, as a member of the bridge; more words for
    /// `ifconfig` may follow.
    #[track_caller]
    pub fn device(&self, name: &str, n: u8, words: &str) {
        let addresses = format!("peer {} peer {}", Host::address(n), Self::address6(n));
        self.member(name, &format!("{addresses} {words}"));
    }

    /// Makes the device `tunN` as a member of the bridge by words for `ifconfig`.
    #[track_caller]
    pub fn member(&self, name: &str, words: &str) {
        self.daemon().ok(&format!("{name} create {words}"));
        self.daemon().ok(&format!("bridge0 addm {name}"));
    }

    /// Makes the other end of a VPN, with number `n`, that reaches everybody through its `tun0`.
    #[track_caller]
    pub fn peer(&'l self, n: u8) -> Peer<'l> {
        let peer = self.stranger(n);
        peer.has(&Host::address(n).to_string());
        peer
    }

    /// As [`Self::peer`], but without an IPv4 address.
    #[track_caller]
    pub fn stranger(&'l self, n: u8) -> Peer<'l> {
        let ns = self.far(n);
        ns.ip("tuntap add dev tun0 mode tun");
        ns.ip(&format!("address add {}/64 dev tun0 nodad", Self::address6(n)));
        ns.ip("link set tun0 up");
        ns.ip("-6 route add default dev tun0");
        let host = Host { ns: Arc::new(ns), interface: "tun0".to_owned(), address: Host::address(n) };
        Peer { host, lan: self, n }
    }

    /// Makes the namespace of another end, 172.30.`n`.2, with a cable to 172.30.`n`.1 at the daemon.
    #[track_caller]
    pub fn far(&self, n: u8) -> Ns {
        let (ns, site) = (self.lab.ns(&format!("peer{n}")), self.site.ns());
        ns.allow_ipv6();
        site.ip(&format!("link add under{n} type veth peer name under netns {}", ns.name()));
        for (ns, interface, last) in [(&**site, format!("under{n}"), 1), (&ns, "under".to_owned(), 2)] {
            ns.ip(&format!("address add {}/24 dev {interface}", under(n, last)));
            ns.ip(&format!("link set {interface} up"));
        }
        ns
    }

    /// Returns what is shown of a device as a link between two points.
    #[track_caller]
    pub fn link(&self, device: &str) -> Value {
        let text = self.daemon().ok(&format!("-j {device}"));
        let mut shown: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let one = if shown.is_array() { shown[0].take() } else { shown };
        assert!(one["tun"].is_object(), "{device} is shown as no link: {text}");
        one["tun"].clone()
    }

    /// Returns one of the counters of a link.
    #[track_caller]
    pub fn counter(&self, device: &str, name: &str) -> u64 {
        self.link(device)["counters"][name].as_u64().unwrap_or(0)
    }

    /// Fails the test unless each of some hosts, given with their numbers, reaches every other one, and streams pass
    /// between them. The first is on the LAN; for it all others are one station, that of `device`.
    #[track_caller]
    pub fn all_reach_each_other(&self, device: &str, hosts: &[(u8, &Host)]) {
        let others = |n: u8| hosts.iter().filter(move |(other, _)| *other != n);
        for (n, from) in hosts {
            for (to, _) in others(*n) {
                assert!(comes_to_reach(from, &Self::both(*to)), "{n} to {to}: {:#}", self.link(device));
            }
        }
        for (n, from) in hosts {
            for (to, host) in others(*n) {
                for address in Self::both(*to) {
                    carry(&from.ns, &host.ns, address, 1);
                }
            }
        }
        let mac = self.link(device)["peer_mac"].as_str().expect("a MAC address").to_owned();
        let first = hosts.first().expect("somebody on the LAN");
        for (n, _) in others(first.0) {
            let entry = neighbour(&first.1.ns, Host::address(*n));
            assert!(entry.contains(&mac), "{n} is the station {mac}: {entry}");
        }
    }

    /// Fails the test if an interface of the daemon's namespace has another end instead of a segment of stations.
    #[track_caller]
    pub fn is_all_ethernet(&self) {
        let links = self.site.ns().links();
        let other: Vec<_> =
            links.iter().filter(|(_, link)| link.flags.iter().any(|flag| flag == "POINTOPOINT")).collect();
        assert!(other.is_empty(), "{other:?}");
    }

    /// Ends the daemon, and fails the test if anything of it remains.
    #[track_caller]
    pub fn ends(self) {
        self.site.ends(self.lab);
    }
}

impl Peer<'_> {
    /// Gives the end host an IPv4 address in the network of the LAN.
    pub fn has(&self, address: &str) {
        self.host.ns.ip(&format!("address add {address}/24 dev tun0"));
        self.host.ns.ip("route replace default dev tun0");
    }

    /// Starts both programs, that at the daemon with `device` open, and waits until they have them.
    #[track_caller]
    pub fn starts(&self, device: &str) -> (Running, Running) {
        let far = self.starts_far();
        (self.opens(device), far)
    }

    /// Starts the program at the daemon, and returns when it has just opened `device`.
    #[track_caller]
    pub fn opens(&self, device: &str) -> Running {
        let mut command = self.lan.site.command("openvpn");
        self.options(&mut command, device, [1, 2]);
        let mut near = Running::start(command, self.lan.lab.directory().join(format!("near{}.log", self.n)));
        near.says(&format!("device {device} opened"), SOON);
        near
    }

    /// Starts the program on the kernel TUN.
    #[track_caller]
    pub fn starts_far(&self) -> Running {
        let mut command = self.host.ns.beside("openvpn");
        self.options(&mut command, "tun0", [2, 1]);
        let mut far = Running::start(command, self.lan.lab.directory().join(format!("far{}.log", self.n)));
        far.says("device tun0 opened", SOON);
        far
    }

    fn options(&self, command: &mut Command, device: &str, [near, far]: [u8; 2]) {
        command.args(["--dev", device, "--dev-type", "tun", "--proto", "udp", "--verb", "3", "--disable-dco"]);
        command.args(["--local", &under(self.n, near), "--remote", &under(self.n, far), "--port", "1194"]);
        command.arg("--secret").arg(self.lan.lab.directory().join("key"));
        // 2.7 wants to be told that this is meant, 2.6 does not know the option.
        command.args(["--ignore-unknown-option", "allow-deprecated-insecure-static-crypto"]);
        command.args(["--allow-deprecated-insecure-static-crypto", "--cipher", "AES-256-CBC"]);
    }
}

/// Returns whether `from` comes to reach every one of `addresses`.
pub fn comes_to_reach(from: &Host, addresses: &[IpAddr]) -> bool {
    addresses.iter().all(|&address| within(SOON, || from.reaches(address)))
}

/// Returns the neighbour entry that a host has for an address, in `ip`'s text.
pub fn neighbour(of: &Ns, address: impl Into<IpAddr>) -> String {
    of.ip(&format!("neigh show {}", address.into()))
}

/// Returns the address of one end of the cable under the tunnel of peer `n`.
fn under(n: u8, end: u8) -> String {
    format!("172.30.{n}.{end}")
}

/// Longer than programs take to start on a loaded machine.
const SOON: Duration = Duration::from_secs(20);
