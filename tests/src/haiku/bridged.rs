//! A bridge of the add-on's, between programs and network cards on cables.

use super::{Holdings, Program, boot, settled, sound};
use crate::clock::{Limit, within};
use haiku_abi::{O_NONBLOCK, O_RDWR, bigtime_t};
use kernelland::user::{self, Interest, Interface, Node, Process, READ};
use kernelland::wire::{Cable, Nic};
use kernelland::{Config, Kernel};
use std::net::Ipv4Addr;
use std::time::Duration;

/// A kernel in which there is `bridge0`, up, with `tap0` as a port, which a program has open.
#[derive(Debug)]
pub struct Bridged {
    /// The kernel.
    pub kernel: Kernel,
    /// Who administers.
    pub root: Program,
    /// The program's descriptor of `/dev/tap/0`; its reads do not wait.
    pub tap: Node,
    /// What the add-on has of the kernel when there is nothing of this.
    before: Holdings,
}

/// A network card on a cable, with an interface that is up.
#[derive(Debug)]
pub struct Card {
    /// The card.
    pub nic: Nic,
    /// The other end of its wire.
    pub cable: Cable,
    /// Its interface.
    pub interface: Interface,
}

impl Bridged {
    /// Runs a test in a kernel of its own, with the bridge in it, and in the end looks for faults and for what is left. Where
    /// nothing can build the add-on, the test is skipped, said in a line.
    pub fn run(test: &str, body: impl FnOnce(&Self)) {
        let Some(bridged) = Self::new(test) else { return };
        body(&bridged);
        bridged.ends();
    }

    /// Boots and makes it; `None`, said in a line, where nothing can build the add-on.
    pub fn new(test: &str) -> Option<Self> {
        let limit = Some(Duration::from_secs(180));
        let kernel = boot(test, Config { time_limit: limit, ..Config::default() })?;
        let root = Program::root();
        // Once before: what the first life makes for all stays.
        drop(begin(&kernel, root));
        end(root);
        settled(&kernel);
        let before = Holdings::of(&kernel);
        let tap = begin(&kernel, root);
        let bridged = Self { kernel, root, tap, before };
        bridged.comes_to_show("tap0", "status: active");
        Some(bridged)
    }

    /// Runs `ifconfig`, which must succeed.
    #[track_caller]
    pub fn ifconfig(&self, arguments: &str) -> String {
        self.root.ifconfig(arguments).unwrap_or_else(|error| panic!("{arguments}: {error}\n{}", self.kernel.syslog()))
    }

    /// Plugs in a card, and takes its interface up.
    pub fn card(&self, name: &str, mac: [u8; 6]) -> Card {
        Card::plug_in(name, mac, None)
    }

    /// Plugs in a card on whose interface the host has an address, of a network of 256.
    pub fn addressed(&self, name: &str, mac: [u8; 6], address: Ipv4Addr) -> Card {
        Card::plug_in(name, mac, Some(address))
    }

    /// Plugs in a card that becomes a port of `bridge0`.
    pub fn member(&self, name: &str, mac: [u8; 6]) -> Card {
        let card = self.card(name, mac);
        self.ifconfig(&format!("bridge0 addm {}", card.nic.path()));
        card
    }

    /// Waits until `ifconfig -v` of an interface has these words in it.
    #[track_caller]
    pub fn comes_to_show(&self, interface: &str, words: &str) {
        let shows = || self.ifconfig(&format!("-v {interface}")).contains(words);
        let held = within(PATIENCE, shows);
        assert!(held, "no {words:?}: {}\n{}", self.ifconfig(&format!("-v {interface}")), self.kernel.syslog());
    }

    /// Sends a frame as the program on the tap.
    #[track_caller]
    pub fn tap_sends(&self, frame: &[u8]) {
        self.tap.write(frame).expect("there is room");
    }

    /// Returns whether the program on the tap gets a frame that begins so.
    pub fn tap_hears(&self, beginning: &[u8], patience: Duration) -> bool {
        reads(&self.tap, patience, |frame| frame.starts_with(beginning).then_some(())).is_some()
    }

    /// Destroys what there is, and ends it. No fault may have been found that the add-on took part in, and nothing of it
    /// be left but what was there before.
    pub fn ends(self) {
        let Self { kernel, root, tap, before } = self;
        drop(tap);
        end(root);
        let left = || Holdings::of(&kernel).beyond(&before);
        assert!(within(PATIENCE, || left().is_empty()), "{:#?}\n{}", left(), kernel.threads());
        sound(&kernel);
    }
}

/// Makes the bridge with its tap, and opens the tap.
fn begin(kernel: &Kernel, root: Program) -> Node {
    for line in ["bridge0 create", "tap0 create up", "bridge0 addm tap0 up"] {
        root.ifconfig(line).unwrap_or_else(|error| panic!("{line}: {error}\n{}", kernel.syslog()));
    }
    Process::root().open("/dev/tap/0", O_RDWR | O_NONBLOCK).expect("the node is there")
}

fn end(root: Program) {
    for interface in ["bridge0", "tap0"] {
        root.ifconfig(&format!("{interface} destroy")).unwrap_or_else(|error| panic!("{interface}: {error}"));
    }
}

impl Card {
    fn plug_in(name: &str, mac: [u8; 6], address: Option<Ipv4Addr>) -> Self {
        let (nic, cable) = Nic::on_cable(name, mac).expect("the name is free");
        let interface = Interface::named(Process::root(), &nic.path());
        // One of the same name may be about to go.
        assert!(within(PATIENCE, || interface.create().is_ok()), "the stack has a device module for cards");
        if let Some(address) = address {
            // Before it is up: only then does it get routes.
            interface.set_address(address.into(), 24).expect("an address");
        }
        interface.up().expect("the card can be opened");
        Self { nic, cable, interface }
    }

    /// Returns whether a frame comes out of the wire that begins so.
    pub fn wire_hears(&self, beginning: &[u8], patience: Duration) -> bool {
        hears(&self.cable, patience, |frame| frame.starts_with(beginning).then_some(())).is_some()
    }
}

/// Reads frames of a node until `wanted` finds something in one.
pub fn reads<R>(node: &Node, patience: Duration, mut wanted: impl FnMut(&[u8]) -> Option<R>) -> Option<R> {
    let end = Limit::after(patience);
    let mut room = [0; 2048];
    loop {
        while let Ok(bytes) = node.read(&mut room) {
            if let Some(found) = wanted(&room[..bytes]) {
                return Some(found);
            }
        }
        if end.passed() {
            return None;
        }
        let left = bigtime_t::try_from(end.left().as_micros()).unwrap_or(bigtime_t::MAX);
        let _ = user::poll(&[Interest::Node(node, READ)], left);
    }
}

/// Receives frames of a card until `wanted` finds something in one.
pub fn hears<R>(cable: &Cable, patience: Duration, mut wanted: impl FnMut(&[u8]) -> Option<R>) -> Option<R> {
    let end = Limit::after(patience);
    while !end.passed() {
        let frame = cable.receive(end.left()).ok()??;
        if let Some(found) = wanted(&frame) {
            return Some(found);
        }
    }
    None
}

/// Far longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(5);
