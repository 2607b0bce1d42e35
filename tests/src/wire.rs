//! The bare end of a cable: frames written and read to the byte.

use crate::clock::Limit;
use crate::ns::Ns;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use smoltcp::phy::{Medium, RawSocket, TunTapInterface};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

/// A descriptor that carries one Ethernet frame a read or write.
#[derive(Debug)]
pub struct Wire {
    descriptor: OwnedFd,
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
        ns.ip(&format!("link set {name} up"));
        wire
    }

    /// Opens a packet socket on the interface `name` in `ns`, promiscuous for as long. A frame written here leaves
    /// through the interface; what the interface receives and what others send through it is read here. The kernel
    /// hides the outermost VLAN tag of what is received (it lies beside the frame), so that tags need a TAP.
    pub fn tapping(ns: &Ns, name: &str) -> Self {
        ns.ip(&format!("link set {name} promisc on"));
        ns.enter(|| {
            let socket = RawSocket::new(name, Medium::Ethernet).expect("root may open a packet socket");
            Self::keep(&socket)
        })
    }

    /// Takes a descriptor of our own for what `owner` has open. smoltcp knows how to open these devices, in safe code,
    /// but reads no more than the interface's MTU and panics on errors that tests provoke.
    fn keep(owner: &impl AsRawFd) -> Self {
        let this = pidfd_open(getpid(), PidfdFlags::empty()).expect("this process runs");
        let descriptor = pidfd_getfd(this, owner.as_raw_fd(), PidfdGetfdFlags::empty()).expect("it is ours");
        Self { descriptor }
    }

    /// Writes a frame, waiting while the queue is full; the test fails if the interface refuses it.
    #[track_caller]
    pub fn send(&self, frame: &[u8]) {
        self.try_send(frame).unwrap_or_else(|error| panic!("{} bytes: {error}", frame.len()));
    }

    /// Writes a frame.
    pub fn try_send(&self, frame: &[u8]) -> Result<(), Errno> {
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
                    return Some(buffer);
                }
                Err(Errno::AGAIN | Errno::INTR) if limit.passed() => return None,
                Err(Errno::AGAIN | Errno::INTR) => self.ready(PollFlags::IN, limit.left()),
                Err(Errno::NETDOWN) => {}         // Told once, when the interface goes down.
                Err(Errno::BADFD) => return None, // The interface was deleted.
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

    /// Waits until the descriptor can be read or written, but no longer than `time`.
    pub(crate) fn ready(&self, what: PollFlags, time: Duration) {
        let time = Timespec::try_from(time).expect("waits are short");
        // An interrupted wait is an early return, which every caller expects.
        let _ = poll(&mut [PollFd::from_borrowed_fd(self.descriptor.as_fd(), what)], Some(&time));
    }
}

/// Bytes of the largest frame: 64 KiB of payload and room for header and tags.
const LARGEST: usize = 65_536 + 64;
