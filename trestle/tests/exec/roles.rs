//! What the processes of a scene do.

use super::fake::Fake;
use super::scene;
use kernel_glue::linux::clock;
use kernel_glue::linux::supervise::{TunFile, inherited};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::{Mode, OFlags, ResolveFlags, fcntl_getfl, fcntl_setfl, open, openat, openat2};
use rustix::io::{Errno, FdFlags, fcntl_getfd, read, write};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

const TAP: u16 = 0x1002;

/// Does nothing unless this program was started for a role.
#[test]
fn role() {
    let Ok(role) = std::env::var("TRESTLE_TEST_ROLE") else { return };
    match role.as_str() {
        "daemon" => daemon(),
        "talks" => talks(),
        "passes_on" => passes_on(),
        "inheritor" => inheritor(),
        "opens_by_many_ways" => opens_by_many_ways(),
        "inherits" => inherits(),
        "is_refused" => is_refused(),
        "outlives_a_daemon" => outlives_a_daemon(),
        "is_hung_up" => is_hung_up(),
        "waits" => {
            let _tun = attached(OFlags::empty());
            say("attached");
            std::thread::sleep(Duration::from_secs(60));
        }
        "opens_often" => opens_often(),
        "plugs" => plugs(),
        "plugs_and_waits" => {
            let _plug = Plug::start();
            say("plugged");
            std::thread::sleep(Duration::from_secs(60));
        }
        "plugs_twice" => plugs_twice(),
        other => panic!("no role {other}"),
    }
}

fn say(line: &str) {
    println!("{line}");
}

fn daemon() {
    let log = std::path::PathBuf::from(std::env::var_os("TRESTLE_TEST_LOG").unwrap());
    let fake = Fake::new({
        let log = log.clone();
        move |line| scene::write_log(&log, line)
    });
    let _listener = fake.listen(&trestle::control::socket_path());
    scene::write_log(&log, "ready");
    say("ready");
    std::thread::sleep(Duration::from_secs(60));
}

fn attached(flags: OFlags) -> TunFile {
    let tun = TunFile::open("/dev/net/tun", OFlags::RDWR | flags).unwrap();
    assert_eq!(tun.attach("tap%d", TAP).unwrap(), "tap7");
    tun
}

/// Returns what `poll` finds within some seconds.
fn ready(tun: &TunFile) -> PollFlags {
    let mut fds = [PollFd::new(tun, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 10, tv_nsec: 0 })).unwrap();
    fds[0].revents()
}

fn echoes(tun: &TunFile, mark: u8) {
    let packet = [mark; 1400];
    assert_eq!(write(tun, &packet).unwrap(), packet.len());
    assert_eq!(ready(tun), PollFlags::IN);
    let mut back = [0; 2048];
    assert_eq!(read(tun, &mut back).unwrap(), packet.len());
    assert_eq!(back[..packet.len()], packet);
}

fn talks() {
    let tun = attached(OFlags::NONBLOCK | OFlags::CLOEXEC);
    assert!(fcntl_getfl(&tun).unwrap().contains(OFlags::NONBLOCK));
    assert_eq!(fcntl_getfd(&tun).unwrap(), FdFlags::CLOEXEC);
    assert_eq!(read(&tun, &mut [0; 2048]), Err(Errno::AGAIN));
    tun.set_persistent(1).unwrap();
    assert_eq!(tun.query().unwrap(), ("tap7".to_owned(), TAP));
    assert_eq!(tun.hardware_address().unwrap(), [2, 0, 0, 0, 0, 9]);
    assert_eq!(tun.features().unwrap(), 0x1003);
    echoes(&tun, 1);
    assert_eq!(tun.waiting_bytes().unwrap(), 0, "the socket's own");
    // Longer than the buffer: the rest is gone, as with the driver.
    write(&tun, &[2; 100]).unwrap();
    assert_eq!(ready(&tun), PollFlags::IN);
    assert_eq!(read(&tun, &mut [0; 10]).unwrap(), 10);
    assert_eq!(read(&tun, &mut [0; 100]), Err(Errno::AGAIN));
    // What is not ours stays the kernel's.
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None).unwrap();
    assert!(TunFile::from(socket).attach("tap0", TAP).is_err());
    assert!(std::fs::read_to_string("/proc/self/status").unwrap().contains("Seccomp:\t2"));
    assert!(std::fs::File::open("/nowhere/tun0").is_err());
}

