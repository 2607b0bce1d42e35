//! WireGuard programs, unmodified, and what `wg` tells them.

use crate::clock::within;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::run::run;
use crate::running::Running;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A running WireGuard program.
#[derive(Debug)]
pub struct WireGuard {
    /// The program.
    pub program: Running,
    known: String,
    /// It goes after the program.
    socket: Socket,
}

/// Where a program is found by `wg`. One that is killed leaves it.
#[derive(Debug)]
struct Socket(PathBuf);

/// What one end knows of another.
#[derive(Debug)]
pub struct Remote {
    /// The number of its key.
    pub key: u8,
    /// The networks behind it, separated by commas.
    pub allowed: String,
    /// Where it is.
    pub endpoint: String,
}

impl WireGuard {
    /// The UDP port of every end.
    pub const PORT: u16 = 51820;

    /// Makes keys, which go by their numbers.
    pub fn make_keys(lab: &Lab, numbers: &[u8]) {
        let script = "umask 077; for n; do wg genkey >$n.key; wg pubkey <$n.key >$n.public; done";
        let mut make = Command::new("sh");
        make.current_dir(lab.directory()).args(["-c", script, "sh"]).args(numbers.iter().map(u8::to_string));
        run(make, SOON).ok();
    }

    /// Starts a program for an interface of a namespace, and waits until it serves it.
    ///
    /// `known`, unique on the machine, is what it calls itself for `wg`: by a socket in `/run/wireguard`.
    pub fn start(lab: &Lab, ns: &Ns, mut command: Command, interface: &str, known: &str) -> Self {
        let socket = Socket(PathBuf::from(format!("/run/wireguard/{known}.sock")));
        socket.remove();
        command.args(["-f", interface]).env("LOG_LEVEL", "verbose");
        let program = Running::start(command, lab.directory().join(format!("{interface}.log")));
        let mut started = Self { program, known: known.to_owned(), socket };
        let serves = |socket: &Socket| socket.0.exists() && ns.links().contains_key(interface);
        let came = within(SOON, || started.program.ended().is_some() || serves(&started.socket));
        assert!(came && started.program.ended().is_none(), "{}", started.program.log());
        started
    }

    /// Gives it its key and those that it talks with.
    pub fn knows(&self, lab: &Lab, ns: &Ns, key: u8, remotes: &[Remote]) {
        let file = |name: String| lab.directory().join(name);
        let mut set = ns.beside("wg");
        set.args(["set", &self.known, "listen-port", &Self::PORT.to_string(), "private-key"]);
        set.arg(file(format!("{key}.key")));
        for remote in remotes {
            let public = std::fs::read_to_string(file(format!("{}.public", remote.key))).expect("made before");
            set.args(["peer", public.trim(), "allowed-ips", &remote.allowed]);
            set.args(["endpoint", &format!("{}:{}", remote.endpoint, Self::PORT)]);
        }
        run(set, SOON).ok();
    }
}

impl Socket {
    fn remove(&self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.remove();
    }
}

/// For what takes no time worth waiting for.
const SOON: Duration = Duration::from_secs(20);
