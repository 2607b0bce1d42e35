//! Readers in this process, and how packets are spread over several.

use super::*;

/// A face whose program is the test.
#[derive(Debug)]
pub(super) struct Desk {
    written: Mutex<VecDeque<Vec<u8>>>,
    given: Mutex<Vec<Vec<u8>>>,
    bell: Arc<OwnedFd>,
    readers: u32,
}

impl Desk {
    pub(super) fn new(readers: u32) -> Arc<Self> {
        let bell = crate::linux::worker::bell().unwrap();
        Arc::new(Self { written: Mutex::default(), given: Mutex::default(), bell, readers })
    }

    pub(super) fn write(&self, frame: &[u8]) {
        self.written.lock().unwrap().push_back([&[0; VNET_BYTES], frame].concat());
        crate::linux::worker::ring(self.bell.as_fd());
    }
}

impl Face for Desk {
    fn take(&self, stored: &mut [u8]) -> Option<usize> {
        let mut written = self.written.lock().unwrap();
        let frame = written.pop_front()?;
        stored[..frame.len()].copy_from_slice(&frame);
        if written.is_empty() {
            crate::linux::worker::clear(self.bell.as_fd());
        }
        Some(frame.len())
    }

    fn give(&self, _flow: u32, packet: &[u8]) -> Result<(), DropReason> {
        let mut given = self.given.lock().unwrap();
        if given.len() == 100 {
            return Err(DropReason::QueueFull);
        }
        given.push(packet.to_vec());
        Ok(())
    }

    fn readers(&self) -> u32 {
        self.readers
    }

    fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

#[test]
fn frames_pass_between_a_face_and_a_kernel_interface() {
    in_namespace(|mut lab| {
        let plane = start(1);
        let (tap, mut host) = lab.host("tap0", 1);
        plane.add_wire(W).unwrap();
        plane.add_tap_port(W, PortId::HOST, &tap).unwrap();
        let desk = Desk::new(0);
        let node = NodePort::new(Kind::Tap, Some(desk.clone()));
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        let there: Vec<_> = (0..40).map(|number| ethernet(ALL, 1, &format!("{number}"))).collect();
        there.iter().for_each(|frame| desk.write(frame));
        assert_eq!(host.frames(40), there);
        let (frame, offload) = super_frame(Gso::TcpV4, mac(1), mac(2), &[]);
        (0..3).for_each(|_| host.send(&frame, offload));
        until(|| node.counts().to_app.drops.get(DropReason::QueueFull) == 20);
        assert_eq!(desk.given.lock().unwrap().iter().map(|frame| verified(frame).len()).sum::<usize>(), 100_000);
        assert_eq!((node.counts().to_app.frames, node.counts().from_app.frames), (100, 40));

        // A seat goes first, for the face says that it has no reader.
        let program = seat(&node, 1, Header::None);
        plane.sync_node(W, Wire::NODE, &node).unwrap();
        host.send(&there[0], PLAIN);
        assert_eq!(program.reads(1), there[..1]);
    });
}

#[test]
fn flows_are_spread_over_every_reader() {
    in_namespace(|_lab| {
        let plane = start(2);
        plane.add_wire(W).unwrap();
        let desk = Desk::new(1);
        let nodes = [NodePort::new(Kind::Tun, None), NodePort::new(Kind::Tun, Some(desk.clone()))];
        let source = seat(&nodes[0], 1, Header::None);
        let readers = [2, 3].map(|id| seat(&nodes[1], id, Header::None));
        plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
        plane.add_node_port(W, Wire::NODE, &nodes[1]).unwrap();
        let packet = |flow: u8, number: u8| {
            let mut packet = ip(number);
            packet[19] = flow;
            packet
        };
        for number in 0..4 {
            (0..24).for_each(|flow| source.write(&packet(flow, number)));
        }
        until(|| nodes[1].counts().to_app.frames == 96);
        let mut got: Vec<Vec<Vec<u8>>> = readers
            .iter()
            .zip([2, 3])
            .map(|(reader, id)| reader.reads(nodes[1].seat_counts(id).unwrap().to_app.frames as usize))
            .collect();
        got.push(desk.given.lock().unwrap().clone());
        assert!(got.iter().all(|packets| packets.len() >= 8), "each has flows");
        for flow in 0..24 {
            let of_flow = |packets: &&Vec<Vec<u8>>| packets.iter().any(|packet| packet[19] == flow);
            let own: Vec<_> = got.iter().filter(of_flow).collect();
            assert_eq!(own.len(), 1, "flow {flow} has one reader");
            let order = own[0].iter().filter(|packet| packet[19] == flow).cloned();
            assert!(order.eq((0..4).map(|number| packet(flow, number))), "in order");
        }
    });
}
