use super::*;
use std::sync::atomic::AtomicBool;
use std::thread;

/// Returns how many descriptors the process has, which tests that run beside this one may change by a few.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_full_queue_drops_what_it_counts() {
    in_namespace(|mut lab| {
        let net = Net::new(&mut lab, 1, Header::None);
        let frame = [ethernet(mac(1), 2, "flood"), vec![0; 1_454]].concat();
        const SENT: u64 = 3_000;
        (0..SENT).for_each(|_| net.host.send(&frame, PLAIN));
        let passed = || net.node.counts().to_app;
        let kernel = || net.wire.port_counters(PortId::HOST).rx_frames;
        until(|| kernel() == passed().frames + passed().drops.total() && kernel() > 500);
        // The kernel's own queue may have dropped some before.
        until_still(&kernel);
        let (passed, drops) = (passed(), passed().drops);
        assert_eq!(drops.total(), drops.get(DropReason::QueueFull), "{drops:?}");
        assert_eq!(passed.frames + drops.total(), kernel());
        assert!((500..=530).contains(&passed.frames), "{} packets of 1,514 bytes in a queue for 512", passed.frames);
        let got = net.program.reads(passed.frames as usize);
        assert_eq!(got.len() as u64, passed.frames);
        assert!(got.iter().all(|got| *got == frame));
        assert!(!wait(&net.program.0, 20), "no more than was counted");
        let sum = net.wire.port_counters(Wire::NODE);
        assert_eq!((sum.tx_frames, sum.drops), (passed.frames, drops));
    });
}

/// Waits until a number has not changed for a while.
fn until_still(number: &impl Fn() -> u64) {
    let last = std::cell::Cell::new(u64::MAX);
    let never = crate::linux::worker::bell().unwrap();
    until(|| {
        wait(&never, 20);
        last.replace(number()) == number()
    });
}

#[test]
fn a_thousand_programs_come_and_go() {
    in_namespace(|mut lab| {
        let mut net = Net::new(&mut lab, 2, Header::None);
        let before = descriptors();
        for id in 10..1_010 {
            let program = seat(&net.node, id, Header::None);
            net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
            if id % 100 == 0 {
                program.write(&ethernet(ALL, 1, &format!("{id}")));
                assert_eq!(net.host.frames(1).len(), 1);
            }
            if id % 2 == 0 {
                drop(program);
                assert_eq!(next_event(&net.plane), Some(PlaneEvent::SeatClosed { id }));
            }
            net.node.unseat(id);
            net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        }
        assert!(descriptors() < before + 100, "{before} descriptors before, {} after", descriptors());
        assert_eq!(net.plane.poll_event(), None);
    });
}

/// A program that writes and reads as fast as it can until its descriptor ends, and tells how many packets it wrote and read.
fn busy(program: &Program, frame: &[u8]) -> (u64, u64) {
    let (mut written, mut read) = (0, 0);
    let mut room = vec![0; 2_000];
    loop {
        match rustix::io::write(&program.0, frame) {
            Ok(_) => written += 1,
            Err(Errno::PIPE) => break,
            Err(errno) => panic!("{errno}"),
        }
        while let Ok((bytes, _)) = rustix::net::recv(&program.0, &mut room[..], rustix::net::RecvFlags::DONTWAIT) {
            if bytes == 0 {
                break;
            }
            read += 1;
        }
    }
    while let Ok((1.., _)) = rustix::net::recv(&program.0, &mut room[..], rustix::net::RecvFlags::DONTWAIT) {
        read += 1;
    }
    (written, read)
}

/// Sends to the program from the kernel's side until told to stop.
fn flood(host: &OwnedFd, over: &AtomicBool) -> u64 {
    let frame = [&[0; VNET_BYTES][..], &ethernet(mac(1), 2, "flood")].concat();
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
        rustix::io::write(host, &frame).unwrap();
        sent += 1;
        if sent % 16 == 0 {
            thread::yield_now();
        }
    }
    sent
}

#[test]
fn a_device_is_destroyed_under_load() {
    in_namespace(|mut lab| {
        for _ in 0..5 {
            let Net { plane, wire, node, program, host, tap } = Net::new(&mut lab, 2, Header::None);
            let over = AtomicBool::new(false);
            let socket = host.socket();
            thread::scope(|scope| {
                let program = scope.spawn(|| busy(&program, &ethernet(ALL, 1, "busy")));
                scope.spawn(|| flood(&socket, &over));
                until(|| node.counts().from_app.frames > 500 && node.counts().to_app.frames > 100);
                node.unseat(1);
                plane.remove_bridge(W);
                over.store(true, Ordering::Relaxed);
                let (written, read) = program.join().unwrap();
                let FaceCounts { from_app, to_app } = node.counts();
                assert_eq!(read, to_app.frames, "what was counted as sent was read");
                assert_eq!(written, from_app.frames + from_app.drops.get(DropReason::PortDown), "and what was written");
            });
            drop((plane, wire, host, tap));
            assert_eq!(lab.link("tap0"), None);
        }
    });
}

