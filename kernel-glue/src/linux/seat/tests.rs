use super::*;
use crate::linux::lab::{Host, Lab, PLAIN, in_namespace};
use crate::linux::{BridgeId, Plane, PlaneEvent, PlaneOptions, TapDevice, Wire};
use frame::PortId;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::time::Duration;

const W: BridgeId = BridgeId(7);

fn start(workers: usize) -> Plane {
    Plane::start(PlaneOptions { workers, nice: 0, spin: Duration::ZERO }).unwrap()
}

fn wait(fd: &impl AsFd, milliseconds: i64) -> bool {
    let time = Timespec { tv_sec: milliseconds / 1_000, tv_nsec: milliseconds % 1_000 * 1_000_000 };
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&time)).unwrap() == 1
}

/// The end of a program.
struct Program(OwnedFd);

impl Program {
    fn write(&self, bytes: &[u8]) {
        assert_eq!(rustix::io::write(&self.0, bytes), Ok(bytes.len()));
    }

    /// Returns what one read brings, `None` if nothing comes in time.
    fn read(&self) -> Option<Vec<u8>> {
        wait(&self.0, 400).then(|| {
            let mut packet = vec![0; 70_000];
            let bytes = rustix::io::read(&self.0, &mut packet).unwrap();
            packet.truncate(bytes);
            packet
        })
    }
}

fn ethernet(dst: [u8; 6], src: u8, text: &str) -> Vec<u8> {
    let mut frame = [&dst[..], &[2, 0, 0, 0, 0, src], &[0x88, 0xb5], text.as_bytes()].concat();
    frame.resize(frame.len().max(60), 0);
    frame
}

/// A wire between a kernel TAP and one seat.
struct Net {
    plane: Plane,
    wire: Wire,
    node: NodePort,
    program: Program,
    host: Host,
    _tap: TapDevice,
}

impl Net {
    fn new(lab: &mut Lab, workers: usize, header: Header) -> Self {
        let plane = start(workers);
        let (tap, host) = lab.host("tap0", workers);
        let wire = plane.add_wire(W).unwrap();
        plane.add_tap_port(W, PortId::HOST, &tap).unwrap();
        let node = NodePort::new(Kind::Tap, None);
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        let (ours, theirs) = seat_pair(QUEUE_PACKETS).unwrap();
        node.seat(1, ours, header).unwrap();
        plane.sync_node(W, Wire::NODE, &node).unwrap();
        Self { plane, wire, node, program: Program(theirs), host, _tap: tap }
    }
}

#[test]
fn frames_pass_between_a_program_and_a_kernel_interface() {
    in_namespace(|mut lab| {
        let mut net = Net::new(&mut lab, 1, Header::None);
        let there: Vec<_> = (0..50).map(|number| ethernet([0xff; 6], 1, &format!("{number}"))).collect();
        there.iter().for_each(|frame| net.program.write(frame));
        assert_eq!(net.host.frames(50), there);
        let back: Vec<_> = (0..50).map(|number| ethernet([2, 0, 0, 0, 0, 1], 2, &format!("{number}"))).collect();
        back.iter().for_each(|frame| net.host.send(frame, PLAIN));
        assert!(back.iter().all(|frame| net.program.read().as_ref() == Some(frame)));
        drop(net.program);
        assert!(wait(&net.plane.event_fd(), 400));
        assert_eq!(net.plane.poll_event(), Some(PlaneEvent::SeatClosed { id: 1 }));
        println!("{:?}\n{:?}", net.node.counts(), net.wire.port_counters(PortId::HOST));
    });
}
