//! What the program is on Linux: a daemon, those who ask it, and programs that it lends devices to.

use crate::administer::{self, Door, Failure};
use crate::control::{Client, socket_path};
use crate::daemon::{self, Options};
use crate::{cli, demo, exec, neighbours, plug};
use std::ffi::OsString;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) const USAGE: &str = "\
usage: trestle run [--config FILE | --state FILE] [--workers N] [--priority N] [--spin MICROSECONDS]
       trestle ifconfig [-v] [-j] [INTERFACE [VERB ...]]
       trestle neighbours [-j] [INTERFACE]
       trestle demo [--json] [--memory]
       trestle exec [--tun tunN | --tap tapN] [--fd N] [--] PROGRAM [ARGUMENT ...]
       trestle plug unix [--tun tunN | --tap tapN] [--fd N]
       trestle help | --version

  run       the daemon: holds the interfaces and forwards their frames
  ifconfig  administers a daemon; the program does the same when it is called 'ifconfig'
  neighbours  prints who has which IP address: what bridges with 'suppress' members have seen, and what tuns
            know and answer for; of one INTERFACE, or all; -j prints JSON
  demo      builds a bridge between hosts that exist only for it, sends traffic, shows what happened
  exec      runs PROGRAM, whose opens of /dev/net/tun, /dev/tunN and /dev/tapN get devices of the daemon
  plug      puts a device of the daemon behind a socket that another program passes on

run:
  --config FILE   start from FILE, and keep changes only until the end
  --state FILE    keep changes in FILE (else /var/lib/trestle/state.toml, or, not as root,
                  trestle/state.toml under $XDG_STATE_HOME or ~/.local/state)
  --workers N     forwarding threads, 1..16 (else half of the processors, at least 1, at most 4)
  --priority N    nice value of the forwarding threads, -20..19 (else -5 where that is allowed);
                  a lower one keeps forwarding when senders on the same machine take every processor
  --spin N        microseconds to wait actively for the next frame before blocking, 0..1000

exec:
  --tap tapN      the device that PROGRAM gets whenever it asks for a TAP device, by any name (--tun likewise)
  --fd N          PROGRAM also inherits that device, open, as descriptor N: one packet a read or write, no header
  PROGRAM takes the place of trestle: its process, signals and exit status are PROGRAM's own. The exit status is 1 when
  no daemon answers or the arguments are wrong, 126 when PROGRAM cannot be executed, 127 when there is none.

plug unix:
  --fd N          the socket, SOCK_DGRAM or SOCK_SEQPACKET: one packet a message, no header (else $TUNTAP_SOCKET_FD)
  --tap tapN      the device (--tun likewise; else $TRESTLE_DEVICE, else one that lives as long as the plug)
  It is the program of OpenVPN 2.7's '--dev-node unix:PROG', which gets no arguments: make a link to trestle of the name
  trestle-plug-unix, and say 'script-security 2', 'dev-node unix:/usr/bin/trestle-plug-unix' and, to choose the device,
  'setenv TRESTLE_DEVICE tapN'. MTU, MAC address and addresses are those of OpenVPN's environment. It ends with
  SIGINT, SIGTERM or the program that made the socket.

The control socket is $TRESTLE_SOCKET, else /run/trestle/control, else, not as root,
$XDG_RUNTIME_DIR/trestle/control. Nodes are under $TRESTLE_DEV, else in dev beside the socket.
";

/// What to do instead of filtering by rule.
pub(crate) const INSTEAD_OF_RULES: &str =
    "frames are not filtered by rule; use nftables, or locked, private and protected members";
/// What to do instead of moving an interface into another network stack.
pub(crate) const INSTEAD_OF_STACKS: &str = "move the interface with ip link set <interface> netns <name>";
/// How long a device is kept that lasts.
pub(crate) const PERSIST: &str = "keeps it when nobody has it open, and over a restart (default)";

/// The other name of `trestle plug unix`.
const PLUG_UNIX: &str = "trestle-plug-unix";

