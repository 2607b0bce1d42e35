//! What the program is on Haiku: `ifconfig` for the add-on in the kernel, and a test of it.

use crate::haiku::{self, OWN_IFCONFIG, is_for_own};
use crate::{cli, selftest};
use kernel_glue::haiku_user::Native;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

pub(crate) const USAGE: &str = "\
usage: trestle ifconfig [-v] [-j] [INTERFACE [VERB ...]]
       trestle neighbours [-j] [INTERFACE]
       trestle selftest [--nic /dev/net/...] [--cycles N]
       trestle help | --version

  ifconfig  administers bridges, taps and tuns; a line about another interface is handed to Haiku's own ifconfig. The
            program does the same when it is called 'ifconfig'
  neighbours  prints who has which IP address: what bridges with 'suppress' members have seen, and what tuns
            know and answer for; of one INTERFACE, or all; -j prints JSON
  selftest  makes devices with free units, bridges them and the host, sends traffic, and prints what held; it leaves
            nothing behind. The exit status is 1 if anything failed

selftest:
  --nic NAME      also makes a network card a member, which has to have a link, and counts frames for two seconds
  --cycles N      how often a device is created and destroyed (else 100)
";

/// What to do instead of filtering by rule.
pub(crate) const INSTEAD_OF_RULES: &str =
    "frames are not filtered by rule; locked, private and protected members keep stations apart";
/// What to do instead of moving an interface into another network stack.
pub(crate) const INSTEAD_OF_STACKS: &str = "the system has one network stack";
/// How long a device is kept that lasts.
pub(crate) const PERSIST: &str = "keeps it when nobody has it open, until the system is shut down (default)";

/// Runs the command that the program's own name stands for, if it does.
pub(crate) fn run_as(_name: &str, _arguments: &[OsString]) -> Option<ExitCode> {
    None
}

/// Runs one command line of `ifconfig` and returns what is to be printed, or why it came to nothing. A line that is not
/// about interfaces of ours goes to Haiku's own program, which takes the place of this one.
pub(crate) fn ifconfig(arguments: &[OsString]) -> Result<String, String> {
    if !is_for_own(arguments) || is_own_program() {
        return haiku::ifconfig(&Native, arguments);
    }
    let error = Command::new(OWN_IFCONFIG).args(arguments).exec();
    Err(format!("{OWN_IFCONFIG}: {error}"))
}

/// Returns whether this program took the place of Haiku's own.
fn is_own_program() -> bool {
    let this = std::env::current_exe().and_then(|path| path.canonicalize());
    let own = std::path::Path::new(OWN_IFCONFIG).canonicalize();
    matches!((this, own), (Ok(this), Ok(own)) if this == own)
}

/// Prints who has which IP address.
pub(crate) fn neighbours(arguments: Vec<OsString>) -> Result<(), String> {
    haiku::neighbours(&Native, arguments)
}

/// Runs a command that only Haiku has.
pub(crate) fn run_command(command: &str, arguments: Vec<OsString>) -> Option<ExitCode> {
    match command {
        "selftest" => Some(cli::finish(selftest::main(&Native, arguments))),
        _ => None,
    }
}
