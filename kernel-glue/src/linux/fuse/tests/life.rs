//! Opening, reading, writing and closing.

use super::*;
use rustix::io::{read, write};
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

#[test]
fn packets_pass_both_ways() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        scene.give(7);
        let mut buffer = [0; 2000];
        assert_eq!(read(&file, &mut buffer), Ok(60));
        assert_eq!(buffer[..60], frame(7));
        assert_eq!(write(&file, &frame(8)), Ok(60));
        assert_eq!(scene.take(), Some(frame(8)));
        assert_eq!(scene.take(), None);
        drop(file);
        drop(scene);
        assert!(std::fs::read_dir(DIRECTORY).unwrap().next().is_none(), "unmounted");
    });
}

#[test]
fn whether_a_read_waits_is_asked_each_time() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        rustix::fs::fcntl_setfl(&file, flags | OFlags::NONBLOCK).unwrap();
        assert_eq!(read(&file, &mut [0; 100]), Err(Errno::AGAIN));
        rustix::fs::fcntl_setfl(&file, flags).unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read(&file, &mut [0; 100]));
            scene.await_waiters(1);
            scene.give(1);
            assert_eq!(reader.join().unwrap(), Ok(60));
        });
    });
}

#[test]
fn a_blocked_read_does_not_stall_a_write() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read(&file, &mut [0; 100]));
            scene.await_waiters(1);
            let (took, written) = timed(|| write(&file, &frame(3)));
            assert_eq!(written, Ok(60));
            assert!(took < AT_ONCE, "{took:?}");
            scene.give(1);
            assert_eq!(reader.join().unwrap(), Ok(60));
        });
    });
}

#[test]
fn a_packet_is_one_call() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        let long: Vec<u8> = (0..1000).map(|at| at as u8).collect();
        let parts = [&long[..14], &long[14..20], &long[20..]].map(IoSlice::new);
        assert_eq!(rustix::io::writev(&file, &parts), Ok(1000));
        assert_eq!(scene.take(), Some(long.clone()));
        assert_eq!(scene.take(), None);

        scene.device.give(0, &long).unwrap();
        scene.give(2);
        let (mut first, mut second, mut rest) = ([0; 20], [0; 8], [0; 4000]);
        let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second), IoSliceMut::new(&mut rest)];
        assert_eq!(rustix::io::readv(&file, &mut parts), Ok(1000));
        assert_eq!([&first[..], &second, &rest[..972]].concat(), long);
        assert_eq!(read(&file, &mut rest), Ok(60));
        assert_eq!(read(&file, &mut rest), Err(Errno::AGAIN));

        // The end of what does not fit is lost, and the next packet is whole.
        scene.device.give(0, &long).unwrap();
        scene.give(2);
        assert_eq!(read(&file, &mut first), Ok(20));
        assert_eq!(first[..], long[..20]);
        assert_eq!(read(&file, &mut rest), Ok(60));
    });
}

#[test]
fn the_largest_packet_is_whole() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        // Not at the start of a page, so that the most pages are spanned.
        let memory: Vec<u8> = (0..65_635_u32).map(|at| (at % 251) as u8).collect();
        let long = &memory[100..];
        assert_eq!(write(&file, long), Ok(65_535));
        assert_eq!(scene.take().as_deref(), Some(long));
        scene.device.give(0, long).unwrap();
        let mut buffer = vec![0; 70_000];
        assert_eq!(read(&file, &mut buffer), Ok(65_535));
        assert_eq!(buffer[..65_535], *long);
    });
}

#[test]
fn what_is_no_packet_is_refused() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        assert_eq!(write(&file, &[0; 13]), Err(Errno::INVAL));
        scene.desk.queues.set_link(Link::Down, &mut Waiter::woken);
        assert_eq!(write(&file, &frame(1)), Err(Errno::IO));
        scene.desk.queues.set_link(Link::Up, &mut Waiter::woken);
        assert_eq!(scene.take(), None);
        assert_eq!(write(&file, &frame(1)), Ok(60));
    });
}

#[test]
fn a_node_is_a_file_of_its_owner() {
    in_namespace(|| {
        let scene = Scene::new();
        scene.server.publish(TAP0, Owner { uid: 1000, gid: 1001, mode: 0o640 });
        let names: Vec<_> = std::fs::read_dir(DIRECTORY).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["tap", "tun", "tap0"]);
        let metadata = std::fs::metadata(Scene::node()).unwrap();
        assert_eq!((metadata.mode(), metadata.uid(), metadata.gid()), (0o100_640, 1000, 1001));
        assert_eq!(std::fs::metadata(DIRECTORY).unwrap().mode(), 0o040_755);

        let refused = std::fs::set_permissions(Scene::node(), PermissionsExt::from_mode(0o666)).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
        // A shell's `> node` cuts the file first.
        std::fs::write(Scene::node(), frame(4)).unwrap();
        assert_eq!(scene.take(), Some(frame(4)));
        assert_eq!(
            std::fs::write(Path::new(DIRECTORY).join("tap1"), b"x").unwrap_err().raw_os_error(),
            Some(libc::EPERM)
        );
        let file = Scene::open(OFlags::empty());
        assert_eq!(rustix::fs::seek(&file, rustix::fs::SeekFrom::Start(1)), Err(Errno::SPIPE));

        scene.server.withdraw(TAP0);
        assert!(!Scene::node().exists());
        scene.give(5);
        assert_eq!(read(&file, &mut [0; 100]), Ok(60));
    });
}

#[test]
fn another_server_does_not_take_a_directory_that_is_served() {
    in_namespace(|| {
        let scene = Scene::new();
        let options =
            NodeOptions { directory: DIRECTORY.into(), clones: OWNER, keeper: None, threads: 1, pool: Pool::new() };
        let desk = Arc::clone(&scene.desk);
        let error = NodeServer::mount(&options, desk).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/mnt/dev: nodes are served there already: Device or resource busy (os error 16)"
        );
    });
}

#[test]
fn a_thousand_opens_leave_nothing() {
    in_namespace(|| {
        let scene = Scene::new();
        let tasks = || std::fs::read_dir("/proc/self/task").unwrap().count();
        drop(Scene::open(OFlags::empty()));
        let threads = tasks();
        for _ in 0..1000 {
            let file = Scene::open(OFlags::NONBLOCK);
            assert_eq!(read(&file, &mut [0; 100]), Err(Errno::AGAIN));
        }
        eventually("all closed", || scene.desk.descriptors.lock().unwrap().is_empty());
        assert_eq!(scene.desk.opened.lock().unwrap().len(), 1001);
        // Threads of other tests come and go; a leak of one an open would show.
        assert!(tasks() < threads + 100, "{} threads, {threads} before", tasks());
        assert!(!scene.desk.queues.is_open());
    });
}