fn passes_on() {
    let tun = attached(OFlags::CLOEXEC);
    let copy = TunFile::from(tun.as_fd().try_clone_to_owned().unwrap());
    drop(tun);
    assert_eq!(copy.query().unwrap().0, "tap7");
    let thread = std::thread::spawn(move || {
        assert_eq!(copy.query().unwrap().0, "tap7");
        copy
    });
    let copy = thread.join().unwrap();
    // A child gets it as standard input, and executes itself anew.
    let status = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args_os().skip(1))
        .env("TRESTLE_TEST_ROLE", "inheritor")
        .stdin(copy.as_fd().try_clone_to_owned().unwrap())
        .status()
        .unwrap();
    assert!(status.success());
    drop(copy);
    let again = attached(OFlags::empty());
    assert_eq!(fcntl_getfd(&again).unwrap(), FdFlags::empty());
    panic!("{}", Command::new("env").arg("true").stdin(again.as_fd().try_clone_to_owned().unwrap()).exec());
}

fn inheritor() {
    let tun = TunFile::from(inherited(0).unwrap());
    assert_eq!(tun.query().unwrap().0, "tap7");
    echoes(&tun, 9);
    // And opens one of its own.
    attached(OFlags::empty());
}

fn opens_by_many_ways() {
    let flags = OFlags::RDWR | OFlags::CLOEXEC;
    let mode = Mode::empty();
    let is_socket = |fd: &rustix::fd::OwnedFd| rustix::net::sockopt::socket_type(fd).is_ok();
    for path in ["/dev/net/tun", "/dev/tap5", "/dev/tun/3", "/dev/tap", "/dev/tun"] {
        assert!(is_socket(&open(path, flags, mode).unwrap()), "{path}");
    }
    let served = std::env::var("TRESTLE_DEV").unwrap();
    assert!(is_socket(&open(format!("{served}/tap0"), flags, mode).unwrap()));
    let dev = open("/dev", OFlags::RDONLY | OFlags::DIRECTORY, mode).unwrap();
    assert!(is_socket(&openat(&dev, "net/tun", flags, mode).unwrap()));
    std::env::set_current_dir("/dev").unwrap();
    assert!(is_socket(&open("tap4", flags, mode).unwrap()));
    let how = openat2(&dev, "net/tun", flags | OFlags::NONBLOCK, mode, ResolveFlags::empty()).unwrap();
    assert!(is_socket(&how) && fcntl_getfl(&how).unwrap().contains(OFlags::NONBLOCK));
    assert!(!is_socket(&open("null", flags, mode).unwrap()));
    // A handle on the path alone is no open of the device.
    assert!(open("/dev/tap5", OFlags::PATH, mode).is_err());
}

fn inherits() {
    let tun = TunFile::from(inherited(9).unwrap());
    echoes(&tun, 3);
    assert_eq!(tun.query().unwrap().0, "tap7");
}

fn is_refused() {
    let tun = TunFile::open("/dev/net/tun", OFlags::RDWR).unwrap();
    for _ in 0..50 {
        assert_eq!(tun.attach("busy0", TAP), Err(Errno::BUSY));
    }
    assert_eq!(tun.attach("tap%d", TAP).unwrap(), "tap7");
}

