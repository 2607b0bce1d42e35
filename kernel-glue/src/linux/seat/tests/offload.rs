//! Work that a sender left to others: done here, or by a program that takes it over.

use super::*;

#[test]
fn segments_of_a_burst_reach_the_kernel_as_one() {
    in_namespace(|mut lab| {
        let mut net = Net::new(&mut lab, 1, Header::None);
        let (frame, offload) = super_frame(Gso::TcpV4, mac(2), mac(1), &[]);
        let mut segments = frame::offload::Segments::new(&frame, &offload).unwrap();
        let mut room = vec![0; 2_000];
        // All at once: written while the wire is not served.
        net.plane.remove_port(W, Wire::NODE);
        let mut sent = Vec::new();
        while let Some(bytes) = segments.next_into(&mut room) {
            net.program.write(&room[..bytes]);
            sent.push(room[..bytes].to_vec());
        }
        net.plane.add_node_port(W, Wire::NODE, &net.node).unwrap();
        let (mut whole, mut got) = (0, Vec::new());
        while got.len() < 40 {
            let frames = net.host.receive();
            assert!(!frames.is_empty(), "{} of 40 segments", got.len());
            whole += frames.len();
            for (state, frame) in frames {
                let mut segments = frame::offload::Segments::new(&frame, &state).unwrap();
                while let Some(bytes) = segments.next_into(&mut room) {
                    got.push(room[..bytes].to_vec());
                }
            }
        }
        assert!(got == sent && whole == 2, "a burst of 32 and one of 8, not {whole}");
        let passed = net.wire.port_counters(PortId::HOST);
        assert_eq!((passed.tx_frames, passed.tx_bytes, passed.drops.total()), (40, 40 * 1_054, 0), "each is counted");
    });
}

#[test]
fn super_frames_reach_programs_as_they_want_them() {
    in_namespace(|mut lab| {
        let mut net = Net::new(&mut lab, 1, Header::None);
        let (frame, offload) = super_frame(Gso::TcpV4, mac(1), mac(2), &[]);
        net.host.send(&frame, offload);
        let segments = net.program.reads(40);
        let payload: Vec<u8> = segments.iter().flat_map(|segment| verified(segment)).collect();
        assert_eq!((segments.len(), payload.len()), (40, 40_000));
        until(|| net.node.counts().to_app.frames == 40);

        let vnet = Header::Vnet(VnetBytes::Ten);
        net.node.set_header(1, vnet);
        net.host.send(&frame, offload);
        assert_eq!(net.program.reads(40).len(), 40, "a header alone takes over nothing");
        net.node.set_offload(1, Offloads::CSUM | Offloads::TSO6);
        net.host.send(&frame, offload);
        assert_eq!(net.program.reads(40).len(), 40, "of another kind");
        let (summed, state) = unsummed(mac(1), mac(2));
        net.host.send(&summed, state);
        let got = net.program.read().unwrap();
        assert_eq!(got[10..], summed[..], "the program sums itself");
        net.node.set_offload(1, Offloads::CSUM | Offloads::TSO4);
        net.host.send(&frame, offload);
        let got = net.program.read().unwrap();
        let state = Offload::from_vnet(got.first_chunk().unwrap()).unwrap();
        assert_eq!((essence(state), &got[VNET_BYTES..]), (essence(offload), &frame[..]));

        // And back, as the kernel takes it.
        let (frame, offload) = super_frame(Gso::TcpV4, mac(2), mac(1), &[]);
        net.program.write(&[&offload.to_vnet()[..], &frame].concat());
        let got = net.host.receive();
        assert_eq!(
            got.iter().map(|(state, frame)| (essence(*state), frame)).collect::<Vec<_>>(),
            [(essence(offload), &frame)]
        );
        net.program.write(&[&[0, 77, 0, 0, 0, 0, 0, 0, 0, 0], &frame[..]].concat());
        until(|| net.node.counts().from_app.drops.get(DropReason::Offload) == 1);
    });
}

