//! The kernel of this process: booted once, and shut down with a report of what is left.

mod report;

pub use report::{Counts, Left, Report};

use crate::delay::Held;
use crate::lock::{self, Flavour};
use crate::user::Status;
use crate::{
    clock, delay, fault, guests, inject, loader, modules, network, notices, settings, stack, syslog, watchdog,
};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

/// What a kernel is booted with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Directories laid out as Haiku's `add-ons/kernel`, the one that is asked first first. That of `TRESTLE_KERNELLAND_MODULES` comes
    /// after them, and the stack that is built in comes last.
    pub roots: Vec<PathBuf>,
    /// How locks work; `None` leaves it to `TRESTLE_KERNELLAND_FLAVOUR`.
    pub flavour: Option<Flavour>,
    /// Whether the ranges of unloaded images may be used again, as in a real kernel; otherwise a late call into one is a fault that
    /// names it.
    pub reuse_ranges: bool,
    /// Names of locks under which nobody may wait for anything but a lock.
    pub no_waiting_under: Vec<String>,
    /// After how long the watchdog prints every thread and ends the process; `None` for a kernel that is run by hand.
    pub time_limit: Option<Duration>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            flavour: None,
            reuse_ranges: false,
            no_waiting_under: vec!["device interface monitors".to_owned()],
            time_limit: Some(Duration::from_secs(60)),
        }
    }
}

/// The running kernel.
#[derive(Debug)]
pub struct Kernel(());

impl Kernel {
    /// Boots the kernel of this process.
    ///
    /// The process ends with a message when it has one already, or when the network stack does not start.
    pub fn boot(config: Config) -> Self {
        if BOOTED.swap(true, SeqCst) {
            fault::fail("a process has one kernel");
        }
        fault::install();
        if config.flavour.is_some_and(|flavour| !lock::set_flavour(flavour)) {
            fault::fail("locks were used before the kernel was booted with another flavour");
        }
        if config.reuse_ranges {
            loader::reuse_ranges();
        }
        let mut roots = config.roots;
        if let Some(root) = std::env::var_os("TRESTLE_KERNELLAND_MODULES").filter(|root| !root.is_empty()) {
            let root = std::path::absolute(&root).unwrap_or_else(|_| PathBuf::from(root));
            guests::come_from(root.clone());
            roots.push(root);
        }
        modules::set_roots(roots);
        stack::provide();
        notices::provide();
        config.no_waiting_under.iter().for_each(|name| lock::forbid_blocking(name));
        if let Some(limit) = config.time_limit {
            watchdog::start(limit);
        }
        Self(())
    }

    /// Starts the network stack, as Haiku does with the first socket.
    ///
    /// # Errors
    /// The module manager's.
    pub fn start_network(&self) -> Result<(), Status> {
        network::interface().map(|_| ())
    }

    /// Returns what there is now.
    pub fn counts(&self) -> Counts {
        Counts::now()
    }

    /// Returns what was printed so far.
    pub fn syslog(&self) -> String {
        syslog::text()
    }

    /// Sets what a driver finds as its settings: lines of a name and maybe a value.
    pub fn set_driver_settings(&self, driver: &str, text: &str) {
        settings::set(driver, text);
    }

    /// Returns how many allocations modules have made: of memory, objects, semaphores, threads, nodes and select entries.
    pub fn allocations(&self) -> u64 {
        inject::count()
    }

    /// Lets the `n`th allocation from here fail, 1 being the next one; 0 lets none fail. Those of modules of
    /// `TRESTLE_KERNELLAND_MODULES` are not counted, and never fail.
    pub fn fail_allocation(&self, n: u64) {
        inject::fail_one(n);
    }

    /// Lets every allocation from the `n`th on fail; 0 lets none fail.
    pub fn fail_allocations_from(&self, n: u64) {
        inject::fail_from(n);
    }

    /// Has whoever makes a kernel thread of this name wait until what this returns is dropped, or some seconds. One name at a time.
    ///
    /// The stack makes an interface's reader between the device's `up` and the flag that programs see.
    pub fn hold_spawns_of(&self, name: &str) -> Held {
        delay::hold_spawns_of(name)
    }

    /// Returns how often the stack has told programs that something changed: an interface, or the link of a device.
    pub fn network_notices(&self) -> u64 {
        notices::count()
    }

    /// Returns the faults that were found so far.
    pub fn faults(&self) -> Vec<fault::Fault> {
        fault::reports()
    }

    /// Returns the files of modules that are loaded now.
    pub fn loaded_files(&self) -> Vec<PathBuf> {
        modules::loaded()
    }

    /// Returns the nodes below `/dev`.
    pub fn nodes(&self) -> Vec<String> {
        crate::devfs::nodes().iter().map(|node| node.path.clone()).collect()
    }

    /// Returns the names of the kernel's threads that have not ended.
    pub fn thread_names(&self) -> Vec<String> {
        report::kernel_threads().map(|thread| thread.name.clone()).collect()
    }

    /// Returns every thread with its back trace and what it waits for.
    pub fn threads(&self) -> String {
        watchdog::threads()
    }

    /// Gives the network stack back, so that it ends with all that it has, and says what is left.
    ///
    /// Haiku never ends its stack. Its own one does in a release build, and leaves some memory; a build with KDEBUG asserts that
    /// the ARP cache is empty, which it is not after any traffic: in that flavour the stack stays.
    pub fn shutdown(self) -> Report {
        // The last packets may be on their way, and interfaces with them.
        wait_until(network::is_ours_alone);
        if self.flavour() == Flavour::Kdebug {
            return Report::new();
        }
        network::release();
        wait_until(|| report::kernel_threads().next().is_none());
        Report::new()
    }

    /// Returns what there is, and the faults that were found so far.
    pub fn report(&self) -> Report {
        Report::new()
    }

    /// Which of Haiku's two builds the kernel plays.
    pub fn flavour(&self) -> Flavour {
        lock::flavour()
    }
}

/// Waits a moment for what should come soon.
fn wait_until(is_so: impl Fn() -> bool) {
    let end = clock::now().saturating_add(LAST_PACKETS_MICROS);
    while !is_so() && clock::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A guess for a machine that has much else to do: only what is really left costs that long.
const LAST_PACKETS_MICROS: i64 = 10_000_000;
static BOOTED: AtomicBool = AtomicBool::new(false);