#[test]
fn a_program_dies_under_load() {
    in_namespace(|mut lab| {
        let Net { plane, wire, node, program, mut host, tap } = Net::new(&mut lab, 2, Header::None);
        drop(program);
        assert_eq!(next_event(&plane), Some(PlaneEvent::SeatClosed { id: 1 }));
        for id in 2..12 {
            node.unseat(id - 1);
            let program = seat(&node, id, Header::None);
            plane.sync_node(W, Wire::NODE, &node).unwrap();
            let over = AtomicBool::new(false);
            let socket = host.socket();
            let written = thread::scope(|scope| {
                scope.spawn(|| flood(&socket, &over));
                // It dies in the middle of writing, with packets unread.
                let frame = ethernet(ALL, 1, "dying");
                let before = node.counts().to_app.frames;
                (0..1_000).for_each(|_| program.write(&frame));
                until(|| node.counts().to_app.frames > before);
                drop(program);
                assert_eq!(next_event(&plane), Some(PlaneEvent::SeatClosed { id }));
                over.store(true, Ordering::Relaxed);
                node.seat_counts(id).unwrap().from_app.frames
            });
            assert_eq!(written, 1_000, "what it wrote before is carried");
        }
        until_still(&|| wire.port_counters(PortId::HOST).rx_frames);
        assert_eq!(plane.poll_event(), None, "each end is told once");
        while !host.receive().is_empty() {}
        drop(tap);
    });
}

#[test]
fn a_device_moves_to_a_bridge_and_back_under_load() {
    in_namespace(|mut lab| {
        let Net { plane, wire, node, program, host, tap } = Net::new(&mut lab, 1, Header::None);
        // Whoever floods is on the wire, so nothing comes back from the bridge but what the test sends.
        let (bridge, cable) = bridged(&mut lab, &plane, &NodePort::new(Kind::Tap, None), [open(), open()]);
        plane.remove_port(B, port(1));
        let frame = ethernet(ALL, 1, "moving");
        let over = AtomicBool::new(false);
        let socket = host.socket();
        let (written, read) = thread::scope(|scope| {
            let running = scope.spawn(|| busy(&program, &frame));
            let flooding = scope.spawn(|| flood(&socket, &over));
            let more = |than: u64| until(|| node.counts().from_app.frames > than + 300);
            for _ in 0..5 {
                more(node.counts().from_app.frames);
                plane.remove_port(W, Wire::NODE);
                plane.add_node_port(B, port(1), &node).unwrap();
                more(node.counts().from_app.frames);
                plane.remove_port(B, port(1));
                plane.add_node_port(W, Wire::NODE, &node).unwrap();
            }
            over.store(true, Ordering::Relaxed);
            let _sent = flooding.join().unwrap();
            until_still(&|| node.counts().to_app.frames + node.counts().to_app.drops.total());
            // The program's last packets come through before its end is made.
            plane.remove_port(W, Wire::NODE);
            node.unseat(1);
            running.join().unwrap()
        });
        plane.add_node_port(W, Wire::NODE, &node).unwrap();
        let counts = node.counts();
        assert_eq!(read, counts.to_app.frames, "all that was counted as sent was read");
        let (on_wire, on_bridge) = (wire.port_counters(Wire::NODE), bridge.port_counters(port(1)));
        assert_eq!(on_wire.rx_frames + on_bridge.rx_frames, counts.from_app.frames, "all that was read was carried");
        let unread = counts.from_app.drops.get(DropReason::PortDown);
        assert_eq!(written, counts.from_app.frames + unread, "all that was written is counted");
        let (kernel, dropped) = (wire.port_counters(PortId::HOST).rx_frames, on_wire.drops.total());
        assert_eq!(kernel, on_wire.tx_frames + dropped, "all that came from the kernel is counted");
        assert_eq!(plane.poll_event(), None);
        drop((cable, tap));
    });
}

/// A worker that has nothing to do takes no processor time, whatever became of its seats.
#[test]
fn dead_seats_cost_nothing() {
    in_namespace(|mut lab| {
        let net = Net::new(&mut lab, 1, Header::None);
        let worker = worker_thread();
        let never = crate::linux::worker::bell().unwrap();
        let idle = |name: &str| {
            wait(&never, 50);
            let before = time_of(&worker);
            wait(&never, 200);
            let used = time_of(&worker) - before;
            assert!(used < Duration::from_millis(10), "{name}: {used:?} of 200 ms");
        };
        idle("no traffic");
        drop(net.program);
        idle("the program has closed its end");
        assert_eq!(next_event(&net.plane), Some(PlaneEvent::SeatClosed { id: 1 }));
        let second = seat(&net.node, 2, Header::None);
        net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        net.node.unseat(2);
        idle("unseated, and the plane not told");
        net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        idle("unseated");
        drop(second);
        let third = seat(&net.node, 3, Header::None);
        net.plane.sync_node(W, Wire::NODE, &net.node).unwrap();
        rustix::net::shutdown(&third.0, rustix::net::Shutdown::Write).unwrap();
        idle("the program ends its direction");
        (0..3).for_each(|_| net.host.send(&ethernet(mac(1), 2, "to the dead"), PLAIN));
        idle("frames for the dead");
        drop(net.tap);
    });
}

/// Returns the number of the newest worker's thread.
fn worker_thread() -> i32 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let workers = threads.filter(|thread| {
        std::fs::read_to_string(thread.path().join("comm")).is_ok_and(|name| name.starts_with("forward-"))
    });
    workers.filter_map(|thread| thread.file_name().into_string().ok()?.parse().ok()).max().unwrap()
}

/// Returns the processor time of a thread.
fn time_of(thread: &i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap();
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}
