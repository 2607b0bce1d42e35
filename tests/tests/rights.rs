//! Who may do what, and what the daemon itself may.

use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tests::{Daemon, Lab, Switch, Wire, run, trestle};

const NOBODY: u32 = 65_534;
const SOON: Duration = Duration::from_secs(15);

/// CAP_NET_ADMIN (12) and CAP_NET_RAW (13), capabilities(7).
const NETWORK: u64 = 1 << 12 | 1 << 13;

/// CAP_SYS_PTRACE (19): to read what the argument of an ioctl points to.
const MEMORY: u64 = 1 << 19;

/// Puts the program where every user can run it.
fn program_for_all(lab: &Lab) -> PathBuf {
    let program = lab.directory().join("trestle");
    std::fs::copy(trestle(), &program).expect("room for a copy");
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("ours");
    program
}

/// Returns the beginning of a command line that runs as nobody.
fn as_nobody(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--pdeathsig", "KILL", program]);
    command
}

#[test]
fn the_daemon_keeps_two_capabilities() {
    let Some(lab) = Lab::open("the_daemon_keeps_two_capabilities") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let _tap = Wire::tap(daemon.ns(), "tap0");
    daemon.ok("bridge0 create addm tap0 inet 10.0.0.1/24 up");
    for thread in daemon.process().threads() {
        let kept = match thread.status("Name:").as_str() {
            name if name.starts_with("nodes helper") => MEMORY,
            // They pass packets on, by descriptors that are open.
            name if name.starts_with("nodes") => 0,
            _ => NETWORK,
        };
        assert_eq!(thread.capabilities("CapEff:"), kept, "{thread:?}");
        assert_eq!(thread.capabilities("CapPrm:"), kept, "{thread:?}");
        assert_eq!(thread.capabilities("CapInh:"), 0, "{thread:?}");
        assert_eq!(thread.capabilities("CapAmb:"), 0, "{thread:?}");
        assert_eq!(thread.capabilities("CapBnd:") & !kept, 0, "{thread:?}");
        assert_eq!(thread.status("NoNewPrivs:"), "1", "{thread:?}");
    }
}

#[test]
fn other_users_may_look_and_not_touch() {
    let Some(lab) = Lab::open("other_users_may_look_and_not_touch") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create up");
    let program = program_for_all(&lab);
    let ifconfig = |arguments: &str| {
        let mut command = as_nobody(&program.to_string_lossy());
        command.arg("ifconfig").args(arguments.split_whitespace()).env("TRESTLE_SOCKET", daemon.socket());
        run(command, SOON)
    };
    assert_eq!(ifconfig("bridge0").ok(), daemon.ok("bridge0"));
    assert_eq!(ifconfig("bridge0 addr").ok(), "");
    assert_eq!(ifconfig("-l").ok(), daemon.ok("-l"));
    let before = daemon.configuration();
    for change in ["bridge1 create", "bridge0 down", "bridge0 destroy", "bridge0 flush", "vport0 create"] {
        let said = ifconfig(change).refused();
        assert!(said.starts_with("ifconfig: ") && said.contains("Operation not permitted"), "{change}: {said}");
    }
    assert_eq!(daemon.configuration(), before);
}

#[test]
fn a_second_daemon_on_the_same_socket_is_refused() {
    let Some(lab) = Lab::open("a_second_daemon_on_the_same_socket_is_refused") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create up");
    let mut second = daemon.ns().command(&trestle().to_string_lossy());
    second.args(["run", "--state"]).arg(lab.directory().join("second.toml")).env("TRESTLE_SOCKET", daemon.socket());
    let said = run(second, SOON).refused();
    assert!(said.contains(&*daemon.socket().to_string_lossy()), "{said}");
    assert_eq!(daemon.ok("-l"), "bridge0\n");
}

/// The same, with nothing but a socket of a daemon that was killed.
#[test]
fn a_socket_that_a_killed_daemon_left_is_replaced() {
    let Some(lab) = Lab::open("a_socket_that_a_killed_daemon_left_is_replaced") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    daemon.ok("bridge0 create up");
    daemon.kill();
    assert!(daemon.socket().exists());
    let said = daemon.ifconfig("bridge0").refused();
    assert!(said.starts_with("ifconfig: ") && said.contains(&*daemon.socket().to_string_lossy()), "{said}");
    daemon.run();
    assert_eq!(daemon.ok("-l"), "bridge0\n");
}

