//! What lies between an unmodified program and the network: a kernel TAP, or Trestle's device by one of its faces.

use crate::clock::{timed, within};
use crate::daemon::Daemon;
use crate::lab::Lab;
use crate::ns::Ns;
use crate::program::trestle;
use crate::switch::{KernelBridge, Switch};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How a program gets its TAP or TUN device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attachment {
    /// The kernel's `/dev/net/tun`, no Trestle anywhere: the control, on which scenarios are shown to be right.
    Kernel,
    /// Trestle's node, by its path.
    Node,
    /// Trestle's node, mounted over `/dev/net/tun` for the program alone.
    Bound,
    /// `trestle exec`: what the program takes for `/dev/net/tun` is a socket of Trestle's.
    Exec,
    /// `trestle plug unix`: the program makes a pair of sockets and hands one of them on; see [`Site::holder`].
    Plug,
}

/// A namespace in which programs run on one kind of attachment.
#[derive(Debug)]
pub struct Site {
    attachment: Attachment,
    maker: Maker,
}

#[derive(Debug)]
enum Maker {
    Kernel(KernelBridge),
    Trestle(Daemon),
}

impl Site {
    /// Makes the namespace and, unless the kernel serves it, starts a daemon there.
    #[track_caller]
    pub fn new(lab: &Lab, attachment: Attachment) -> Self {
        let ns = lab.ns("site");
        let maker = match attachment {
            Attachment::Kernel => Maker::Kernel(KernelBridge::new(ns)),
            Attachment::Node | Attachment::Bound | Attachment::Exec | Attachment::Plug => {
                let daemon = Daemon::stopped(lab, ns);
                run(&daemon);
                Maker::Trestle(daemon)
            }
        };
        Self { attachment, maker }
    }

    /// Returns the bridge of the namespace.
    pub fn switch(&self) -> &dyn Switch {
        match &self.maker {
            Maker::Kernel(bridge) => bridge,
            Maker::Trestle(daemon) => daemon,
        }
    }

    /// Returns the namespace.
    pub fn ns(&self) -> &Arc<Ns> {
        self.switch().ns()
    }

    /// Returns the daemon; fails the test if the kernel serves the site.
    #[track_caller]
    pub fn daemon(&self) -> &Daemon {
        match &self.maker {
            Maker::Trestle(daemon) => daemon,
            Maker::Kernel(_) => panic!("the kernel needs no daemon"),
        }
    }

    /// Starts the daemon again after its end.
    #[track_caller]
    pub fn restart(&self) {
        run(self.daemon());
    }

    /// Makes the device `name`, `tap`N or `tun`N, that lasts until it is destroyed.
    #[track_caller]
    pub fn create(&self, name: &str) {
        match &self.maker {
            Maker::Kernel(bridge) => {
                bridge.ns().ip(&format!("tuntap add dev {name} mode {}", mode(name)));
                bridge.ns().ip(&format!("link set {name} up"));
            }
            Maker::Trestle(daemon) => {
                daemon.ok(&format!("{name} create"));
            }
        }
    }

    /// Destroys the device, which must be done within a second, whoever has it open, and leave nothing of it.
    #[track_caller]
    pub fn destroy(&self, name: &str) {
        let ((), time) = timed(|| match &self.maker {
            Maker::Kernel(bridge) => drop(bridge.ns().ip(&format!("link del {name}"))),
            Maker::Trestle(daemon) => drop(daemon.ok(&format!("{name} destroy"))),
        });
        assert!(time < Duration::from_secs(1), "{name} destroy took {time:?}");
        assert!(!self.exists(name), "{name} is still an interface");
        assert!(!self.node(name).exists(), "{name} still has a node");
    }

    /// Returns whether the interface of the device is there.
    pub fn exists(&self, name: &str) -> bool {
        self.ns().links().contains_key(name)
    }

