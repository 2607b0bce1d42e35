//! The bare end of a cable: frames written and read to the byte.

use crate::clock::Limit;
use crate::ns::Ns;
use frame::offload::VNET_BYTES;
use kernel_glue::linux::{InterfaceName, TapDevice};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use smoltcp::phy::{Medium, RawSocket, TunTapInterface};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A descriptor that carries one Ethernet frame a read or write.
#[derive(Debug)]
pub struct Wire {
    descriptor: OwnedFd,
    header: Header,
}

/// What lies before each frame on a descriptor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Header {
    None,
    /// `struct virtio_net_hdr`: what is left to do to the frame.
    VirtioNet,
}

impl Wire {
    /// Makes the TAP interface `name` in `ns`, up, and holds its other end, as the program of a virtual machine does.
    /// A frame written here is received by the interface. Frames are plain: no offload passes. The interface goes when
    /// the value is dropped.
    pub fn tap(ns: &Ns, name: &str) -> Self {
        let wire = ns.enter(|| {
            let tap = TunTapInterface::new(name, Medium::Ethernet).expect("root may make a TAP");
            Self::keep(&tap)
        });
        ns.ip(&format!("link set dev {name} up"));
        wire
    }

    /// As [`Self::tap`], but held as QEMU holds it: the holder takes frames whose checksum or segmentation is not done
    /// yet, each behind a header that says so. What is written is complete.
    pub fn tap_with_offloads(ns: &Ns, name: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique = format!("trw{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let wire = ns.enter(|| {
            let tap = TapDevice::create(InterfaceName::new(&unique).expect("short"), 1).expect("root may make a TAP");
            let wire = Self { header: Header::VirtioNet, ..Self::keep(&Numbered(descriptor_of(&unique))) };
            drop(tap);
            wire
        });
        ns.ip(&format!("link set dev {unique} name {name}"));
        ns.ip(&format!("link set dev {name} up"));
        wire
    }

    /// Opens a packet socket on the interface `name` in `ns`, promiscuous for as long. A frame written here leaves
    /// through the interface; what the interface receives and what other sockets send through it is read here. The kernel
    /// hides the outermost VLAN tag of what is received (it lies beside the frame), so that tags need a TAP.
    pub fn tapping(ns: &Ns, name: &str) -> Self {
        ns.ip(&format!("link set dev {name} promisc on"));
        ns.enter(|| {
            let socket = RawSocket::new(name, Medium::Ethernet).expect("root may open a packet socket");
            Self::keep(&socket)
        })
    }

    /// Takes one end of a pair of sockets that keep packets apart.
    pub(crate) fn over(descriptor: OwnedFd) -> Self {
        rustix::io::ioctl_fionbio(&descriptor, true).expect("a socket");
        Self { descriptor, header: Header::None }
    }

    /// Takes a descriptor of our own for what `owner` has open. smoltcp knows how to open these devices, in safe code,
    /// but reads no more than the interface's MTU and panics on errors that tests provoke.
    fn keep(owner: &impl AsRawFd) -> Self {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process runs");
        let descriptor = pidfd_getfd(this, owner.as_raw_fd(), PidfdGetfdFlags::empty()).expect("it is ours");
        Self { descriptor, header: Header::None }
    }

    /// Writes a frame, waiting while the queue is full; the test fails if the interface refuses it.
    #[track_caller]
    pub fn send(&self, frame: &[u8]) {
        self.try_send(frame).unwrap_or_else(|error| panic!("{} bytes: {error}", frame.len()));
    }

    /// Writes a frame.
    pub fn try_send(&self, frame: &[u8]) -> Result<(), Errno> {
        let framed;
        let frame = match self.header {
            Header::None => frame,
            Header::VirtioNet => {
                framed = [&[0; VNET_BYTES], frame].concat();
                &framed
            }
        };
        loop {
            match rustix::io::write(&self.descriptor, frame) {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN | Errno::NOBUFS | Errno::INTR) => {
                    self.ready(PollFlags::OUT, Duration::from_millis(1));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the next frame, waiting for one at most until `limit`.
    pub fn receive(&self, limit: Limit) -> Option<Vec<u8>> {
        let mut buffer = vec![0; LARGEST];
        loop {
            match rustix::io::read(&self.descriptor, &mut buffer[..]) {
                Ok(bytes) => {
                    buffer.truncate(bytes);
                    if self.header == Header::VirtioNet {
                        buffer.drain(..VNET_BYTES);
                    }
                    return Some(buffer);
                }
                Err(Errno::AGAIN | Errno::INTR) if limit.passed() => return None,
                Err(Errno::AGAIN | Errno::INTR) => self.ready(PollFlags::IN, limit.left()),
                Err(Errno::NETDOWN) => {} // Told once, when the interface goes down.
                Err(Errno::BADFD | Errno::CONNRESET) => return None, // The interface was deleted, the other end closed.
                Err(error) => panic!("reading a frame: {error}"),
            }
        }
    }

    /// Returns whether `frame` arrives within two seconds; other frames are passed over.
    pub fn hears(&self, frame: &[u8]) -> bool {
        let limit = Limit::after(Duration::from_secs(2));
        std::iter::from_fn(|| self.receive(limit)).any(|heard| heard == frame)
    }

    /// Returns the frames of EtherType 0x88b5, tagged or not, that arrive before `last` does, and fails the test if that
    /// takes more than two seconds. Frames of one sender keep their order, so that what has not come before `last`
    /// will not come.
    #[track_caller]
    pub fn until(&self, last: &[u8]) -> Vec<Vec<u8>> {
        let limit = Limit::after(Duration::from_secs(2));
        let mut heard = Vec::new();
        while let Some(frame) = self.receive(limit) {
            if frame == last {
                return heard;
            }
            if frame.windows(2).skip(12).take(9).any(|pair| pair == [0x88, 0xb5]) {
                heard.push(frame);
            }
        }
        panic!("the last frame did not come; before: {heard:02x?}");
    }

    /// Throws away what is queued.
    pub fn drain(&self) {
        while self.receive(Limit::after(Duration::ZERO)).is_some() {}
    }

    /// Returns whether frames come with their checksums undone.
    pub(crate) fn offloads(&self) -> bool {
        self.header == Header::VirtioNet
    }

    /// Waits until the descriptor can be read or written, but no longer than `time`.
    pub(crate) fn ready(&self, what: PollFlags, time: Duration) {
        let time = Timespec::try_from(time).expect("waits are short");
        // An interrupted wait is an early return, which every caller expects.
        let _ = poll(&mut [PollFd::from_borrowed_fd(self.descriptor.as_fd(), what)], Some(&time));
    }
}

/// A descriptor of this process by its number.
struct Numbered(RawFd);

impl AsRawFd for Numbered {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

/// Finds the descriptor of this process that holds the TAP `name`.
fn descriptor_of(name: &str) -> RawFd {
    let holds = |number: &RawFd| {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
        info.lines().any(|line| line.strip_prefix("iff:").is_some_and(|iff| iff.trim() == name))
    };
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("/proc is there").flatten();
    let mut numbers = descriptors.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.find(holds).expect("it was just opened")
}

/// Bytes of the largest frame: 64 KiB of payload and room for header and tags.
const LARGEST: usize = 65_536 + 64;
