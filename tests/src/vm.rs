//! An IP stack of our own at the end of a wire: what a virtual machine is to its host.

use crate::etherframe::mac;
use crate::host::Host;
use crate::wire::Wire;
use rustix::event::PollFlags;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Checksum, ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::{icmp, tcp};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, Icmpv4Packet, Icmpv4Repr, IpCidr};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Whether the machine tags what it sends, and hears only what is tagged the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tagging {
    /// Plain frames.
    None,
    /// Frames of one VLAN, 802.1Q.
    Vlan(u16),
}

/// An end host that answers pings and echoes TCP on port 7, on a thread of its own. It does no offloads.
#[derive(Debug)]
pub struct Vm {
    /// Its address, in 10.0.0.0/24.
    pub address: Ipv4Addr,
    /// Its MAC address, in `ip`'s text.
    pub mac: String,
    asks: Sender<Ask>,
    largest: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

/// A ping to send, and where to say that it was answered.
struct Ask(Ipv4Addr, Sender<()>);

impl Vm {
    /// Starts machine number `n` at the end of `wire`.
    pub fn start(wire: Wire, n: u8, tagging: Tagging) -> Self {
        let ethernet = EthernetAddress(mac(u32::from(n)));
        let (asks, asked) = mpsc::channel();
        let largest = Arc::new(AtomicUsize::new(0));
        let cable = Cable { wire, tagging, largest: Arc::clone(&largest) };
        let thread = Some(std::thread::spawn(move || Machine::new(cable, ethernet, n).run(&asked)));
        Self { address: Host::address(n), mac: ethernet.to_string().replace('-', ":"), asks, largest, thread }
    }

    /// Returns the bytes of the largest frame that has come, with its Ethernet header.
    pub fn largest_frame(&self) -> usize {
        self.largest.load(Ordering::Relaxed)
    }

    /// Returns whether `to` answers one of a few pings within three seconds.
    pub fn reaches(&self, to: Ipv4Addr) -> bool {
        self.asks_within(to, 12)
    }

    /// Returns whether three pings to `to` stay unanswered.
    pub fn is_cut_from(&self, to: Ipv4Addr) -> bool {
        !self.asks_within(to, 3)
    }

    fn asks_within(&self, to: Ipv4Addr, times: u32) -> bool {
        let (answer, answered) = mpsc::channel();
        (0..times).any(|_| {
            self.asks.send(Ask(to, answer.clone())).expect("the machine runs");
            answered.recv_timeout(Duration::from_millis(250)).is_ok()
        })
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        self.asks = mpsc::channel().0; // The machine ends when nobody can ask it any more.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Machine {
    cable: Cable,
    interface: Interface,
    sockets: SocketSet<'static>,
    echo: SocketHandle,
    ping: SocketHandle,
    ident: u16,
    waiting: Option<Ask>,
}

impl Machine {
    fn new(mut cable: Cable, ethernet: EthernetAddress, n: u8) -> Self {
        let mut config = Config::new(ethernet.into());
        config.random_seed = u64::from(n);
        let mut interface = Interface::new(config, &mut cable, Instant::now());
        interface.update_ip_addrs(|list| list.push(IpCidr::new(Host::address(n).into(), 24)).expect("room for one"));
        let mut sockets = SocketSet::new(Vec::new());
        let buffer = || tcp::SocketBuffer::new(vec![0; WINDOW]);
        let mut echo = tcp::Socket::new(buffer(), buffer());
        echo.set_ack_delay(None);
        let (echo, ping) = (sockets.add(echo), sockets.add(pinger(u16::from(n))));
        Self { cable, interface, sockets, echo, ping, ident: u16::from(n), waiting: None }
    }

    fn run(mut self, asked: &Receiver<Ask>) {
        loop {
            match asked.try_recv() {
                Ok(ask) => self.ask(ask),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => return,
            }
            self.interface.poll(Instant::now(), &mut self.cable, &mut self.sockets);
            self.answered();
            if self.echoed() {
                continue;
            }
            let next = self.interface.poll_delay(Instant::now(), &self.sockets).map(Duration::from);
            self.cable.wire.ready(PollFlags::IN, next.map_or(TICK, |next| next.min(TICK)));
        }
    }

