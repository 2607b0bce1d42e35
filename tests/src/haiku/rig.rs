//! A kernel with the add-on in it, and programs that administer and use it.

use super::add_on;
use haiku_abi::{AF_INET, O_NONBLOCK, O_RDWR, SIOCGDRVSPEC, SIOCSDRVSPEC, SOCK_DGRAM};
use kernel_glue::admin::{Reply, Request, Verb};
use kernelland::user::{Interface, Node, Process};
use kernelland::{Config, Kernel};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use trestle::administer::{Door, Failure, execute};

/// A kernel that has booted with the add-on among its files.
#[derive(Debug)]
pub struct Rig {
    kernel: Kernel,
    root: Root,
}

/// A directory laid out as `add-ons/kernel`, until dropped.
#[derive(Debug)]
struct Root(PathBuf);

impl Rig {
    /// Boots; says in one line why this machine cannot, and fails where nothing may be skipped.
    pub fn boot(test: &str) -> Option<Self> {
        let file = match add_on() {
            Ok(file) => file,
            Err(lacking) => {
                assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: {lacking}");
                eprintln!("skipped: {test}: {lacking}");
                return None;
            }
        };
        let root = Root::with(&file);
        let roots = vec![root.0.clone()];
        let kernel = Kernel::boot(Config { roots, time_limit: Some(Duration::from_secs(120)), ..Config::default() });
        kernel.start_network().expect("the network stack starts");
        Some(Self { kernel, root })
    }

    /// Returns the kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Runs `ifconfig` with arguments separated by blanks, as root.
    ///
    /// # Errors
    /// In words, as the command prints them.
    pub fn try_ifconfig(&self, arguments: &str) -> Result<String, String> {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        execute(&arguments, || Ok(AddOn(Process::root()))).map_err(|failure| failure.to_string())
    }

    /// Runs `ifconfig`, which must succeed.
    #[track_caller]
    pub fn ifconfig(&self, arguments: &str) -> String {
        match self.try_ifconfig(arguments) {
            Ok(text) => text,
            Err(text) => panic!("ifconfig {arguments}: {text}\n{}", self.kernel.syslog()),
        }
    }

    /// Returns an interface of the stack's.
    pub fn interface(&self, name: &str) -> Interface {
        Interface::named(Process::root(), name)
    }

    /// Opens a node without waiting in reads.
    #[track_caller]
    pub fn open(&self, path: &str) -> Node {
        Process::root().open(path, O_RDWR | O_NONBLOCK).expect("the node can be opened")
    }

    /// Ends it; nothing may be left that the add-on made.
    pub fn end(self) {
        let faults = self.kernel.faults();
        assert!(faults.is_empty(), "{faults:?}");
        drop(self.root);
    }
}

impl Root {
    fn with(file: &std::path::Path) -> Self {
        let root = std::env::temp_dir().join(format!("trestle-add-ons-{}", std::process::id()));
        let devices = root.join("network/devices");
        std::fs::create_dir_all(&devices).expect("the temporary directory is writable");
        std::fs::copy(file, devices.join("trestle")).expect("the add-on can be read");
        Self(root)
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The way to the add-on: ioctls of a program.
struct AddOn(Process);

impl Door for AddOn {
    fn exchange(&mut self, request: &Request) -> Result<Reply, Failure> {
        let (operation, interface) = match request {
            Request::Ask(_) => (SIOCGDRVSPEC, "bridge0"),
            Request::Change(change) => (SIOCSDRVSPEC, change.interface.as_str()),
        };
        let named = Interface::named(self.0, interface);
        let verbs = match request {
            Request::Ask(_) => &[][..],
            Request::Change(change) => &change.verbs,
        };
        let foreign = |error: &dyn std::fmt::Display| Failure::Foreign(format!("{interface}: {error}"));
        if verbs.first() == Some(&Verb::Create) && named.flags().is_err() {
            named.create().map_err(|status| foreign(&status))?;
        }
        let json = serde_json::to_vec(request).map_err(|error| foreign(&error))?;
        let socket = self.0.socket(AF_INET, SOCK_DGRAM, 0).map_err(|status| foreign(&status))?;
        let reply = socket.exchange(operation, interface, &json, 1 << 16).map_err(|status| foreign(&status))?;
        let reply = serde_json::from_slice(&reply).map_err(|error| foreign(&error))?;
        if verbs.last() == Some(&Verb::Destroy) && matches!(reply, Reply::Changed { .. }) {
            named.delete().map_err(|status| foreign(&status))?;
        }
        Ok(reply)
    }
}
