//! Programs at nodes that this process serves: a private mount namespace, real system calls.

use super::*;
use crate::linux::Face;
use crate::linux::clock::monotonic;
use crate::linux::skip::skip;
use frame::offload::VNET_BYTES;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountFlags, MountPropagationFlags};
use rustix::thread::UnshareFlags;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tap::ioctl::{Answer, Attach, AttachFlags, Request};
use tap::{DeviceName, Link, Node, Settings};

mod control;
mod crash;
mod death;
mod life;
mod roles;
mod signal;
mod wait;

/// Runs a test in a thread with a mount namespace of its own, with `/mnt` empty; without the right to make one, or to
/// use FUSE, says so and passes.
fn in_namespace(test: impl FnOnce() + Send) {
    let name = std::thread::current().name().unwrap_or("a node test").to_owned();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if let Err(errno) = private_mounts() {
                return skip(&name, format_args!("needs root and /dev/fuse: {errno}"));
            }
            test();
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn private_mounts() -> Result<(), Errno> {
    // SAFETY: a thread's mount namespace concerns no memory and no descriptor of others.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }?;
    rustix::mount::mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    rustix::mount::mount("tmpfs", "/mnt", "tmpfs", MountFlags::empty(), None)?;
    rustix::fs::open("/dev/fuse", OFlags::RDWR, Mode::empty()).map(drop)
}

const DIRECTORY: &str = "/mnt/dev";
const TAP0: DeviceName = DeviceName { kind: tap::Kind::Tap, unit: 0 };
const OWNER: Owner = Owner { uid: 0, gid: 0, mode: 0o600 };

/// Opens every node as the one device.
struct Desk {
    queues: Arc<Queues>,
    opened: Mutex<Vec<(Node, Caller)>>,
    descriptors: Mutex<BTreeMap<u64, Arc<Descriptor>>>,
    asked: Mutex<Vec<Request>>,
}

impl Clerk for Desk {
    fn open(&self, node: Node, caller: Caller, done: Done<Opened>) {
        let descriptor = Arc::new(Descriptor::new());
        let mut opened = self.opened.lock().unwrap();
        opened.push((node, caller));
        let id = opened.len() as u64;
        drop(opened);
        let attached = descriptor.attach(&self.queues, &mut Waiter::woken);
        self.descriptors.lock().unwrap().insert(id, descriptor.clone());
        done(attached.map(|()| Opened { id, descriptor }).map_err(|_| Errno::NXIO));
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what no test asks for")]
    fn ioctl(&self, id: u64, request: Request, _: Caller, done: Done<Answer>) {
        self.asked.lock().unwrap().push(request);
        let descriptor = self.descriptors.lock().unwrap()[&id].clone();
        // As the control side answers: from another thread.
        std::thread::spawn(move || {
            done(match request {
                Request::Attach(Attach { flags, .. }) => {
                    if flags.contains(AttachFlags::PACKET_INFO) {
                        descriptor.set_header(tap::Header::PacketInfo);
                    }
                    Ok(Answer::Attached(TAP0, flags))
                }
                Request::Attachment => Ok(Answer::Attached(TAP0, AttachFlags::MULTI_QUEUE)),
                Request::Features => Ok(Answer::Features(AttachFlags::MULTI_QUEUE)),
                Request::GetMac => Ok(Answer::Hardware(Some(frame::Mac([2, 0, 0, 0, 0, 7])))),
                Request::SendBuffer(_) => Ok(Answer::Done),
                _ => Err(Errno::INVAL),
            });
        });
    }

    fn close(&self, id: u64) {
        self.descriptors.lock().unwrap().remove(&id);
    }
}

/// A server with `tap0`, and the face of that device.
struct Scene {
    server: NodeServer,
    device: Arc<NodeDevice>,
    desk: Arc<Desk>,
}

impl Scene {
    fn new() -> Self {
        Self::with(Settings::default(), None)
    }

    fn with(settings: Settings, keeper: Option<Vec<std::ffi::OsString>>) -> Self {
        let pool = Pool::new();
        let queues = Arc::new(Queues::new(TAP0, settings));
        queues.set_link(Link::Up, &mut Waiter::woken);
        let device = Arc::new(NodeDevice::new(queues.clone(), &pool).unwrap());
        let desk = Desk { queues, opened: Mutex::default(), descriptors: Mutex::default(), asked: Mutex::default() };
        let desk = Arc::new(desk);
        let options = NodeOptions { directory: DIRECTORY.into(), clones: OWNER, keeper, threads: 1, pool };
        let server = NodeServer::mount(&options, desk.clone()).unwrap();
        server.publish(TAP0, OWNER);
        Self { server, device, desk }
    }

    fn node() -> PathBuf {
        Path::new(DIRECTORY).join("tap0")
    }

    fn open(flags: OFlags) -> OwnedFd {
        rustix::fs::open(Self::node(), OFlags::RDWR | OFlags::CLOEXEC | flags, Mode::empty()).unwrap()
    }

    /// Waits until so many threads wait at descriptors for packets, room or notices.
    fn await_waiters(&self, count: usize) {
        let waiting = || self.desk.descriptors.lock().unwrap().values().map(|one| one.waiting()).sum::<usize>();
        eventually(&format!("{count} waiters"), || waiting() >= count);
    }

    /// Gives the program a frame that ends in `mark`.
    fn give(&self, mark: u8) {
        self.device.give(0, &frame(mark)).unwrap();
    }

    /// Takes what the program wrote.
    fn take(&self) -> Option<Vec<u8>> {
        let mut stored = vec![0; 70_000];
        let bytes = self.device.take(&mut stored)?;
        Some(stored[VNET_BYTES..bytes].to_vec())
    }
}

/// An Ethernet frame of 60 bytes.
fn frame(mark: u8) -> Vec<u8> {
    let mut frame = vec![0; 60];
    frame[59] = mark;
    frame
}

fn is_mounted() -> bool {
    std::fs::read_to_string("/proc/thread-self/mountinfo").unwrap().contains(" /mnt/dev ")
}

/// Waits until something is so, and fails after ten seconds.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = monotonic();
    while !is_so() {
        assert!(monotonic().since(start) < Duration::from_secs(10), "{what}: not in time");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Returns how long something took.
fn timed<T>(run: impl FnOnce() -> T) -> (Duration, T) {
    let start = monotonic();
    let result = run();
    (monotonic().since(start), result)
}

/// What counts as at once on a busy machine.
const AT_ONCE: Duration = Duration::from_millis(500);