/// Opens the way to the daemon of this user.
pub(crate) fn door() -> Result<impl Door, Failure> {
    Ok(Client::connect(&socket_path())?)
}

/// Runs the command that the program's own name stands for, if it does.
pub(crate) fn run_as(name: &str, arguments: &[OsString]) -> Option<ExitCode> {
    // OpenVPN runs the program of `unix:PROG` without arguments.
    let unix = || std::iter::once("unix".into()).chain(arguments.iter().cloned()).collect();
    (name == PLUG_UNIX).then(|| plug::main(unix()))
}

/// Runs one command line of `ifconfig` and returns what is to be printed, or why it came to nothing.
pub(crate) fn ifconfig(arguments: &[OsString]) -> Result<String, String> {
    administer::execute(arguments, door).map_err(|error| error.to_string())
}

/// Prints who has which IP address.
pub(crate) fn neighbours(arguments: Vec<OsString>) -> Result<(), String> {
    neighbours::run(arguments, door)
}

/// Runs a command that only Linux has.
pub(crate) fn run_command(command: &str, arguments: Vec<OsString>) -> Option<ExitCode> {
    Some(match command {
        "run" => cli::finish(run(arguments)),
        "demo" => cli::finish(demo(arguments)),
        "exec" => exec::main(arguments),
        "plug" => plug::main(arguments),
        // The daemon's own, with a socket as its standard input.
        "keeper" => cli::finish(keeper()),
        _ => return None,
    })
}

fn run(arguments: Vec<OsString>) -> Result<(), String> {
    let options = parse_run(arguments).map_err(|error| format!("run: {error}; see 'trestle help'"))?;
    daemon::run(&options).map_err(|error| error.to_string())
}

/// Sees off the programs that have a node open when the daemon is gone.
fn keeper() -> Result<(), String> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| format!("keeper: {error}"))?;
    kernel_glue::linux::keeper::main(socket).map_err(|error| format!("keeper: {error}"))
}

fn parse_run(arguments: Vec<OsString>) -> Result<Options, lexopt::Error> {
    use lexopt::prelude::*;
    let mut options = Options::default();
    let mut words = lexopt::Parser::from_args(arguments);
    while let Some(word) = words.next()? {
        match word {
            Long("config") => options.config = Some(PathBuf::from(words.value()?)),
            Long("state") => options.state = Some(PathBuf::from(words.value()?)),
            Long("workers") => options.workers = Some(number(&mut words, "--workers", 1..=16)? as usize),
            Long("priority") => options.priority = Some(number(&mut words, "--priority", -20..=19)? as i32),
            Long("spin") => options.spin_micros = Some(number(&mut words, "--spin", 0..=1000)? as u32),
            Short(_) | Long(_) | Value(_) => return Err(word.unexpected()),
        }
    }
    if options.config.is_some() && options.state.is_some() {
        return Err("--config and --state exclude each other".into());
    }
    Ok(options)
}

fn number(
    words: &mut lexopt::Parser,
    option: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64, lexopt::Error> {
    let value = words.value()?;
    let parsed = value.to_str().and_then(|text| text.parse().ok()).filter(|number| range.contains(number));
    parsed.ok_or_else(|| {
        format!("{option} {}: not a number in {}..{}", value.display(), range.start(), range.end()).into()
    })
}

fn demo(arguments: Vec<OsString>) -> Result<(), String> {
    use lexopt::prelude::*;
    let mut options = demo::Options::default();
    let mut words = lexopt::Parser::from_args(arguments);
    let wrong = |error: lexopt::Error| format!("demo: {error}; see 'trestle help'");
    while let Some(word) = words.next().map_err(wrong)? {
        match word {
            Long("json") => options.output = demo::Output::Json,
            Long("memory") => options.place = demo::Place::Memory,
            Short(_) | Long(_) | Value(_) => return Err(wrong(word.unexpected())),
        }
    }
    demo::run(&options).map_err(|error| error.to_string())
}