#[test]
fn super_packets_of_a_tun_reach_a_program_that_does_not_want_them_in_pieces() {
    in_namespace(|_lab| {
        let plane = start(1);
        plane.add_wire(W).unwrap();
        let nodes = [NodePort::new(Kind::Tun, None), NodePort::new(Kind::Tun, None)];
        let programs = [seat(&nodes[0], 1, Header::Vnet(VnetBytes::Ten)), seat(&nodes[1], 2, Header::PacketInfo)];
        plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
        plane.add_node_port(W, Wire::NODE, &nodes[1]).unwrap();
        let (frame, offload) = super_frame(Gso::TcpV4, mac(1), mac(2), &[]);
        let offload = offload.shifted(-14);
        programs[0].write(&[&offload.to_vnet()[..], &frame[14..]].concat());
        let ethernet = |packet: &Vec<u8>| [&frame[..14], &packet[4..]].concat();
        let packets = programs[1].reads(40);
        assert!(packets.iter().all(|packet| packet[..4] == [0, 0, 8, 0]));
        assert_eq!(packets.iter().map(ethernet).map(|frame| verified(&frame).len()).sum::<usize>(), 40_000);
        let (frame, offload) = unsummed(mac(1), mac(2));
        let offload = offload.shifted(-14);
        programs[0].write(&[&offload.to_vnet()[..], &frame[14..]].concat());
        assert_eq!(verified(&ethernet(&programs[1].read().unwrap())).len(), 400);

        // One burst keeps its order.
        plane.remove_port(W, PortId::HOST);
        let plain = |number| [&[0; VNET_BYTES], &ip(number)[..]].concat();
        programs[0].write(&plain(1));
        programs[0].write(&[&offload.to_vnet()[..], &frame[14..]].concat());
        programs[0].write(&plain(2));
        plane.add_node_port(W, PortId::HOST, &nodes[0]).unwrap();
        let order = programs[1].reads(3).into_iter().map(|packet| (packet.len(), packet[9]));
        assert_eq!(order.collect::<Vec<_>>(), [(64, 1), (444, 1), (64, 2)]);
    });
}

#[test]
fn a_super_frame_crosses_a_link_once() {
    in_namespace(|_lab| {
        let plane = start(1);
        plane.add_wire(W).unwrap();
        let host = mac(1);
        let config = link_config(Place::Host(Mac(host)));
        let peer = config.peer_mac.0;
        let ends = [NodePort::new(Kind::Tap, None), NodePort::with_link(Arc::new(LinkPort::new(config, &plane)), None)];
        let vnet = Header::Vnet(VnetBytes::Ten);
        let programs = [seat(&ends[0], 1, vnet), seat(&ends[1], 2, vnet)];
        plane.add_node_port(W, PortId::HOST, &ends[0]).unwrap();
        plane.add_node_port(W, Wire::NODE, &ends[1]).unwrap();
        for (end, id) in ends.iter().zip([1, 2]) {
            end.set_offload(id, Offloads::CSUM | Offloads::TSO4);
        }
        let read = |program: &Program| {
            let got = program.read().unwrap();
            (Offload::from_vnet(got.first_chunk().unwrap()).unwrap(), got[VNET_BYTES..].to_vec())
        };
        let (frame, offload) = super_frame(Gso::TcpV4, peer, host, &[]);
        programs[0].write(&[&offload.to_vnet()[..], &frame].concat());
        let (state, packet) = read(&programs[1]);
        assert_eq!((essence(state), &packet[..]), (essence(offload.shifted(-14)), &frame[14..]));

        programs[1].write(&[&state.to_vnet()[..], &packet].concat());
        let (state, back) = read(&programs[0]);
        let header = [&host[..], &peer, &[8, 0]].concat();
        assert_eq!((essence(state), &back[..14], &back[14..]), (essence(offload), &header[..], &packet[..]));
    });
}

#[test]
fn a_program_gets_unfinished_what_it_takes_over() {
    let vnet = Header::Vnet(VnetBytes::Twelve);
    let sum = Offload { needs_checksum: true, ..PLAIN };
    let tso = |gso| Offload { gso, ..sum };
    let all = Offloads::all();
    #[rustfmt::skip]
    let rows = [
        ("no header",      Header::PacketInfo, all,                        sum,                              false),
        ("checksum",       vnet,               Offloads::CSUM,             sum,                              true),
        ("nothing",        vnet,               Offloads::empty(),          sum,                              false),
        ("TSO4",           vnet,               all - Offloads::TSO4,       tso(Gso::TcpV4),                  false),
        ("TSO6",           vnet,               all - Offloads::TSO6,       tso(Gso::TcpV6),                  false),
        ("no checksum",    vnet,               all - Offloads::CSUM,       tso(Gso::TcpV6),                  false),
        ("USO, half of it", vnet,              all - Offloads::USO6,       tso(Gso::UdpSegment),             false),
        ("congestion",     vnet,               all - Offloads::TSO_ECN,    Offload { ecn: true, ..tso(Gso::TcpV4) }, false),
        ("everything",     vnet,               all,                        Offload { ecn: true, ..tso(Gso::TcpV4) }, true),
        ("UDP fragments",  vnet,               all,                        tso(Gso::UdpFragment),            false),
    ];
    for (name, header, offloads, state, want) in rows {
        assert_eq!(Terms { header, offloads, ..Terms::default() }.takes(&state), want, "{name}");
    }
}
