//! A host that lives in this process: a TCP/IP stack (smoltcp) on a wire, as a small virtual machine would be.

use kernel_glue::clock;
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Checksum, ChecksumCapabilities, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::{icmp, tcp};
use smoltcp::time::{Duration as SmolDuration, Instant as SmolInstant};
use smoltcp::wire::{EthernetAddress, HardwareAddress, Icmpv4Packet, Icmpv4Repr, IpAddress, IpCidr};
use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Where an embedded host's frames go, one Ethernet frame at a time.
pub(crate) trait Wire: Send + 'static {
    /// Sends a frame; one that cannot be sent is lost, as on any wire.
    fn send(&mut self, frame: &[u8]);
    /// Waits up to `patience` for a frame.
    fn receive(&mut self, patience: Duration) -> Option<Vec<u8>>;
}

/// The TCP port whose input every host swallows.
pub(crate) const SINK_PORT: u16 = 5001;
/// How long the host waits for a frame before it looks for orders.
const TICK: Duration = Duration::from_millis(1);
/// How long an echo reply is waited for: the stack asks for one neighbour a second, so the third may take so long.
const PING_PATIENCE: SmolDuration = SmolDuration::from_secs(3);
/// A sink that has just been used needs a moment before it listens again; another one does meanwhile.
const SINKS: usize = 4;
const TCP_BUFFER: usize = 256 * 1024;
const ECHO_ID: u16 = 0x7e57;

