//! Waiting for packets and for room: poll, select, epoll, blocking writes.

use super::*;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, epoll, eventfd, poll};
use rustix::io::{read, write};

const SECOND: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

fn poll_one(file: &OwnedFd, events: PollFlags, timeout: &Timespec) -> PollFlags {
    let mut fds = [PollFd::new(file, events)];
    poll(&mut fds, Some(timeout)).unwrap();
    fds[0].revents()
}

#[test]
fn poll_tells_what_is_and_wakes_for_what_comes() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        assert_eq!(poll_one(&file, PollFlags::IN | PollFlags::OUT, &NOW), PollFlags::OUT);
        for mark in 0..100 {
            std::thread::scope(|scope| {
                let sleeper = scope.spawn(|| poll_one(&file, PollFlags::IN, &SECOND));
                scene.await_waiters(1);
                let (took, ()) = timed(|| scene.give(mark));
                assert_eq!(sleeper.join().unwrap(), PollFlags::IN, "{mark} {took:?}");
            });
            assert_eq!(poll_one(&file, PollFlags::IN, &NOW), PollFlags::IN);
            assert_eq!(read(&file, &mut [0; 100]), Ok(60));
            assert_eq!(poll_one(&file, PollFlags::IN, &NOW), PollFlags::empty());
        }
    });
}

#[test]
fn select_wakes() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| select_one(&file));
            scene.await_waiters(1);
            scene.give(1);
            assert_eq!(sleeper.join().unwrap(), 1);
        });
    });
}

fn select_one(file: &OwnedFd) -> i32 {
    use rustix::event::{FdSetElement, FdSetIter, fd_set_insert, fd_set_num_elements, select};
    use std::os::fd::AsRawFd;
    let count = file.as_raw_fd() + 1;
    let mut set = vec![FdSetElement::default(); fd_set_num_elements(1, count)];
    fd_set_insert(&mut set, file.as_raw_fd());
    // SAFETY: the one descriptor in the set is borrowed from `file`.
    let ready = unsafe { select(count, Some(&mut set), None, None, Some(&SECOND)) }.unwrap();
    assert!(ready == 0 || FdSetIter::new(&set).eq([file.as_raw_fd()]));
    ready
}

/// A burst of 3,000 into a reader that waits by epoll: all that the queue took arrives, by level and by edge.
#[test]
fn bursts_wake_epoll_by_level_and_by_edge() {
    for flags in [epoll::EventFlags::IN, epoll::EventFlags::IN | epoll::EventFlags::ET] {
        in_namespace(move || {
            let scene = Scene::with(Settings { queue_packets: 4096 }, None);
            let file = Scene::open(OFlags::NONBLOCK);
            let waiter = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
            epoll::add(&waiter, &file, epoll::EventData::new_u64(0), flags).unwrap();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    let mut count = 0;
                    while count < 3200 {
                        let mut events = Vec::with_capacity(1);
                        epoll::wait(&waiter, rustix::buffer::spare_capacity(&mut events), Some(&SECOND)).unwrap();
                        if events.is_empty() {
                            break;
                        }
                        while read(&file, &mut [0; 100]).is_ok() {
                            count += 1;
                        }
                    }
                    count
                });
                for mark in 0..200 {
                    // Into the moment between the last read and the next sleep, mostly.
                    scene.give(mark);
                    std::thread::sleep(Duration::from_micros(200));
                }
                (0..3000).for_each(|mark| scene.give(mark as u8));
                assert_eq!(reader.join().unwrap(), 3200, "{flags:?}");
            });
        });
    }
}

#[test]
fn a_full_queue_refuses_or_waits() {
    in_namespace(|| {
        let scene = Scene::with(Settings { queue_packets: 16 }, None);
        let file = Scene::open(OFlags::NONBLOCK);
        for mark in 0..16 {
            assert_eq!(write(&file, &frame(mark)), Ok(60));
        }
        assert_eq!(write(&file, &frame(16)), Err(Errno::AGAIN));
        assert_eq!(poll_one(&file, PollFlags::OUT, &NOW), PollFlags::empty());
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| poll_one(&file, PollFlags::OUT, &SECOND));
            scene.await_waiters(1);
            assert_eq!(scene.take(), Some(frame(0)));
            assert_eq!(sleeper.join().unwrap(), PollFlags::OUT);
        });
        assert_eq!(write(&file, &frame(16)), Ok(60));
        let flags = rustix::fs::fcntl_getfl(&file).unwrap();
        rustix::fs::fcntl_setfl(&file, flags - OFlags::NONBLOCK).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| write(&file, &frame(17)));
            scene.await_waiters(1);
            for mark in 1..=16 {
                assert_eq!(scene.take(), Some(frame(mark)));
            }
            assert_eq!(writer.join().unwrap(), Ok(60));
            assert_eq!(scene.take(), Some(frame(17)));
        });
    });
}

/// The data plane's side: its bell is readable when a program has written, and not otherwise.
#[test]
fn the_bell_rings_when_the_plane_sleeps() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        let rung = || {
            let bell = scene.device.bell();
            poll(&mut [PollFd::from_borrowed_fd(bell, PollFlags::IN)], Some(&NOW)).unwrap() == 1
        };
        assert!(rung(), "the first look is free");
        for mark in 0..5 {
            assert_eq!(scene.take(), None);
            assert!(!rung());
            assert_eq!(write(&file, &frame(mark)), Ok(60));
            assert!(rung());
            assert_eq!(write(&file, &frame(mark)), Ok(60));
            assert_eq!(scene.take(), Some(frame(mark)));
            assert_eq!(scene.take(), Some(frame(mark)));
        }
        // A packet that is dropped because the link went down does not silence it.
        scene.desk.queues.set_link(Link::Down, &mut Waiter::woken);
        assert_eq!(scene.take(), None);
        scene.desk.queues.set_link(Link::Up, &mut Waiter::woken);
        assert_eq!(write(&file, &frame(9)), Ok(60));
        assert!(rung());
        assert_eq!(scene.take(), Some(frame(9)));
    });
}

/// Two descriptors in one poll, as OpenVPN waits.
#[test]
fn a_node_is_waited_for_together_with_others() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        let other = eventfd(0, EventfdFlags::empty()).unwrap();
        for mark in 0..20 {
            std::thread::scope(|scope| {
                let sleeper = scope.spawn(|| {
                    let mut fds = [PollFd::new(&file, PollFlags::IN), PollFd::new(&other, PollFlags::IN)];
                    poll(&mut fds, Some(&SECOND)).unwrap();
                    fds.map(|fd| fd.revents())
                });
                scene.await_waiters(1);
                if mark % 2 == 0 {
                    scene.give(mark);
                    assert_eq!(sleeper.join().unwrap(), [PollFlags::IN, PollFlags::empty()]);
                    assert_eq!(read(&file, &mut [0; 100]), Ok(60));
                } else {
                    write(&other, &1_u64.to_ne_bytes()).unwrap();
                    assert_eq!(sleeper.join().unwrap(), [PollFlags::empty(), PollFlags::IN]);
                    read(&other, &mut [0; 8]).unwrap();
                }
            });
        }
    });
}
