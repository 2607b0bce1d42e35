//! Ioctls, with the caller's memory.

use super::*;
use std::os::fd::AsRawFd;
use tap::ioctl::Wanted;

/// `struct ifreq`.
type Ifreq = [u8; 40];

const TUNSETIFF: u32 = 0x4004_54ca;
const TUNSETPERSIST: u32 = 0x4004_54cb;
const TUNGETFEATURES: u32 = 0x8004_54cf;
const TUNGETIFF: u32 = 0x8004_54d2;
const TUNSETSNDBUF: u32 = 0x4004_54d4;
const SIOCGIFHWADDR: u32 = 0x8927;
const TCGETS: u32 = 0x5401;

fn ifreq(name: &[u8], flags: u16) -> Ifreq {
    let mut ifreq = [0xee; 40];
    ifreq[..16].fill(0);
    ifreq[..name.len()].copy_from_slice(name);
    ifreq[16..18].copy_from_slice(&flags.to_ne_bytes());
    ifreq
}

fn ioctl(file: &OwnedFd, number: u32, argument: &mut Ifreq) -> Result<(), Errno> {
    // SAFETY: no ioctl here uses more than the 40 bytes of the argument.
    let status = unsafe { libc::ioctl(file.as_raw_fd(), libc::c_ulong::from(number), argument.as_mut_ptr()) };
    if status < 0 { Err(crate::linux::tap::last_errno()) } else { Ok(()) }
}

#[test]
fn arguments_are_whole_both_ways() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        let mut argument = ifreq(b"tap%d", 0x5002);
        assert_eq!(ioctl(&file, TUNSETIFF, &mut argument), Ok(()));
        assert_eq!(argument, ifreq(b"tap0", 0x5002), "the name is written back, and nothing else");
        let attach = Attach { kind: tap::Kind::Tap, wanted: Wanted::Any, flags: AttachFlags::VNET };
        assert_eq!(scene.desk.asked.lock().unwrap()[..], [Request::Attach(attach)]);

        let mut argument = [0xee; 40];
        assert_eq!(ioctl(&file, TUNGETIFF, &mut argument), Ok(()));
        assert_eq!(argument[..18], ifreq(b"tap0", 0x1102)[..18]);

        let mut argument = ifreq(b"tap0", 0);
        assert_eq!(ioctl(&file, SIOCGIFHWADDR, &mut argument), Ok(()));
        assert_eq!(argument[16..24], [1, 0, 2, 0, 0, 0, 0, 7]);

        let mut argument = [0xee; 40];
        assert_eq!(ioctl(&file, TUNGETFEATURES, &mut argument), Ok(()));
        assert_eq!(argument[..4], 0x1103_u32.to_ne_bytes());
        assert_eq!(argument[4..], [0xee; 36]);

        let mut argument = [0; 40];
        argument[..4].copy_from_slice(&0x7fff_ffff_u32.to_ne_bytes());
        assert_eq!(ioctl(&file, TUNSETSNDBUF, &mut argument), Ok(()));
        assert_eq!(scene.desk.asked.lock().unwrap().last(), Some(&Request::SendBuffer(0x7fff_ffff)));
    });
}

#[test]
fn packet_information_is_as_asked_for() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        assert_eq!(ioctl(&file, TUNSETIFF, &mut ifreq(b"tap0", 0x0002)), Ok(()));
        let mut arp = frame(1);
        arp[12..14].copy_from_slice(&[0x08, 0x06]);
        scene.device.give(0, &arp).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(rustix::io::read(&file, &mut buffer), Ok(64));
        assert_eq!(buffer[..64], [&[0, 0, 0x08, 0x06], &arp[..]].concat());
        scene.device.give(0, &arp).unwrap();
        assert_eq!(rustix::io::read(&file, &mut buffer[..3]), Err(Errno::INVAL), "not even the header fits");
        assert_eq!(rustix::io::read(&file, &mut buffer[..34]), Ok(34));
        assert_eq!(buffer[..2], 1_u16.to_ne_bytes(), "TUN_PKT_STRIP");
        assert_eq!(rustix::io::write(&file, &[&[0, 0, 0x08, 0x06], &arp[..]].concat()), Ok(64));
        assert_eq!(scene.take(), Some(arp));
        assert_eq!(rustix::io::write(&file, &[0; 3]), Err(Errno::INVAL));
    });
}