/// A running embedded host. Dropping it stops the host.
pub(crate) struct Embedded {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

enum Order {
    Ping { to: Ipv4Addr, count: u16, answer: Sender<Vec<Option<Duration>>> },
    Send { to: Ipv4Addr, port: u16, bytes: u64, answer: Sender<Option<Duration>> },
}

impl Embedded {
    /// Starts a host with one address that answers echo requests, and swallows what is sent to TCP port [`SINK_PORT`].
    pub(crate) fn start(name: &str, wire: impl Wire, mac: [u8; 6], address: (Ipv4Addr, u8)) -> std::io::Result<Self> {
        let (orders, inbox) = channel();
        let mut host = Host::new(wire, mac, address);
        let thread = thread::Builder::new().name(name.into()).spawn(move || host.run(&inbox))?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    /// Pings `count` times, one after the other; `None` for each that was not answered within three seconds.
    pub(crate) fn ping(&self, to: Ipv4Addr, count: u16) -> Vec<Option<Duration>> {
        let unanswered = vec![None; usize::from(count)];
        self.order(|answer| Order::Ping { to, count, answer }).unwrap_or(unanswered)
    }

    /// Sends `bytes` to a TCP port and returns how long it took until all of it was acknowledged.
    pub(crate) fn send(&self, to: Ipv4Addr, port: u16, bytes: u64) -> Option<Duration> {
        self.order(|answer| Order::Send { to, port, bytes, answer }).flatten()
    }

    fn order<T>(&self, order: impl FnOnce(Sender<T>) -> Order) -> Option<T> {
        let (answer, reply) = channel();
        self.orders.as_ref()?.send(order(answer)).ok()?;
        reply.recv_timeout(Duration::from_secs(15)).ok()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Host<W> {
    device: WireDevice<W>,
    interface: Interface,
    sockets: SocketSet<'static>,
    echo: SocketHandle,
    sinks: [SocketHandle; SINKS],
    next_local_port: u16,
}

impl<W: Wire> Host<W> {
    fn new(wire: W, mac: [u8; 6], (address, prefix): (Ipv4Addr, u8)) -> Self {
        let mut device = WireDevice { wire, received: VecDeque::new() };
        let config = Config::new(HardwareAddress::Ethernet(EthernetAddress(mac)));
        let mut interface = Interface::new(config, &mut device, now());
        interface.update_ip_addrs(|addresses| {
            let _ = addresses.push(IpCidr::new(IpAddress::Ipv4(address), prefix));
        });
        let mut sockets = SocketSet::new(Vec::new());
        let buffer = || icmp::PacketBuffer::new(vec![icmp::PacketMetadata::EMPTY; 8], vec![0; 4096]);
        let mut echo = icmp::Socket::new(buffer(), buffer());
        let _ = echo.bind(icmp::Endpoint::Ident(ECHO_ID));
        let echo = sockets.add(echo);
        let sinks = std::array::from_fn(|_| sockets.add(tcp_socket()));
        Self { device, interface, sockets, echo, sinks, next_local_port: 49152 }
    }

    fn run(&mut self, inbox: &Receiver<Order>) {
        loop {
            match inbox.try_recv() {
                Ok(Order::Ping { to, count, answer }) => {
                    let _ = answer.send(self.pings(to, count));
                }
                Ok(Order::Send { to, port, bytes, answer }) => {
                    let _ = answer.send(self.send(to, port, bytes));
                }
                Err(TryRecvError::Empty) => self.turn(),
                Err(TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Waits for a frame, at most [`TICK`], and lets the stack work.
    fn turn(&mut self) {
        if self.device.received.is_empty()
            && let Some(frame) = self.device.wire.receive(TICK)
        {
            self.device.received.push_back(frame);
        }
        self.interface.poll(now(), &mut self.device, &mut self.sockets);
        for sink in self.sinks {
            swallow(self.sockets.get_mut(sink));
        }
    }

    /// Pings until one goes unanswered: the others would, and each takes its time.
    fn pings(&mut self, to: Ipv4Addr, count: u16) -> Vec<Option<Duration>> {
        let mut times = Vec::new();
        for sequence in 0..count {
            let lost = times.last() == Some(&None);
            times.push(if lost { None } else { self.ping(to, sequence) });
        }
        times
    }

    fn ping(&mut self, to: Ipv4Addr, sequence: u16) -> Option<Duration> {
        let request = Icmpv4Repr::EchoRequest { ident: ECHO_ID, seq_no: sequence, data: &[0x5a; 48] };
        let echo = self.sockets.get_mut::<icmp::Socket<'_>>(self.echo);
        let space = echo.send(request.buffer_len(), IpAddress::Ipv4(to)).ok()?;
        request.emit(&mut Icmpv4Packet::new_unchecked(space), &checksums());
        let start = now();
        self.interface.poll(start, &mut self.device, &mut self.sockets);
        while now() - start < PING_PATIENCE {
            self.turn();
            let echo = self.sockets.get_mut::<icmp::Socket<'_>>(self.echo);
            while let Ok((bytes, from)) = echo.recv() {
                if from == IpAddress::Ipv4(to) && is_reply(bytes, sequence) {
                    return Some(Duration::from_micros((now() - start).total_micros()));
                }
            }
        }
        None
    }

    fn send(&mut self, to: Ipv4Addr, port: u16, bytes: u64) -> Option<Duration> {
        let handle = self.sockets.add(tcp_socket());
        let took = self.send_through(handle, to, port, bytes);
        self.sockets.remove(handle);
        took
    }

    fn send_through(&mut self, handle: SocketHandle, to: Ipv4Addr, port: u16, mut bytes: u64) -> Option<Duration> {
        let local = self.next_local_port;
        self.next_local_port = local.checked_add(1).unwrap_or(49152);
        let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
        socket.connect(self.interface.context(), (IpAddress::Ipv4(to), port), local).ok()?;
        let start = now();
        let chunk = [0x5a; 32 * 1024];
        while now() - start < SmolDuration::from_secs(10) {
            self.turn();
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(handle);
            while bytes > 0 && socket.can_send() {
                let piece =
                    chunk.get(..usize::try_from(bytes).unwrap_or(usize::MAX).min(chunk.len())).unwrap_or(&chunk);
                let sent = socket.send_slice(piece).ok()?;
                bytes = bytes.saturating_sub(sent as u64);
                if sent == 0 {
                    break;
                }
            }
            if bytes == 0 && socket.send_queue() == 0 {
                socket.close();
                let took = now() - start;
                self.turn();
                return Some(Duration::from_micros(took.total_micros()));
            }
        }
        None
    }
}

fn now() -> SmolInstant {
    SmolInstant::from_micros(i64::try_from(clock::monotonic().as_micros()).unwrap_or(i64::MAX))
}

/// Listens, takes what comes, and closes when the other end has.
fn swallow(sink: &mut tcp::Socket<'_>) {
    if !sink.is_open() {
        let _ = sink.listen(SINK_PORT);
    }
    while sink.can_recv() {
        let _ = sink.recv(|bytes| (bytes.len(), ()));
    }
    if !sink.may_recv() && sink.may_send() && sink.state() != tcp::State::Listen {
        sink.close();
    }
}

fn tcp_socket() -> tcp::Socket<'static> {
    let buffer = || tcp::SocketBuffer::new(vec![0; TCP_BUFFER]);
    tcp::Socket::new(buffer(), buffer())
}

fn is_reply(bytes: &[u8], sequence: u16) -> bool {
    let Ok(packet) = Icmpv4Packet::new_checked(bytes) else { return false };
    matches!(
        Icmpv4Repr::parse(&packet, &checksums()),
        Ok(Icmpv4Repr::EchoReply { ident: ECHO_ID, seq_no, .. }) if seq_no == sequence
    )
}

/// Every checksum is computed on the way out and verified on the way in: the wire may carry any.
fn checksums() -> ChecksumCapabilities {
    let mut all = ChecksumCapabilities::default();
    (all.ipv4, all.tcp, all.udp, all.icmpv4) = (Checksum::Both, Checksum::Both, Checksum::Both, Checksum::Both);
    all
}

/// A wire as smoltcp sees a network device.
struct WireDevice<W> {
    wire: W,
    received: VecDeque<Vec<u8>>,
}

impl<W: Wire> Device for WireDevice<W> {
    type RxToken<'a> = Received;
    type TxToken<'a> = Transmit<'a, W>;

    fn receive(&mut self, _now: SmolInstant) -> Option<(Received, Transmit<'_, W>)> {
        let frame = self.received.pop_front().or_else(|| self.wire.receive(Duration::ZERO))?;
        Some((Received(frame), Transmit(&mut self.wire)))
    }

    fn transmit(&mut self, _now: SmolInstant) -> Option<Transmit<'_, W>> {
        Some(Transmit(&mut self.wire))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities.checksum = checksums();
        capabilities
    }
}

struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

struct Transmit<'a, W>(&'a mut W);

impl<W: Wire> TxToken for Transmit<'_, W> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut frame = vec![0; len];
        let result = write(&mut frame);
        self.0.send(&frame);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Cable(Sender<Vec<u8>>, Receiver<Vec<u8>>);

    impl Wire for Cable {
        fn send(&mut self, frame: &[u8]) {
            let _ = self.0.send(frame.to_vec());
        }

        fn receive(&mut self, patience: Duration) -> Option<Vec<u8>> {
            self.1.recv_timeout(patience).ok()
        }
    }

    #[test]
    fn two_hosts_on_a_cable_ping_and_send() {
        let ((to_b, at_b), (to_a, at_a)) = (channel(), channel());
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        let host_a = Embedded::start("a", Cable(to_b, at_a), [2, 0, 0, 0, 0, 1], (a, 24)).unwrap();
        let host_b = Embedded::start("b", Cable(to_a, at_b), [2, 0, 0, 0, 0, 2], (b, 24)).unwrap();
        assert!(host_a.ping(b, 3).iter().all(Option::is_some));
        assert!(host_b.send(a, 5001, 1 << 20).is_some());
        assert!(host_b.send(a, 5001, 1 << 20).is_some(), "the sink takes a second connection");
        assert_eq!(host_a.ping(Ipv4Addr::new(10, 0, 0, 9), 1), [None]);
    }
}
