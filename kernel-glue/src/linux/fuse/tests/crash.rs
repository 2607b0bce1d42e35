//! A server that is killed, and its keeper. Both are processes: this test program once more.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{read, write};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

/// By which a test program is told to be something else.
const ROLE: &str = "TRESTLE_TEST_ROLE";
const KEEPER_PID: &str = "/mnt/keeper";

/// What this program is when it is started for a role; among the other tests it is nothing.
#[test]
fn role() {
    match std::env::var(ROLE).as_deref() {
        Ok("keeper") => {
            std::fs::write("/mnt/pid", std::process::id().to_string()).unwrap();
            std::fs::rename("/mnt/pid", KEEPER_PID).unwrap();
            let socket = std::os::fd::AsFd::as_fd(&std::io::stdin()).try_clone_to_owned().unwrap();
            crate::linux::keeper::main(socket).unwrap();
        }
        Ok("server") => {
            let scene = Scene::with(Settings::default(), Some(as_role("keeper")));
            println!("\nserving");
            // Until the test says otherwise, what is written comes back.
            loop {
                if let Some(packet) = scene.take() {
                    scene.device.give(0, &packet).unwrap();
                }
                let bell = scene.device.bell();
                let stdin = std::io::stdin();
                let mut fds = [PollFd::from_borrowed_fd(bell, PollFlags::IN), PollFd::new(&stdin, PollFlags::IN)];
                poll(&mut fds, None).unwrap();
                if !fds[1].revents().is_empty() {
                    return;
                }
            }
        }
        _ => {}
    }
}

fn as_role(role: &str) -> Vec<OsString> {
    let program = std::env::current_exe().unwrap().into_os_string();
    let role = format!("{ROLE}={role}");
    let name = "linux::fuse::tests::crash::role";
    let mut line: Vec<OsString> = vec!["env".into(), role.into(), program];
    line.extend([name, "--exact", "--nocapture", "--test-threads=1"].map(OsString::from));
    line
}

/// A server in a process of its own; killed when the test fails.
struct Server(Child, Lines<BufReader<ChildStdout>>);

impl Server {
    fn start() -> Self {
        let line = as_role("server");
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self(child, output);
        assert!(server.1.any(|line| line.unwrap() == "serving"));
        eventually("a keeper", || std::fs::exists(KEEPER_PID).unwrap());
        server
    }

    fn crash(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is written comes back.
fn assert_served(file: &OwnedFd) {
    assert_eq!(write(file, &frame(9)), Ok(60));
    let mut fds = [PollFd::new(file, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 5, tv_nsec: 0 })).unwrap();
    assert_eq!(read(file, &mut [0; 100]), Ok(60));
}

fn is_mounted() -> bool {
    std::fs::read_to_string("/proc/thread-self/mountinfo").unwrap().contains(" /mnt/dev ")
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
        assert_eq!(std::fs::metadata(DIRECTORY).unwrap_err().raw_os_error(), Some(libc::ENOTCONN));
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
