//! TAP and TUN devices as applications open them, with the kernel's own as the control.
//!
//! A [`Rig`] is a namespace in which devices can be made, by one of three faces: the Linux kernel's `/dev/net/tun`, which
//! says what a test expects of everybody; the node that Trestle serves; and `trestle exec`. [`App`] is a program that
//! opens them. The other end of a device is the kernel interface of its name, on which [`Wire::tapping`] reads and
//! writes.

mod app;
mod packet_wire;
mod packets;

pub use app::{Answer, App, Pending, unhex, words};
pub use packet_wire::PacketWire;
pub use packets::{hex, numbered, numbered_ip, numbers};

use crate::clock::within;
use crate::daemon::Daemon;
use crate::lab::{Lab, skip};
use crate::ns::Ns;
use crate::parse_mac;
use crate::program::trestle;
use crate::switch::Switch;
use crate::wire::Wire;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How an application comes to its device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Face {
    /// By the kernel's `/dev/net/tun`.
    Kernel,
    /// By the node of its name under `$TRESTLE_DEV`.
    Node,
    /// By opening `/dev/net/tun` under `trestle exec`.
    Exec,
}

/// A namespace in which devices are made, and opened by one face.
#[derive(Debug)]
pub struct Rig {
    /// The face.
    pub face: Face,
    daemon: Option<Daemon>,
    ns: Arc<Ns>,
    /// The test's directory and names, which go after the daemon that uses them.
    pub lab: Lab,
}

/// Makes for every row `scenario: face face;` a module of the scenario's name with one test for each face.
#[macro_export]
macro_rules! on_faces {
    ($($scenario:ident: $($face:ident)+;)+) => {
        $(mod $scenario {
            $(#[test]
            fn $face() {
                let name = concat!(stringify!($scenario), "::", stringify!($face));
                let Some(rig) = $crate::nodes::Rig::$face(name) else { return };
                super::$scenario(&rig);
            })+
        })+
    };
}

impl Rig {
    /// Opens a place where the kernel serves, or says in one line what the machine lacks.
    #[track_caller]
    pub fn kernel(name: &str) -> Option<Self> {
        Self::open(name, Face::Kernel)
    }

    /// Opens a place where a daemon of our own serves nodes, or says in one line what the machine lacks.
    #[track_caller]
    pub fn node(name: &str) -> Option<Self> {
        Self::open(name, Face::Node)
    }

    /// Opens a place where a daemon of our own serves programs run by `trestle exec`, or says in one line what the
    /// machine lacks.
    #[track_caller]
    pub fn exec(name: &str) -> Option<Self> {
        Self::open(name, Face::Exec)
    }

    #[track_caller]
    fn open(name: &str, face: Face) -> Option<Self> {
        let lab = Lab::open(name)?;
        let devices = if face == Face::Node { &["/dev/fuse"][..] } else { &[] };
        if let Some(path) = [PYTHON, "/usr/bin/nsenter"].iter().chain(devices).find(|path| !Path::new(path).exists()) {
            skip(name, &format!("needs {path}"));
            return None;
        }
        let ns = lab.ns("app");
        if face == Face::Kernel {
            return Some(Self { face, lab, ns: Arc::new(ns), daemon: None });
        }
        let daemon = Daemon::stopped(&lab, ns);
        let rig = Self { face, lab, ns: Arc::clone(daemon.ns()), daemon: Some(daemon) };
        rig.serve();
        Some(rig)
    }

    /// Starts the daemon, again if it ran before.
    #[track_caller]
    pub fn serve(&self) {
        let daemon = self.daemon();
        let mut command = self.command(&trestle().to_string_lossy());
        command.args(["run", "--state"]).arg(daemon.state());
        daemon.run_as(command);
    }