    fn ask(&mut self, ask: Ask) {
        if self.waiting.as_ref().is_some_and(|waiting| waiting.0 != ask.0) {
            // What waits for the address of a neighbour that does not answer holds up all that follows.
            self.sockets.remove(self.ping);
            self.ping = self.sockets.add(pinger(self.ident));
        }
        let socket = self.sockets.get_mut::<icmp::Socket>(self.ping);
        let request = Icmpv4Repr::EchoRequest { ident: self.ident, seq_no: 1, data: b"trestle" };
        if let Ok(payload) = socket.send(request.buffer_len(), ask.0.into()) {
            request.emit(&mut Icmpv4Packet::new_unchecked(payload), &ChecksumCapabilities::default());
        }
        self.waiting = Some(ask);
    }

    fn answered(&mut self) {
        let socket = self.sockets.get_mut::<icmp::Socket>(self.ping);
        while let Ok((_, from)) = socket.recv() {
            if let Some(Ask(to, answer)) = self.waiting.take_if(|ask| from == ask.0.into()) {
                let _ = (to, answer.send(())); // Nobody listens for an answer that came late.
            }
        }
    }

    /// Sends back what came, and returns whether anything moved.
    fn echoed(&mut self) -> bool {
        let socket = self.sockets.get_mut::<tcp::Socket>(self.echo);
        if !socket.is_open() {
            socket.listen(7).expect("7 is a port");
            return true;
        }
        let mut moved = false;
        while socket.can_recv() && socket.can_send() {
            let room = socket.send_capacity() - socket.send_queue();
            let bytes = socket.recv(|bytes| (bytes.len().min(room), bytes[..bytes.len().min(room)].to_vec()));
            let bytes = bytes.expect("it can");
            moved |= socket.send_slice(&bytes).expect("it can") > 0;
        }
        if !socket.may_recv() && socket.may_send() && !socket.can_recv() {
            socket.close();
        }
        moved
    }
}

fn pinger(ident: u16) -> icmp::Socket<'static> {
    let packets = || icmp::PacketBuffer::new(vec![icmp::PacketMetadata::EMPTY; 8], vec![0; 4096]);
    let mut socket = icmp::Socket::new(packets(), packets());
    socket.bind(icmp::Endpoint::Ident(ident)).expect("unbound until here");
    socket
}

/// The wire as smoltcp's device.
struct Cable {
    wire: Wire,
    tagging: Tagging,
    largest: Arc<AtomicUsize>,
}

impl Device for Cable {
    type RxToken<'a> = Heard;
    type TxToken<'a> = Speaker<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Heard, Speaker<'_>)> {
        loop {
            let frame = self.wire.receive(crate::clock::Limit::after(Duration::ZERO))?;
            self.largest.fetch_max(frame.len(), Ordering::Relaxed);
            if let Some(plain) = self.tagging.remove(frame) {
                return Some((Heard(plain), Speaker(self)));
            }
        }
    }

    fn transmit(&mut self, _: Instant) -> Option<Speaker<'_>> {
        Some(Speaker(self))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.max_transmission_unit = 1514; // smoltcp counts the Ethernet header.
        capabilities.medium = Medium::Ethernet;
        if self.wire.offloads() {
            let (tcp, udp) = (&mut capabilities.checksum.tcp, &mut capabilities.checksum.udp);
            (*tcp, *udp) = (Checksum::Tx, Checksum::Tx); // What comes may have no checksum yet.
        }
        capabilities
    }
}

struct Heard(Vec<u8>);

impl RxToken for Heard {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

struct Speaker<'a>(&'a Cable);

impl TxToken for Speaker<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, bytes: usize, write: F) -> R {
        let mut frame = vec![0; bytes];
        let result = write(&mut frame);
        // An interface that is down loses frames, as a cable would.
        let _ = self.0.wire.try_send(&self.0.tagging.add(frame));
        result
    }
}

impl Tagging {
    fn add(self, mut frame: Vec<u8>) -> Vec<u8> {
        if let Self::Vlan(vid) = self {
            let [high, low] = vid.to_be_bytes();
            frame.splice(12..12, [0x81, 0x00, high, low]);
        }
        frame
    }

    fn remove(self, mut frame: Vec<u8>) -> Option<Vec<u8>> {
        if let Self::Vlan(vid) = self {
            let [high, low] = vid.to_be_bytes();
            let tag = frame.get(12..16)?;
            if tag[..2] != [0x81, 0x00] || (tag[2] & 0x0f, tag[3]) != (high, low) {
                return None;
            }
            frame.drain(12..16);
        }
        Some(frame)
    }
}

/// How often a machine looks for questions when nothing else happens.
const TICK: Duration = Duration::from_millis(4);

/// Bytes of a TCP window: small enough that a window at once overruns no queue, for this stack, without congestion
/// control, recovers badly from losing much of one.
const WINDOW: usize = 64 * 1024;
