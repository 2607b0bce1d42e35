//! A network namespace for one test, and stations at the far ends of its devices.

use super::buffer::{Arena, Burst};
use super::edit;
use super::netlink::{Link, Netlink, Up};
use super::packet::{PacketSocket, Sharing};
use super::{Interface, InterfaceName, TapDevice};
use crate::linux::skip::skip;
use frame::TagEdit;
use frame::offload::{Gso, Offload, VNET_BYTES};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, OwnedFd};
use rustix::thread::UnshareFlags;
use std::process::Command;
use std::sync::Arc;

/// Runs a test in a thread with a network namespace of its own; without the right to make one, says so and passes.
pub(super) fn in_namespace(test: impl FnOnce(Lab) + Send) {
    let name = std::thread::current().name().unwrap_or("a device test").to_owned();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: a thread's network namespace concerns no memory and no descriptor of others.
            if let Err(errno) = unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) } {
                return skip(&name, format_args!("needs root (network namespaces): {errno}"));
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
        self.await_carrier(name);
        interface
    }

    /// Waits until the kernel has noticed the carrier; on a busy machine it drops for a while what is sent before.
    fn await_carrier(&mut self, name: &str) {
        let running = |lab: &mut Self| lab.link(name).is_some_and(|link| link.running);
        let pause = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
        let waited = (0..400).any(|_| running(self) || poll(&mut [], Some(&pause)).is_err());
        assert!(waited, "{name} has no carrier");
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

    /// Returns the socket, for another thread to send virtio-net header and frame through.
    pub(super) fn socket(&self) -> Arc<OwnedFd> {
        self.0.fd.clone()
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
        let mut arena = Arena::new();
        let _ = self.0.take(&mut arena, &mut burst);
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

/// Nothing left to do.
pub(super) const PLAIN: Offload = Offload {
    needs_checksum: false,
    data_valid: false,
    gso: Gso::None,
    ecn: false,
    header_bytes: 0,
    segment_bytes: 0,
    csum_start: 0,
    csum_offset: 0,
};

/// A super-frame of 40 segments of 1,000 bytes over IPv4, as a sender with segmentation offload leaves it.
pub(super) fn super_frame(kind: Gso, dst: [u8; 6], src: [u8; 6], tags: &[u8]) -> (Vec<u8>, Offload) {
    unfinished(kind, 40_000, [&dst[..], &src[..], tags].concat())
}

/// A frame with a checksum that is to be summed.
pub(super) fn unsummed(dst: [u8; 6], src: [u8; 6]) -> (Vec<u8>, Offload) {
    let (frame, offload) = unfinished(Gso::TcpV4, 400, [dst, src].concat());
    (frame, Offload { gso: Gso::None, header_bytes: 0, segment_bytes: 0, ..offload })
}

fn unfinished(kind: Gso, payload: u16, start: Vec<u8>) -> (Vec<u8>, Offload) {
    let (protocol, csum_offset, mut header) = match kind {
        Gso::TcpV4 => (6, 16, vec![0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]),
        Gso::UdpSegment => (17, 6, vec![0, 80, 0, 81, 0, 0, 0, 0]),
        Gso::None | Gso::TcpV6 | Gso::UdpFragment => panic!("no sample of {kind:?}"),
    };
    let packet = header.len() as u16 + payload;
    let mut ip = vec![0x45, 0];
    ip.extend((20 + packet).to_be_bytes());
    ip.extend([0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    let header_sum = !ones_sum(&ip);
    ip[10..12].copy_from_slice(&header_sum.to_be_bytes());
    if protocol == 17 {
        header[4..6].copy_from_slice(&packet.to_be_bytes());
    }
    // The field holds the sum of the pseudo header: addresses, protocol, length.
    let pseudo = [&ip[12..20], &[0, protocol], &packet.to_be_bytes()].concat();
    header[usize::from(csum_offset)..][..2].copy_from_slice(&ones_sum(&pseudo).to_be_bytes());
    let csum_start = (start.len() + 2 + ip.len()) as u16;
    let header_bytes = csum_start + header.len() as u16;
    let (needs_checksum, segment_bytes) = (true, 1_000);
    let offload = Offload { needs_checksum, gso: kind, header_bytes, segment_bytes, csum_start, csum_offset, ..PLAIN };
    ([&start[..], &[8, 0], &ip, &header, &vec![0x55; usize::from(payload)]].concat(), offload)
}

/// The ones' complement sum of whole words.
pub(super) fn ones_sum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let wide: u32 = words.sum();
    let folded = (wide & 0xffff) + (wide >> 16);
    ((folded & 0xffff) + (folded >> 16)) as u16
}

/// Returns the TCP payload of an untagged IPv4 frame whose checksums hold.
pub(super) fn verified(frame: &[u8]) -> Vec<u8> {
    let (ip, tcp) = (&frame[14..34], &frame[34..]);
    assert_eq!(ones_sum(ip), 0xffff, "IPv4 header");
    assert_eq!(usize::from(u16::from_be_bytes([ip[2], ip[3]])), frame.len() - 14);
    let summed = [&ip[12..20], &[0, 6], &(tcp.len() as u16).to_be_bytes(), tcp].concat();
    assert_eq!(ones_sum(&summed), 0xffff, "TCP");
    tcp[20..].to_vec()
}

/// What both ends must agree upon; the length of the headers is a hint that the kernel corrects.
pub(super) fn essence(offload: Offload) -> Offload {
    Offload { header_bytes: 0, ..offload }
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