    /// Fails the test unless `device` and all other interfaces of the namespace are Ethernet, none of them with two ends
    /// only; where the kernel serves the site, that is not so.
    #[track_caller]
    pub fn is_ethernet_only(&self, device: &str) {
        let links = self.ns().links();
        let has = |name: &str, flag: &str| links[name].flags.iter().any(|have| have == flag);
        let odd =
            |name: &&String| has(name, "POINTOPOINT") || !["ether", "loopback"].contains(&&*links[*name].link_type);
        let odd: Vec<_> = links.keys().filter(odd).collect();
        if self.attachment == Attachment::Kernel {
            assert_eq!(odd, [device], "the kernel's own");
        } else {
            assert!(odd.is_empty(), "not Ethernet: {odd:?} of {links:#?}");
            assert_eq!(links[device].link_type, "ether");
            assert!(!has(device, "NOARP") && has(device, "BROADCAST") && has(device, "MULTICAST"), "{links:#?}");
        }
    }

    /// Returns the path of the device's node, if it has one.
    pub fn node(&self, name: &str) -> PathBuf {
        match &self.maker {
            Maker::Kernel(_) => PathBuf::from("/nonexistent"),
            Maker::Trestle(daemon) => nodes(daemon).join(name),
        }
    }

    /// Returns a command that runs an unmodified program in the namespace, in the way of the attachment, unless that needs
    /// to know the device: see [`Self::holder`].
    pub fn command(&self, program: &str) -> Command {
        match self.attachment {
            Attachment::Kernel => self.ns().beside(program),
            Attachment::Node | Attachment::Bound | Attachment::Plug => {
                with_places(self.ns().beside(program), self.daemon())
            }
            Attachment::Exec => {
                let mut command = with_places(self.ns().beside(&trestle().to_string_lossy()), self.daemon());
                command.args(["exec", "--", program]);
                command
            }
        }
    }

    /// Ends the daemon, if there is one, and fails the test if anything remains: a process that was told where the daemon
    /// is, or a mount in the directory of the test.
    #[track_caller]
    pub fn ends(&self, lab: &Lab) {
        if let Maker::Trestle(daemon) = &self.maker {
            assert!(daemon.stop().success(), "{}", daemon.log());
        }
        let gone = within(Duration::from_secs(5), || lab.remains().is_empty());
        assert!(gone, "left behind: {:?}", lab.remains());
    }

    /// Returns the attachment.
    pub fn attachment(&self) -> Attachment {
        self.attachment
    }
}

/// Starts a daemon whose mounts the machine sees.
#[track_caller]
fn run(daemon: &Daemon) {
    let mut command = daemon.ns().beside(&trestle().to_string_lossy());
    command.args(["run", "--state"]).arg(daemon.state());
    // The mount of one that was killed is taken away by its keeper, soon after.
    daemon.run_as(with_places(command, daemon));
    let served = within(Duration::from_secs(5), || nodes(daemon).join("tap").exists());
    assert!(served, "no nodes in {}:\n{}", nodes(daemon).display(), daemon.log());
}

fn with_places(mut command: Command, daemon: &Daemon) -> Command {
    command.env("TRESTLE_SOCKET", daemon.socket()).env("TRESTLE_DEV", nodes(daemon));
    command
}

fn nodes(daemon: &Daemon) -> PathBuf {
    daemon.directory().join("dev")
}

fn mode(name: &str) -> &str {
    name.get(..3).expect("tapN or tunN")
}

/// Makes for every row `scenario: way(Attachment) …;` a module of the scenario's name with one test for each way, in the
/// place that `open` in the caller's module gives it.
#[macro_export]
macro_rules! on_attachments {
    ($($scenario:ident: $($way:ident($attachment:ident))+;)+) => {
        $(mod $scenario {
            use super::*;
            $(#[test]
            fn $way() {
                let Some(lab) = open(concat!(stringify!($scenario), "::", stringify!($way))) else { return };
                super::$scenario(&lab, Attachment::$attachment);
            })+
        })+
    };
}