#[test]
fn what_cannot_be_done_says_so() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        assert_eq!(ioctl(&file, TCGETS, &mut [0; 40]), Err(Errno::NOTTY));
        assert_eq!(ioctl(&file, TUNSETIFF, &mut ifreq(b"tap0", 0x1003)), Err(Errno::INVAL), "two kinds");
        // By value, which FUSE takes for an address before we are asked.
        // SAFETY: the argument is no address that is written to.
        let status = unsafe { libc::ioctl(file.as_raw_fd(), libc::c_ulong::from(TUNSETPERSIST), 1) };
        assert_eq!((status, crate::linux::tap::last_errno()), (-1, Errno::FAULT));
        assert!(scene.desk.asked.lock().unwrap().is_empty());
    });
}

/// Many programs at once: more than there are helpers.
#[test]
fn ioctls_of_many_threads_are_all_answered() {
    in_namespace(|| {
        let _scene = Scene::new();
        std::thread::scope(|scope| {
            for _ in 0..40 {
                scope.spawn(|| {
                    let file = Scene::open(OFlags::NONBLOCK);
                    for _ in 0..20 {
                        let mut argument = ifreq(b"", 0x1002);
                        assert_eq!(ioctl(&file, TUNSETIFF, &mut argument), Ok(()));
                        assert_eq!(argument, ifreq(b"tap0", 0x1002));
                    }
                });
            }
        });
    });
}

/// A program of another user, and a server that has given its privileges up but for those of its helpers.
#[test]
fn arguments_of_another_user_are_whole() {
    in_namespace(|| {
        let program = "/mnt/program";
        std::fs::write(program, "").unwrap();
        rustix::mount::mount_bind(std::env::current_exe().unwrap(), program).unwrap();
        let (serving, served) = std::sync::mpsc::sync_channel(0);
        let (end, ended) = std::sync::mpsc::sync_channel::<()>(0);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let scene = Scene::with(Settings::default(), Some(roles::as_role("keeper")));
                scene.server.publish(TAP0, Owner { uid: 1000, gid: 1000, mode: 0o600 });
                crate::linux::caps::drop_privileges().unwrap();
                serving.send(()).unwrap();
                assert!(ended.recv().is_err());
                drop(scene);
                assert!(!is_mounted(), "the keeper has unmounted");
            });
            served.recv().unwrap();
            let line = roles::as_role_of(program.into(), "caller");
            let mut command = std::process::Command::new(&line[0]);
            command.args(&line[1..]).stdout(std::process::Stdio::null());
            std::os::unix::process::CommandExt::uid(&mut command, 1000);
            std::os::unix::process::CommandExt::gid(&mut command, 1000);
            let status = command.status().unwrap();
            drop(end);
            assert!(status.success());
        });
    });
}

/// What the program of the other user does.
pub(super) fn call_as_another_user() {
    assert_eq!(rustix::process::geteuid().as_raw(), 1000);
    let file = Scene::open(OFlags::NONBLOCK);
    let mut argument = ifreq(b"", 0x1002);
    assert_eq!(ioctl(&file, TUNSETIFF, &mut argument), Ok(()));
    assert_eq!(argument, ifreq(b"tap0", 0x1002));
}

/// A server in a process namespace from which the program cannot be seen, as in a container.
#[test]
fn a_program_that_cannot_be_seen_gets_what_the_node_is() {
    in_namespace(|| {
        let server = roles::Server::start_under(&["unshare", "--pid", "--fork", "--kill-child"]);
        let file = Scene::open(OFlags::NONBLOCK);
        let mut argument = ifreq(b"tap0", 0x1002);
        assert_eq!(ioctl(&file, TUNSETIFF, &mut argument), Ok(()));
        assert_eq!(argument, ifreq(b"tap0", 0x1002));
        let mut argument = [0; 40];
        assert_eq!(ioctl(&file, TUNGETIFF, &mut argument), Ok(()));
        assert_eq!(argument[..16], ifreq(b"tap0", 0)[..16]);
        assert_eq!(ioctl(&file, SIOCGIFHWADDR, &mut ifreq(b"tap0", 0)), Err(Errno::PERM));
        assert_eq!(ioctl(&file, TUNGETFEATURES, &mut argument), Ok(()));
        drop(file);
        server.crash();
    });
}
