//! Processes that tests need: this test program once more.

use super::*;
use rustix::event::{PollFd, PollFlags, poll};
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};

/// By which a test program is told to be something else.
const ROLE: &str = "TRESTLE_TEST_ROLE";
/// Where a keeper says who it is.
pub(super) const KEEPER_PID: &str = "/mnt/keeper";

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
        Ok("caller") => control::call_as_another_user(),
        _ => {}
    }
}

/// Returns the command line by which this program plays a role.
pub(super) fn as_role(role: &str) -> Vec<OsString> {
    as_role_of(std::env::current_exe().unwrap().into(), role)
}

/// The same for the program under another path.
pub(super) fn as_role_of(program: OsString, role: &str) -> Vec<OsString> {
    let role = format!("{ROLE}={role}");
    let name = "linux::fuse::tests::roles::role";
    let mut line: Vec<OsString> = vec!["env".into(), role.into(), program];
    line.extend([name, "--exact", "--nocapture", "--test-threads=1"].map(OsString::from));
    line
}

/// A server in a process of its own; killed when the test fails.
pub(super) struct Server(Child, Lines<BufReader<ChildStdout>>);

impl Server {
    pub(super) fn start() -> Self {
        Self::start_under(&[])
    }

    /// Starts it by way of another program.
    pub(super) fn start_under(wrapper: &[&str]) -> Self {
        let wrapper = wrapper.iter().copied().map(OsString::from);
        let line: Vec<_> = wrapper.chain(as_role("server")).collect();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self(child, output);
        assert!(server.1.any(|line| line.unwrap() == "serving"));
        eventually("a keeper", || std::fs::exists(KEEPER_PID).unwrap());
        server
    }

    pub(super) fn crash(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub(super) fn end(mut self) {
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
