//! A network of OpenVPN over `tun0`, unmodified: one end at a site under test, the others on kernel TUN devices.

use crate::attachment::{Attachment, Site};
use crate::clock::within;
use crate::holder::Stand;
use crate::host::{Host, Pings};
use crate::lab::Lab;
use crate::ns::Ns;
use crate::openvpn::{certificate, configuration, identity, secret};
use crate::running::Running;
use crate::stream::carry;
use std::cell::RefCell;
use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

/// What the end at the site is, and who the others are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shape {
    /// One of two equals with a shared key.
    Pair,
    /// A TLS client of a server at the other end.
    Client(Topology),
    /// A TLS server of two clients.
    Server(Topology),
}

/// How a server gives addresses to its clients.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topology {
    /// All of them in one network.
    Subnet,
    /// Each of them in a network of four addresses, of which the other end has one.
    Net30,
}

/// The cables, the keys and the configurations.
#[derive(Debug)]
pub struct Vpn<'l> {
    site: &'l Site,
    lab: &'l Lab,
    shape: Shape,
    far: Vec<Arc<Ns>>,
    /// Lines for the configuration of the end at the site, and of the others.
    more: RefCell<[String; 2]>,
    stand: Option<Stand>,
}

/// A network that is up: dropping it kills the programs.
#[derive(Debug)]
pub struct Up {
    /// OpenVPN at the site.
    pub program: Running,
    /// The site as an end host.
    pub near: Point,
    /// The others.
    pub far: Vec<Point>,
    /// OpenVPN of the others.
    pub others: Vec<Running>,
}

/// An end host with an address of either family on its `tun0`.
#[derive(Clone, Debug)]
pub struct Point {
    /// Where it is, with its IPv4 address.
    pub host: Host,
    /// Its IPv6 address.
    pub address6: Ipv6Addr,
}

impl<'l> Vpn<'l> {
    /// Makes `tun0` at the site, which has nothing yet, and all that lies under the tunnels.
    #[track_caller]
    pub fn new(lab: &'l Lab, site: &'l Site, shape: Shape) -> Self {
        site.ns().allow_ipv6();
        site.create("tun0");
        Self::over(lab, site, shape)
    }

    /// As [`Self::new`], over a `tun0` that is there already.
    #[track_caller]
    pub fn over(lab: &'l Lab, site: &'l Site, shape: Shape) -> Self {
        let count = if matches!(shape, Shape::Server(_)) { 2 } else { 1 };
        let far: Vec<_> = (0..count).map(|n| Arc::new(lab.ns(&format!("far{n}")))).collect();
        for (n, ns) in far.iter().enumerate() {
            ns.allow_ipv6();
            site.ns().ip(&format!("link add under{n} type veth peer name under netns {}", ns.name()));
            site.ns().ip(&format!("address add {}/30 dev under{n}", under(n, 1)));
            site.ns().ip(&format!("link set under{n} up"));
            ns.ip(&format!("address add {}/30 dev under", under(n, 2)));
            ns.ip("link set under up");
        }
        secret(lab.directory());
        ["near", "far0", "far1"].iter().take(1 + count).for_each(|name| certificate(lab.directory(), name));
        let stand = (site.attachment() == Attachment::Plug).then(|| Stand::build(lab));
        Self { site, lab, shape, far, more: RefCell::default(), stand }
    }

    /// Adds a line to the configuration of the end at the site.
    pub fn near_line(&self, line: &str) {
        self.more.borrow_mut()[0] += &format!("{line}\n");
    }

    /// Adds a line to the configuration of the other ends.
    pub fn far_line(&self, line: &str) {
        self.more.borrow_mut()[1] += &format!("{line}\n");
    }

    /// Returns the namespaces of the other ends.
    pub fn far(&self) -> &[Arc<Ns>] {
        &self.far
    }