fn outlives_a_daemon() {
    let tun = attached(OFlags::NONBLOCK);
    tun.set_persistent(1).unwrap();
    echoes(&tun, 4);
    say("attached");
    scene::wait("the daemon to be gone", || {
        std::os::unix::net::UnixStream::connect(trestle::control::socket_path()).is_err()
    });
    // More than the socket holds, at a pace that any supervisor keeps.
    let mut refused = 0;
    for _ in 0..4_000 {
        match write(&tun, &[5; 1400]) {
            Ok(_) => {}
            Err(Errno::AGAIN) => {
                refused += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(errno) => panic!("{errno}"),
        }
    }
    assert!(refused < 2_000, "{refused} of 4000 writes refused");
    while let Ok(count) = read(&tun, &mut [0; 2048]) {
        assert_ne!(count, 0, "the end of the file");
    }
    assert!(TunFile::open("/dev/net/tun", OFlags::RDWR).is_err_and(|errno| errno == Errno::NODEV));
    say("silence");
    scene::wait("echoes", || {
        let _ = write(&tun, &[6; 60]);
        std::thread::sleep(Duration::from_millis(50));
        matches!(read(&tun, &mut [0; 2048]), Ok(60))
    });
}

fn is_hung_up() {
    let tun = attached(OFlags::empty());
    say("attached");
    let start = clock::monotonic();
    for _ in 0..5 {
        assert_eq!(ready(&tun), PollFlags::IN);
        assert_eq!(read(&tun, &mut [0; 2048]), Ok(0));
        assert_eq!(write(&tun, &[0; 60]), Err(Errno::PIPE));
    }
    assert!(clock::monotonic().since(start) > Duration::from_millis(300), "whoever reads on is slowed down");
    assert_eq!(tun.query(), Err(Errno::BADFD), "nobody's any more");
}

fn opens_often() {
    for _ in 0..200 {
        let tun = attached(OFlags::CLOEXEC);
        assert!(tun.as_fd().as_raw_fd() < 20);
    }
    say("opened often");
    std::thread::sleep(Duration::from_secs(1));
}

/// What OpenVPN does with `--dev-node unix:PROG`.
struct Plug {
    child: std::process::Child,
    ours: TunFile,
}

impl Plug {
    fn start() -> Self {
        let pair = socketpair(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
        let (ours, theirs) = pair;
        // The program finds it as its standard input.
        let child = Command::new(env!("CARGO_BIN_EXE_trestle"))
            .args(["plug", "unix"])
            .env("TUNTAP_SOCKET_FD", "0")
            .env("TUNTAP_DEV_TYPE", "tap")
            .env("TUNTAP_MTU", "1400")
            .env("ifconfig_local", "10.8.0.1")
            .env("ifconfig_netmask", "255.255.255.0")
            .env("TRESTLE_DEVICE", "tap3")
            .stdin(theirs)
            .spawn()
            .unwrap();
        let ours = TunFile::from(ours);
        echoes(&ours, 1);
        Self { child, ours }
    }

    /// Waits for the last setting, for the nth time.
    fn wait_until_configured(&self, times: usize) {
        let log = std::env::var_os("TRESTLE_TEST_LOG").unwrap();
        scene::wait("settings", || {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            text.lines().filter(|line| line.contains("AddAddress")).count() == times
        });
    }

    fn interrupt(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

fn plugs() {
    let plug = Plug::start();
    echoes(&plug.ours, 2);
    plug.wait_until_configured(1);
    plug.interrupt();
}

fn plugs_twice() {
    let plug = Plug::start();
    plug.wait_until_configured(1);
    say("plugged");
    scene::wait("the daemon to be gone", || {
        std::os::unix::net::UnixStream::connect(trestle::control::socket_path()).is_err()
    });
    fcntl_setfl(&plug.ours, OFlags::NONBLOCK).unwrap();
    say("silence");
    scene::wait("echoes", || {
        let _ = write(&plug.ours, &[6; 60]);
        std::thread::sleep(Duration::from_millis(50));
        matches!(read(&plug.ours, &mut [0; 2048]), Ok(60))
    });
    plug.wait_until_configured(2);
    plug.interrupt();
}