    /// Returns the daemon; fails the test where the kernel serves.
    #[track_caller]
    pub fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("the kernel has no daemon")
    }

    /// Returns the namespace in which all of this is.
    pub fn ns(&self) -> &Ns {
        &self.ns
    }

    /// Returns where the daemon serves its nodes.
    pub fn nodes(&self) -> PathBuf {
        self.lab.directory().join("dev")
    }

    /// Starts an application.
    #[track_caller]
    pub fn app(&self) -> App {
        self.app_by(&[])
    }

    /// Starts an application by a program that runs another, as `setpriv` does; first those words, then the application.
    #[track_caller]
    pub fn app_by(&self, words: &[&str]) -> App {
        let mut line: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        if self.face == Face::Exec {
            line.extend([trestle().to_string_lossy().into_owned(), "exec".to_owned(), "--".to_owned()]);
        }
        line.push(PYTHON.to_owned());
        let mut command = self.command(&line[0]);
        command.args(&line[1..]);
        let app = App::start_as(command);
        app.run(&format!("DEV = {:?}", self.nodes()));
        app
    }

    /// Returns a command that runs within the namespace, and that finds the daemon and its nodes.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.ns.beside(program);
        command.env("TRESTLE_SOCKET", self.lab.directory().join("control")).env("TRESTLE_DEV", self.nodes());
        command
    }

    /// Makes the device `name`, which stays until destroyed: down, without carrier. More words for `ifconfig` may follow;
    /// of them, `multiqueue` means something to the kernel too.
    #[track_caller]
    pub fn create(&self, name: &str) {
        match &self.daemon {
            None => {
                let (name, words) = name.split_once(' ').unwrap_or((name, ""));
                let queues = if words.contains("multiqueue") { "multi_queue" } else { "" };
                self.ns.ip(&format!("tuntap add dev {name} mode {} {queues}", &name[..3]));
            }
            Some(daemon) => {
                let (name, words) = name.split_once(' ').unwrap_or((name, ""));
                daemon.ok(&format!("{name} create {words}"));
            }
        }
    }

    /// Destroys the device `name`.
    #[track_caller]
    pub fn destroy(&self, name: &str) {
        match &self.daemon {
            None => self.ns.ip(&format!("link del {name}")),
            Some(daemon) => daemon.ok(&format!("{name} destroy")),
        };
    }

    /// Does `up`, `down`, `mtu 9000` and the like to the device `name`.
    #[track_caller]
    pub fn set(&self, name: &str, words: &str) {
        match &self.daemon {
            None => self.ns.ip(&format!("link set dev {name} {words}")),
            Some(daemon) => daemon.ok(&format!("{name} {words}")),
        };
    }

    /// Returns what `app` has to open for the device `name`, as a Python expression.
    pub fn path(&self, name: &str) -> String {
        match self.face {
            Face::Kernel | Face::Exec => "'/dev/net/tun'".to_owned(),
            Face::Node => format!("DEV + '/{name}'"),
        }
    }

    /// Returns the Python expression that opens the device `name`, as [`Self::open_device`] does, with more flags.
    pub fn opening(&self, name: &str, flags: &str) -> String {
        let kind = if name.starts_with("tap") { "IFF_TAP" } else { "IFF_TUN" };
        format!("open_device({}, '{name}', {kind} | {flags})", self.path(name))
    }

    /// Has `app` open the device `name` with plain packets, waits until its interface is up and running, and returns
    /// the number of the descriptor.
    #[track_caller]
    pub fn open_device(&self, app: &App, name: &str) -> i64 {
        self.open_with(app, name, "IFF_NO_PI")
    }

    /// As [`Self::open_device`], with flags for TUNSETIFF of the caller's.
    #[track_caller]
    pub fn open_with(&self, app: &App, name: &str, flags: &str) -> i64 {
        let fd = app.number(&self.opening(name, flags));
        if self.face == Face::Kernel {
            self.set(name, "up");
        }
        assert!(self.runs(name), "{name} does not come up: {:?}", self.ns.link(name));
        fd
    }

    /// Returns whether the interface `name` is up and has carrier, or comes to that.
    pub fn runs(&self, name: &str) -> bool {
        within(SOON, || self.has_flags(name, &["UP", "LOWER_UP"]))
    }

    /// Returns whether the interface `name` is there and has all of `flags`.
    pub fn has_flags(&self, name: &str, flags: &[&str]) -> bool {
        self.ns.links().get(name).is_some_and(|link| flags.iter().all(|flag| link.flags.iter().any(|f| f == flag)))
    }

    /// Returns whether the interface `name` is there.
    pub fn exists(&self, name: &str) -> bool {
        self.ns.links().contains_key(name)
    }

    /// Returns the kernel's end of the device `name`, which must be up.
    pub fn wire(&self, name: &str) -> Wire {
        Wire::tapping(&self.ns, name)
    }

    /// Returns the kernel's end of a TUN device, which must be up.
    #[track_caller]
    pub fn packets(&self, name: &str) -> PacketWire {
        let stations = self.daemon.as_ref().map(|_| {
            let peer = self.report(name)["tun"]["peer_mac"].as_str().map(parse_mac);
            [peer.expect("a peer"), parse_mac(&self.ns.link(name).mac)]
        });
        PacketWire::new(self.wire(name), stations)
    }

    /// Returns how many packets for the application were dropped on the device `name`: those that the kernel
    /// interface counts, and those that the daemon counts, of which the second are for all reasons and both directions.
    #[track_caller]
    pub fn drops(&self, name: &str) -> (u64, u64) {
        let kernel = self.statistics(name)["tx"]["dropped"].as_u64().unwrap_or(0);
        let own = self.daemon.as_ref().map_or(0, |_| {
            let report = self.report(name);
            let drops = report["tap"]["counts"]["drops"].as_object().cloned().unwrap_or_default();
            drops.values().filter_map(Value::as_u64).sum()
        });
        (kernel, own)
    }

    /// Returns the kernel interface's counters, `rx` and `tx`.
    #[track_caller]
    pub fn statistics(&self, name: &str) -> Value {
        let text = self.ns.ip(&format!("-j -s link show dev {name}"));
        let mut shown: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        shown[0]["stats64"].take()
    }

    /// Returns what the daemon shows of the device `name`, as JSON.
    #[track_caller]
    pub fn report(&self, name: &str) -> Value {
        let text = self.daemon().ok(&format!("-j {name}"));
        let shown: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        match shown {
            Value::Array(mut list) => list.pop().unwrap_or_else(|| panic!("nothing is shown of {name}")),
            one => one,
        }
    }
}

/// The interpreter of the distribution, which every user may run.
const PYTHON: &str = "/usr/bin/python3";

/// Longer than any change here takes to show.
const SOON: Duration = Duration::from_secs(3);
