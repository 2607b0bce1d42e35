//! Trestle itself: the program, built as this one was, with a socket and a state file of its own.

use crate::Fault;
use crate::bed::{Bed, TO_LEFT, TO_RIGHT};
use crate::clock::within;
use crate::ns::Ns;
use crate::program::{Program, run};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// What the bridge's two members are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ports {
    /// `vport0` and `vport1`, moved to the hosts.
    Virtual,
    /// The near ends of two veth pairs.
    Packet,
}

/// At which scheduling priority the workers run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Priority {
    /// As any other program.
    Default,
    /// `--priority -20`.
    Highest,
}

/// Starts the daemon and makes a bridge of two members.
pub(crate) fn build(bed: &mut Bed, ports: Ports, priority: Priority) -> Result<(), Fault> {
    let program = program()?;
    let socket = bed.directory().join("control");
    let mut daemon = bed.middle.command(&program.display().to_string());
    daemon.env("TRESTLE_SOCKET", &socket).args(["run", "--state"]).arg(bed.directory().join("state.toml"));
    if priority == Priority::Highest {
        daemon.args(["--priority", "-20"]);
    }
    bed.start(daemon)?;
    let mut ended = None;
    let answers = within(Duration::from_secs(10), || {
        ended = bed.programs.iter_mut().find_map(|program| program.still_runs().err());
        ended.is_some() || UnixStream::connect(&socket).is_ok()
    });
    if let Some(fault) = ended {
        return Err(fault);
    }
    if !answers {
        return Err(Fault::Late("the first answer of trestle"));
    }
    let ifconfig = |arguments: &str| {
        let mut client = Command::new(program);
        client.env("TRESTLE_SOCKET", &socket).arg("ifconfig").args(arguments.split_whitespace());
        run(client, Duration::from_secs(20))
    };
    ifconfig("bridge0 create up")?;
    match ports {
        Ports::Virtual => {
            ifconfig("vport0 create up")?;
            ifconfig("vport1 create up")?;
            ifconfig("bridge0 addm vport0 addm vport1")?;
            bed.hand_over("vport0", "vport1")
        }
        Ports::Packet => {
            bed.pairs()?;
            ifconfig(&format!("bridge0 addm {TO_LEFT} addm {TO_RIGHT}"))?;
            Ok(())
        }
    }
}

/// A daemon whose devices programs open, by nodes that everybody sees or under `trestle exec`.
#[derive(Debug)]
pub(crate) struct Serving {
    daemon: Program,
    directory: PathBuf,
}

impl Serving {
    /// Starts one in a namespace, with its files in a directory, and waits until it answers and its nodes are there.
    pub(crate) fn start(ns: &Ns, directory: &Path) -> Result<Self, Fault> {
        let mut command = with_places(ns.command_among_mounts(&program()?.display().to_string()), directory);
        command.args(["run", "--state"]).arg(directory.join("state.toml"));
        let mut this = Self { daemon: Program::start(command)?, directory: directory.to_owned() };
        let socket = directory.join("control");
        let mut ended = None;
        let answers = within(Duration::from_secs(10), || {
            ended = this.daemon.still_runs().err();
            ended.is_some() || UnixStream::connect(&socket).is_ok() && this.node("tun").exists()
        });
        match ended {
            Some(fault) => Err(fault),
            None if answers => Ok(this),
            None => Err(Fault::Late("the first answer of trestle")),
        }
    }

    /// Runs `trestle ifconfig` with `arguments`, separated by blanks.
    pub(crate) fn ifconfig(&self, arguments: &str) -> Result<String, Fault> {
        let mut client = self.knowing(Command::new(program()?));
        client.arg("ifconfig").args(arguments.split_whitespace());
        run(client, Duration::from_secs(20))
    }

    /// Returns a command that runs a program under `trestle exec` within a namespace.
    pub(crate) fn exec(&self, ns: &Ns, under: &str) -> Result<Command, Fault> {
        let mut command = self.knowing(ns.command_among_mounts(&program()?.display().to_string()));
        command.args(["exec", "--", under]);
        Ok(command)
    }

    /// Tells a command in its environment where the daemon is.
    pub(crate) fn knowing(&self, command: Command) -> Command {
        with_places(command, &self.directory)
    }

    /// Returns the path of a node.
    pub(crate) fn node(&self, name: &str) -> PathBuf {
        self.directory.join("dev").join(name)
    }

    /// Returns the processor time that the daemon has used, in clock ticks of 10 ms.
    pub(crate) fn ticks(&self) -> u64 {
        self.daemon.ticks()
    }
}

fn with_places(mut command: Command, directory: &Path) -> Command {
    command.env("TRESTLE_SOCKET", directory.join("control")).env("TRESTLE_DEV", directory.join("dev"));
    command
}

/// Returns the path of `trestle`: `$TRESTLE_PROGRAM`, or the one built, once a process, beside this program.
pub(crate) fn program() -> Result<&'static Path, Fault> {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = PROGRAM.get() {
        return Ok(path);
    }
    let path = match std::env::var_os("TRESTLE_PROGRAM") {
        Some(path) => PathBuf::from(path),
        None => compile()?,
    };
    Ok(PROGRAM.get_or_init(|| path))
}

/// Builds the program into the directory and in the profile of this one, `TARGET/PROFILE/NAME`.
fn compile() -> Result<PathBuf, Fault> {
    let this = std::env::current_exe().map_err(Fault::system("find this program"))?;
    let profile = this.parent().unwrap_or(Path::new("."));
    let name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "trestle", "--profile", name, "--manifest-path"]);
    cargo.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    cargo.arg("--target-dir").arg(profile.parent().unwrap_or(profile));
    run(cargo, Duration::from_secs(1800))?;
    Ok(profile.join("trestle"))
}