/// Somebody who is root only in a user and network namespace of their own runs everything there. An ordinary user
/// can be that where /dev/net/tun is open to all, as udev makes it.
#[test]
fn it_runs_in_a_user_namespace() {
    let Some(lab) = Lab::open("it_runs_in_a_user_namespace") else { return };
    let program = program_for_all(&lab);
    let home = lab.directory().join("nobody");
    std::fs::create_dir(&home).expect("ours");
    let mode = std::fs::metadata("/dev/net/tun").expect("a lab has it").permissions().mode();
    let mut command = if mode & 0o006 == 0o006 {
        chown(&home, Some(NOBODY), Some(NOBODY)).expect("root may");
        as_nobody("unshare")
    } else {
        Command::new("unshare")
    };
    let script = format!(
        "set -e
        ip link set lo up
        ip link add eth1 type veth peer name far1
        ip link set eth1 up; ip link set far1 up
        setpriv --pdeathsig KILL {program} run --state {home}/state.toml >/dev/null 2>{home}/log &
        daemon=$!
        trap 'kill $daemon' EXIT
        n=0; until {program} ifconfig -l >/dev/null 2>&1; do n=$((n+1)); [ $n -lt 200 ]; sleep 0.05; done
        {program} ifconfig bridge0 create addm eth1 inet 10.0.0.1/24 up
        {program} ifconfig vport0 create up
        {program} ifconfig bridge0 addm vport0
        {program} ifconfig bridge0
        grep CapEff /proc/$daemon/status
        kill $daemon
        wait $daemon
        trap - EXIT
        ip -br link show",
        program = program.display(),
        home = home.display(),
    );
    command.args(["-Urn", "--kill-child", "sh", "-c", &script]).env("TRESTLE_SOCKET", home.join("control"));
    let ran = run(command, SOON);
    let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
    assert_eq!(ran.status, Some(0), "{ran:?}\n{log}");
    let shown =
        ["member: vport0 flags=143", "member: eth1 flags=143", "inet 10.0.0.1 netmask 0xffffff00", "0000003000"];
    for line in shown {
        assert!(ran.stdout.contains(line), "{line}: {}\n{log}", ran.stdout);
    }
    let left = ran.stdout.lines().skip_while(|line| !line.starts_with("CapEff"));
    assert!(!left.clone().any(|line| line.starts_with("bridge0") || line.starts_with("vport0")), "{}", ran.stdout);
}

/// A daemon that lost the right to what it needs says so instead of starting.
#[test]
fn a_daemon_without_rights_says_so() {
    let Some(lab) = Lab::open("a_daemon_without_rights_says_so") else { return };
    let program = program_for_all(&lab);
    let home = lab.directory().join("nobody");
    std::fs::create_dir(&home).expect("ours");
    chown(&home, Some(NOBODY), Some(NOBODY)).expect("root may");
    let mut command = as_nobody(&program.to_string_lossy());
    command.args(["run", "--state"]).arg(home.join("state.toml")).env("TRESTLE_SOCKET", home.join("control"));
    let child =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().expect("setpriv");
    let pid = Pid::from_child(&child);
    let client = || {
        let mut client = as_nobody(&program.to_string_lossy());
        client.args(["ifconfig", "bridge0", "create", "up"]).env("TRESTLE_SOCKET", home.join("control"));
        run(client, SOON)
    };
    // Either the daemon refuses to start or the first change that needs the right is refused; both name it.
    let answered = tests::within(SOON, || home.join("control").exists() || exited(pid));
    assert!(answered, "neither started nor refused");
    let mut said = String::new();
    if !exited(pid) {
        said = client().refused();
        let _ = kill_process(pid, Signal::TERM);
    }
    said += &String::from_utf8_lossy(&child.wait_with_output().expect("ours").stderr);
    assert!(said.contains("NET_ADMIN") || said.contains("not permitted"), "{said}");
}

fn exited(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    stat.is_empty() || stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}
