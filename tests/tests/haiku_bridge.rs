//! The bridge in Haiku's kernel: the add-on's file in a kernel in user space, between nodes and network cards.

use kernelland::user::Interest;
use kernelland::user::{Node, READ, poll};
use kernelland::wire::{Cable, Nic};
use std::time::Duration;
use tests::haiku::Rig;
use tests::{EtherFrame, Limit};

const CARD: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const VM: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x10];
const FAR: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x20];
const ALL: [u8; 6] = [0xff; 6];
const PATIENCE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(300);

/// A bridge of a tap and a network card.
struct Lan {
    rig: Rig,
    nic: Nic,
    cable: Cable,
    tap: Node,
}

impl Lan {
    fn new(test: &str) -> Option<Self> {
        let rig = Rig::boot(test)?;
        let (nic, cable) = Nic::on_cable("wire/0", CARD).unwrap();
        rig.interface(&nic.path()).create().unwrap();
        rig.interface(&nic.path()).up().unwrap();
        rig.ifconfig("bridge0 create");
        rig.ifconfig("tap0 create up");
        rig.ifconfig(&format!("bridge0 addm tap0 addm {} up", nic.path()));
        let tap = rig.open("/dev/tap/0");
        Some(Self { rig, nic, cable, tap })
    }

    /// Returns the next frame that the program on the tap gets with this text.
    fn tap_hears(&self, frame: &EtherFrame) -> bool {
        reads(&self.tap, &frame.bytes(), PATIENCE)
    }
}

fn reads(node: &Node, wanted: &[u8], patience: Duration) -> bool {
    let end = Limit::after(patience);
    let mut room = [0; 2048];
    while !end.passed() {
        let _ = poll(&[Interest::Node(node, READ)], end.left().as_micros() as i64);
        while let Ok(bytes) = node.read(&mut room) {
            if room[..bytes].starts_with(wanted) {
                return true;
            }
        }
    }
    false
}

fn hears(cable: &Cable, wanted: &[u8], patience: Duration) -> bool {
    let end = Limit::after(patience);
    while !end.passed() {
        match cable.receive(end.left()).unwrap() {
            Some(frame) if frame.starts_with(wanted) => return true,
            Some(_) | None => {}
        }
    }
    false
}

#[test]
fn frames_pass_between_a_tap_and_a_card() {
    kernelland::test(|| {
        let Some(lan) = Lan::new("frames_pass_between_a_tap_and_a_card") else { return };
        let out = EtherFrame::new(ALL, VM, "out").bytes();
        lan.tap.write(&out).unwrap();
        std::thread::sleep(MOMENT);
        println!("{}", lan.rig.ifconfig("-v bridge0"));
        println!("{}", lan.rig.ifconfig("-v tap0"));
        assert!(hears(&lan.cable, &out, PATIENCE), "{}", lan.rig.kernel().syslog());
        let back = EtherFrame::new(VM, FAR, "back");
        lan.cable.send(&back.bytes()).unwrap();
        assert!(lan.tap_hears(&back), "{}", lan.rig.kernel().syslog());
        println!("{}", lan.rig.ifconfig("-v bridge0"));
        println!("{:?}", lan.nic.counts());
    });
}
