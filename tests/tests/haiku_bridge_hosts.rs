//! The bridge in Haiku's kernel between real hosts: Linux at the card's wire, a virtual machine at the tap's node, and
//! the kernel itself.

use haiku_abi::O_RDWR;
use kernelland::user::{Interface, Process};
use kernelland::wire::Nic;
use std::time::Duration;
use tests::haiku::{Bridged, plug};
use tests::{Host, Lab, Pings, Tagging, Vm, echo};

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
/// Host numbers: of Linux, of the machine, of Haiku.
const LINUX: u8 = 1;
const VM: u8 = 2;
const HAIKU: u8 = 3;

/// Whose the address of Haiku is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Address {
    Bridge,
    Card,
}

/// Linux, a card, a bridge, a tap, a machine.
struct Lan {
    // In the order in which they end.
    vm: Vm,
    linux: Host,
    _nic: Nic,
    bridged: Bridged,
    _lab: Lab,
}

impl Lan {
    fn new(test: &str, address: Address) -> Option<Self> {
        let lab = Lab::open(test)?;
        let bridged = Bridged::new(test)?;
        let ns = lab.ns("linux");
        let nic = ns.enter(|| Nic::on_tap("wire/0", CARD, "eth0")).expect("root may make a TAP");
        let linux = Host::with_interface(ns, "eth0", LINUX);
        let card = Interface::named(Process::root(), &nic.path());
        card.create().unwrap();
        if address == Address::Card {
            card.set_address(Host::address(HAIKU).into(), 24).unwrap();
        }
        card.up().unwrap();
        bridged.ifconfig(&format!("bridge0 addm {}", nic.path()));
        if address == Address::Bridge {
            bridged.ifconfig(&format!("bridge0 inet {}/24", Host::address(HAIKU)));
        }
        bridged.ifconfig("tap1 create");
        bridged.ifconfig("bridge0 addm tap1");
        let node = Process::root().open("/dev/tap/1", O_RDWR).unwrap();
        bridged.comes_to_show("tap1", "status: active");
        let vm = Vm::start(plug(node), VM, Tagging::None);
        Some(Self { vm, linux, _nic: nic, bridged, _lab: lab })
    }

    fn reach_one_another(&self) {
        let vm = &self.vm;
        let log = || self.bridged.ifconfig("-v bridge0") + &self.bridged.kernel.syslog();
        assert!(self.linux.reaches(Host::address(HAIKU)), "Linux -> Haiku\n{}", log());
        assert!(vm.reaches(Host::address(HAIKU)), "machine -> Haiku\n{}", log());
        assert!(self.linux.reaches(vm.address), "Linux -> machine\n{}", log());
        assert!(vm.reaches(self.linux.address), "machine -> Linux\n{}", log());
        let pings = Pings { count: 20, payload: 1472, interval: Duration::from_millis(10) };
        for to in [HAIKU, VM] {
            // A busy machine may take too long for one of them.
            let all = (0..3).any(|_| self.linux.ping(Host::address(to), pings) == 20);
            assert!(all, "full size to {to}\n{}", log());
        }
    }

    fn ends(self) {
        let Self { vm, linux, _nic, bridged, _lab } = self;
        drop((vm, linux));
        bridged.ifconfig("tap1 destroy");
        bridged.ends();
    }
}

#[test]
fn linux_a_machine_and_haiku_reach_one_another_by_the_bridge() {
    kernelland::test(|| {
        let test = "linux_a_machine_and_haiku_reach_one_another_by_the_bridge";
        let Some(lan) = Lan::new(test, Address::Bridge) else { return };
        lan.reach_one_another();
        lan.ends();
    });
}

#[test]
fn linux_a_machine_and_haiku_reach_one_another_by_a_card_with_an_address() {
    kernelland::test(|| {
        let test = "linux_a_machine_and_haiku_reach_one_another_by_a_card_with_an_address";
        let Some(lan) = Lan::new(test, Address::Card) else { return };
        lan.reach_one_another();
        lan.ends();
    });
}

#[test]
fn a_hundred_megabytes_pass_and_come_back() {
    kernelland::test(|| {
        let Some(lan) = Lan::new("a_hundred_megabytes_pass_and_come_back", Address::Card) else { return };
        std::thread::scope(|scope| {
            let stream = scope.spawn(|| echo(&lan.linux, lan.vm.address, 100));
            // Meanwhile Haiku is reached.
            while !stream.is_finished() {
                assert!(lan.linux.reaches(Host::address(HAIKU)));
            }
            stream.join().unwrap();
        });
        lan.ends();
    });
}