    /// Starts all, the server first if there is one, and waits until each end answers the site's pings of either family,
    /// and the site theirs. Fails the test unless the site is Ethernet only.
    #[track_caller]
    pub fn start(&self) -> Up {
        let (program, others);
        match self.shape {
            Shape::Client(_) => {
                let mut server = self.start_far(0);
                server.says(COMPLETED, SOON);
                (program, others) = (self.start_near(), vec![server]);
            }
            Shape::Pair => (program, others) = (self.start_near(), vec![self.start_far(0)]),
            Shape::Server(_) => {
                let mut server = self.start_near();
                server.says(COMPLETED, SOON);
                (program, others) = (server, (0..self.far.len()).map(|n| self.start_far(n)).collect());
            }
        }
        let near = point(self.site.ns()).unwrap_or_else(|| panic!("no addresses:\n{}", program.log()));
        let points = self.far.iter().map(point).zip(&others);
        let far: Vec<_> =
            points.map(|(point, other)| point.unwrap_or_else(|| panic!("no addresses:\n{}", other.log()))).collect();
        self.site.is_ethernet_only("tun0");
        self.routes(&near, &far);
        for (point, other) in far.iter().zip(&others) {
            for (from, to) in [(&near, point), (point, &near)] {
                for address in to.addresses() {
                    let joined = within(SOON, || from.host.reaches(address));
                    let name = from.host.ns.name();
                    assert!(joined, "{address} does not answer {name}:\n{}\n{}", program.log(), other.log());
                }
            }
        }
        Up { program, near, far, others }
    }

    /// Adds the routes that OpenVPN leaves to the program of `unix:`, which sets addresses alone; where there are but two
    /// of them, that is enough.
    fn routes(&self, near: &Point, far: &[Point]) {
        if self.stand.is_some() && self.shape != Shape::Pair {
            for address in far.iter().flat_map(Point::addresses).chain(Some(near.host.address.into())) {
                let known = self.site.ns().try_ip(&format!("route get {address}")).stdout;
                if !known.contains(" dev tun0 ") && !known.starts_with("local ") {
                    self.site.ns().ip(&format!("route add {address} dev tun0"));
                }
            }
        }
    }

    /// Starts OpenVPN at the site, in the way of its attachment.
    #[track_caller]
    pub fn start_near(&self) -> Running {
        let mut text = format!("dev tun0\n{}", self.more.borrow()[0]);
        match self.shape {
            Shape::Pair => self.pair(&mut text, [1, 2]),
            Shape::Client(_) => self.client(&mut text, "near", "far0", &under(0, 2)),
            Shape::Server(topology) => self.server(&mut text, topology, "near", &["far0", "far1"]),
        }
        let mut command = self.site.holder("openvpn", "tun0");
        match (&self.stand, self.site.attachment()) {
            (Some(stand), _) => {
                text += &stand.lines(self.site, "tun0");
                stand.hold(&mut command);
            }
            (None, Attachment::Node) => writeln!(text, "dev-node {}", self.site.node("tun0").display()).expect("text"),
            (None, _) => {}
        }
        command.arg(configuration(self.lab.directory(), "near", &text));
        Running::start(command, self.lab.directory().join("openvpn-near.log"))
    }

    /// Starts OpenVPN at the other end number `n`.
    #[track_caller]
    pub fn start_far(&self, n: usize) -> Running {
        let (name, mut text) = (format!("far{n}"), format!("dev tun0\n{}", self.more.borrow()[1]));
        match self.shape {
            Shape::Pair => self.pair(&mut text, [2, 1]),
            Shape::Client(topology) => self.server(&mut text, topology, &name, &["near"]),
            Shape::Server(_) => self.client(&mut text, &name, "near", &under(n, 1)),
        }
        let mut command = self.far[n].beside("openvpn");
        command.arg(configuration(self.lab.directory(), &name, &text));
        Running::start(command, self.lab.directory().join(format!("openvpn-{name}.log")))
    }

