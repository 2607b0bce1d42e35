//! A server that is killed, and its keeper.

use super::roles::{KEEPER_PID, Server};
use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{read, write};
use std::process::{Command, Stdio};

/// What is written comes back.
fn assert_served(file: &OwnedFd) {
    assert_eq!(write(file, &frame(9)), Ok(60));
    let mut fds = [PollFd::new(file, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 5, tv_nsec: 0 })).unwrap();
    assert_eq!(read(file, &mut [0; 100]), Ok(60));
}

fn keeper_lives() -> bool {
    let pid = std::fs::read_to_string(KEEPER_PID).unwrap();
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_killed_server_leaves_nobody_hanging_or_spinning() {
    in_namespace(|| {
        let server = Server::start();
        let file = Scene::open(OFlags::NONBLOCK);
        assert_served(&file);
        let blocking = Scene::open(OFlags::empty());
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read(&blocking, &mut [0; 100]));
            let sleeper = scope.spawn(|| {
                let mut fds = [PollFd::new(&file, PollFlags::IN)];
                let patience = Timespec { tv_sec: 8, tv_nsec: 0 };
                poll(&mut fds, Some(&patience)).unwrap();
                fds[0].revents()
            });
            std::thread::sleep(Duration::from_millis(300));
            assert!(!reader.is_finished() && !sleeper.is_finished());
            server.crash();
            let (took, outcomes) = timed(|| (reader.join().unwrap(), sleeper.join().unwrap()));
            assert_eq!(outcomes, (Err(Errno::IO), PollFlags::ERR | PollFlags::HUP));
            assert!(took < Duration::from_secs(2), "{took:?}");
        });
        eventually("unmounted", || !is_mounted());
        let turns = death::turns_in_two_seconds(&file);
        assert!((1..=10).contains(&turns), "{turns} turns in two seconds");

        // A server that is started again serves the same path, while the old files are still open.
        let again = Server::start();
        let fresh = Scene::open(OFlags::empty());
        assert_served(&fresh);
        assert!(read(&blocking, &mut [0; 100]).is_err());
        let (took, ()) = timed(|| drop((file, blocking)));
        assert!(took < AT_ONCE, "{took:?}");
        drop(fresh);
        again.end();
        assert!(!is_mounted());
        eventually("the keeper ends", || !keeper_lives());
    });
}

#[test]
fn a_reader_of_a_killed_server_can_be_killed() {
    in_namespace(|| {
        let server = Server::start();
        let input = format!("if={}", Scene::node().display());
        let mut reader = Command::new("dd");
        reader.args([&input, "bs=2000", "count=100", "status=none"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut readers = [reader.spawn().unwrap(), reader.spawn().unwrap()];
        std::thread::sleep(Duration::from_millis(300));
        server.crash();
        let (took, _) = timed(|| {
            readers.iter_mut().for_each(|reader| reader.kill().unwrap());
            readers.iter_mut().for_each(|reader| assert!(!reader.wait().unwrap().success()));
        });
        assert!(took < Duration::from_secs(2), "{took:?}");
        eventually("the keeper ends", || !keeper_lives());
    });
}

/// Without a keeper the kernel aborts the connection, and the mount stays, dead.
#[test]
fn a_dead_mount_is_replaced() {
    in_namespace(|| {
        let server = Server::start();
        let keeper: i32 = std::fs::read_to_string(KEEPER_PID).unwrap().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(keeper).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        eventually("the keeper ends", || !keeper_lives());
        server.crash();
        // A call that the kernel took before it had closed the connection ends with ECONNABORTED.
        let state = || std::fs::metadata(DIRECTORY).unwrap_err().raw_os_error();
        eventually("the mount is dead", || state() == Some(libc::ENOTCONN));
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        scene.give(1);
        assert_eq!(read(&file, &mut [0; 100]), Ok(60));
    });
}

#[test]
fn a_server_that_ends_leaves_its_users_to_the_keeper() {
    in_namespace(|| {
        let server = Server::start();
        let file = Scene::open(OFlags::NONBLOCK);
        server.end();
        assert!(!is_mounted(), "the mount is gone with the server");
        assert!(read(&file, &mut [0; 100]).is_err());
        let turns = death::turns_in_two_seconds(&file);
        assert!((1..=10).contains(&turns), "{turns} turns in two seconds");
        assert!(keeper_lives());
        drop(file);
        eventually("the keeper ends", || !keeper_lives());
    });
}
