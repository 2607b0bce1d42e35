//! A network namespace for one test, and stations at the far ends of its devices.

use super::buffer::Burst;
use super::edit;
use super::netlink::{Link, Netlink, Up};
use super::packet::{PacketSocket, Sharing};
use super::{Interface, InterfaceName, TapDevice};
use frame::TagEdit;
use frame::offload::{Offload, VNET_BYTES};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd;
use rustix::thread::UnshareFlags;
use std::process::Command;

/// Runs a test in a thread with a network namespace of its own; without the right to make one, says so and passes.
pub(super) fn in_namespace(test: impl FnOnce(Lab) + Send) {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: a thread's network namespace concerns no memory and no descriptor of others.
            if let Err(errno) = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) } {
                println!("skipped: no network namespace: {errno}");
                return;
            }
            test(Lab { netlink: Netlink::open().unwrap() });
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// The namespace of the calling thread.
pub(super) struct Lab {
    pub(super) netlink: Netlink,
}

impl Lab {
    pub(super) fn name(text: &str) -> InterfaceName {
        InterfaceName::new(text).unwrap()
    }

    pub(super) fn link(&mut self, name: &str) -> Option<Link> {
        self.netlink.links().unwrap().into_iter().find(|link| link.name == name)
    }

    pub(super) fn set_up(&mut self, interface: Interface, up: Up) {
        self.netlink.set_flags_up(interface.index, up).unwrap();
    }

    pub(super) fn interface(&mut self, name: &str) -> Interface {
        let link = self.link(name).unwrap_or_else(|| panic!("no {name}"));
        Interface { name: Self::name(name), index: link.index }
    }

    /// Takes an interface up, without IPv6, which would speak unasked.
    pub(super) fn up(&mut self, name: &str) -> Interface {
        // Absent where the kernel has no IPv6.
        let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{name}/disable_ipv6"), "1");
        let interface = self.interface(name);
        self.set_up(interface, Up::Yes);
        interface
    }

    /// Makes an interface for a packet port, and the wire that is plugged into it.
    pub(super) fn wire(&mut self, name: &str) -> (Interface, Wire) {
        let tap = TapDevice::create(Self::name(name), 1).unwrap();
        (self.up(name), Wire(tap))
    }

    /// Makes a TAP for a tap port, and the host that uses its interface.
    pub(super) fn host(&mut self, name: &str, queues: usize) -> (TapDevice, Host) {
        let tap = TapDevice::create(Self::name(name), queues).unwrap();
        let interface = self.up(name);
        (tap, Host(PacketSocket::open(interface, Sharing::Alone).unwrap()))
    }

    pub(super) fn ip(arguments: &str) {
        let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The far end of an interface: a TAP whose descriptor the test holds.
pub(super) struct Wire(pub(super) TapDevice);

impl Wire {
    pub(super) fn send(&self, frame: &[u8], offload: Offload) {
        let stored = [&offload.to_vnet()[..], frame].concat();
        rustix::io::write(self.0.queue(0).unwrap(), &stored).unwrap();
    }

    /// Returns the next frame, `None` if none comes in time.
    pub(super) fn receive(&self) -> Option<(Offload, Vec<u8>)> {
        let queue = self.0.queue(0).unwrap();
        wait(queue).then(|| {
            let mut stored = vec![0; 70_000];
            let bytes = rustix::io::read(queue, &mut stored).unwrap();
            split(&stored[..bytes])
        })
    }

    pub(super) fn frames(&self, count: usize) -> Vec<Vec<u8>> {
        (0..count).map_while(|_| self.receive()).map(|(_, frame)| frame).collect()
    }
}

/// A user of a TAP's interface.
pub(super) struct Host(PacketSocket);

impl Host {
    pub(super) fn send(&self, frame: &[u8], offload: Offload) {
        let stored = [&offload.to_vnet()[..], frame].concat();
        rustix::io::write(&self.0.fd, &stored).unwrap();
    }

    /// Returns the frames that wait or come in time, tags put back.
    pub(super) fn receive(&mut self) -> Vec<(Offload, Vec<u8>)> {
        wait(&self.0.fd);
        let frames = self.take();
        if !frames.is_empty() {
            return frames;
        }
        // Woken by an error, that the link was down perhaps.
        wait(&self.0.fd);
        self.take()
    }

    fn take(&mut self) -> Vec<(Offload, Vec<u8>)> {
        let mut burst = Burst::new();
        let _ = self.0.take(&mut burst);
        let frames = burst.frames().iter().map(|frame| {
            let mut room = [0; size_of::<edit::Head>()];
            let out = edit::apply(frame, TagEdit::Keep, &mut room);
            split(&[out.head, out.rest].concat())
        });
        let frames = frames.collect();
        self.0.ring.release();
        frames
    }

    pub(super) fn frames(&mut self, count: usize) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while frames.len() < count {
            let more = self.receive();
            if more.is_empty() {
                break;
            }
            frames.extend(more.into_iter().map(|(_, frame)| frame));
        }
        frames
    }
}

fn wait(fd: &impl AsFd) -> bool {
    poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&PATIENCE)).unwrap() == 1
}

fn split(stored: &[u8]) -> (Offload, Vec<u8>) {
    let (header, frame) = stored.split_first_chunk::<VNET_BYTES>().unwrap();
    (Offload::from_vnet(header).unwrap(), frame.to_vec())
}

/// How long a frame may take on a busy machine; a test that expects none waits as long.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 400_000_000 };