    fn pair(&self, text: &mut String, [ours, theirs]: [u8; 2]) {
        let key = self.lab.directory().join("key");
        *text += &format!(
            "remote {}\nport 1194\nsecret {}\ncipher AES-256-CBC\n\
             ignore-unknown-option allow-deprecated-insecure-static-crypto\nallow-deprecated-insecure-static-crypto\n\
             ifconfig 10.8.0.{ours} 10.8.0.{theirs}\nifconfig-ipv6 fd00:8::{ours}/64 fd00:8::{theirs}\n",
            under(0, theirs),
            key.display(),
        );
    }

    fn client(&self, text: &mut String, ours: &str, server: &str, at: &str) {
        *text += &format!("client\nnobind\nremote {at} 1194\nconnect-retry 1 1\n");
        *text += &identity(self.lab.directory(), ours, &[server]);
    }

    fn server(&self, text: &mut String, topology: Topology, ours: &str, clients: &[&str]) {
        let topology = match topology {
            Topology::Subnet => "subnet",
            Topology::Net30 => "net30",
        };
        *text += &format!("topology {topology}\nserver 10.8.0.0 255.255.255.0\nserver-ipv6 fd00:8::/64\n");
        // Each client knows of the others, who are behind the server.
        *text += "dh none\nport 1194\npush \"route 10.8.0.0 255.255.255.0\"\n";
        *text += &identity(self.lab.directory(), ours, clients);
    }
}

impl Point {
    /// Returns its addresses.
    pub fn addresses(&self) -> [IpAddr; 2] {
        [self.host.address.into(), self.address6.into()]
    }

    /// Fails the test unless `to` answers pings that fill packets of `mtu_bytes`, of either family.
    #[track_caller]
    pub fn pings_full(&self, to: &Self, mtu_bytes: u32) {
        for (address, headers) in to.addresses().into_iter().zip([28, 48]) {
            let full = Pings { count: 10, payload: mtu_bytes - headers, interval: Duration::from_millis(10) };
            // A machine under load may lose one: what is carried here is UDP.
            let all_pass = (0..3).any(|_| self.host.ping(address, full) == full.count);
            assert!(all_pass, "packets of {mtu_bytes} bytes from {} to {address}", self.host.ns.name());
        }
    }

    /// Sends `mebibytes` to `to` by TCP over IPv4, and 4 of them over IPv6, and compares every byte there.
    #[track_caller]
    pub fn sends(&self, to: &Self, mebibytes: usize) {
        for (address, mebibytes) in to.addresses().into_iter().zip([mebibytes, 4]) {
            let rate = carry(&self.host.ns, &to.host.ns, address, mebibytes);
            println!("{} to {address}: {rate:.0} Mbit/s", self.host.ns.name());
        }
    }
}

/// Waits until `tun0` has an address of either family.
fn point(ns: &Arc<Ns>) -> Option<Point> {
    let mut found = None;
    within(SOON, || {
        let addresses = ns.links().remove("tun0").map(|link| link.addresses).unwrap_or_default();
        let plain = addresses.iter().filter_map(|address| address.split('/').next()?.parse().ok());
        let (mut four, mut six) = (None, None);
        for address in plain {
            match address {
                IpAddr::V4(address) => four = Some(address),
                IpAddr::V6(address) => six = Some(address),
            }
        }
        found = four.zip(six);
        found.is_some()
    });
    let (address, address6) = found?;
    Some(Point { host: Host { ns: Arc::clone(ns), interface: "tun0".to_owned(), address }, address6 })
}

/// Returns the address, on the cable to the other end number `n`, of the site (1) or that end (2).
fn under(n: usize, side: u8) -> String {
    format!("198.51.100.{}", 4 * n + usize::from(side))
}

/// What OpenVPN prints when all is ready.
const COMPLETED: &str = "Initialization Sequence Completed";

/// Longer than anything here takes on a loaded machine.
const SOON: Duration = Duration::from_secs(20);
