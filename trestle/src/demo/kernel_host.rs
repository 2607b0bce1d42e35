//! What a host with the kernel's own TCP/IP stack does in the demonstration. Called on a thread of its namespace.

use crate::embedded::SINK_PORT;
use frame::Instant;
use kernel_glue::linux::clock;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket, sockopt};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(1);
const ECHO_REQUEST: u8 = 8;
const ECHO_REPLY: u8 = 0;
const ECHO_BYTES: usize = 56;

/// Pings `count` times, one after the other; `None` for each that was not answered within a second.
pub(super) fn ping(to: Ipv4Addr, count: u16) -> io::Result<Vec<Option<Duration>>> {
    let icmp = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP))?;
    let id = std::process::id() as u16;
    let mut times = Vec::new();
    for sequence in 0..count {
        let start = clock::monotonic();
        sendto(&icmp, &echo_request(id, sequence), SendFlags::empty(), &SocketAddrV4::new(to, 0))?;
        times.push(await_reply(&icmp, to, id, sequence, start)?);
    }
    Ok(times)
}

fn echo_request(id: u16, sequence: u16) -> [u8; ECHO_BYTES] {
    let mut packet = [0x5a; ECHO_BYTES];
    let ([i0, i1], [s0, s1]) = (id.to_be_bytes(), sequence.to_be_bytes());
    if let Some(header) = packet.first_chunk_mut() {
        *header = [ECHO_REQUEST, 0, 0, 0, i0, i1, s0, s1];
    }
    let sum = packet.chunks_exact(2).fold(0u32, |sum, pair| match pair {
        &[hi, lo] => sum.wrapping_add(u32::from(u16::from_be_bytes([hi, lo]))),
        _ => sum,
    });
    let folded = (sum & 0xffff).wrapping_add(sum >> 16);
    let [hi, lo] = (!((folded & 0xffff).wrapping_add(folded >> 16) as u16)).to_be_bytes();
    if let Some([_, _, c0, c1]) = packet.first_chunk_mut() {
        (*c0, *c1) = (hi, lo);
    }
    packet
}

fn await_reply(
    icmp: &impl std::os::fd::AsFd,
    from: Ipv4Addr,
    id: u16,
    sequence: u16,
    start: Instant,
) -> io::Result<Option<Duration>> {
    let mut packet = [0; 2048];
    loop {
        let waited = clock::monotonic().since(start);
        let Some(left) = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero()) else { return Ok(None) };
        sockopt::set_socket_timeout(icmp, sockopt::Timeout::Recv, Some(left))?;
        let length = match recv(icmp, &mut packet, RecvFlags::empty()) {
            Ok((length, _)) => length,
            Err(rustix::io::Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if is_reply(packet.get(..length).unwrap_or_default(), from, id, sequence) {
            return Ok(Some(clock::monotonic().since(start)));
        }
    }
}

/// A raw socket shows the IPv4 header too, of 20 bytes or more.
fn is_reply(packet: &[u8], from: Ipv4Addr, id: u16, sequence: u16) -> bool {
    let header_bytes = packet.first().map_or(0, |first| usize::from(first & 0xf) * 4);
    let source = packet.get(12..16) == Some(&from.octets());
    let Some(&[kind, _, _, _, i0, i1, s0, s1]) = packet.get(header_bytes..).and_then(|icmp| icmp.first_chunk()) else {
        return false;
    };
    source && kind == ECHO_REPLY && u16::from_be_bytes([i0, i1]) == id && u16::from_be_bytes([s0, s1]) == sequence
}

/// Starts swallowing what is sent to the TCP port of every host, until the program ends.
pub(super) fn sink(address: Ipv4Addr) -> io::Result<()> {
    let listener = TcpListener::bind((address, SINK_PORT))?;
    thread::Builder::new().name("sink".into()).spawn(move || {
        let mut scratch = vec![0; 1 << 20];
        for mut stream in listener.incoming().flatten() {
            while stream.read(&mut scratch).is_ok_and(|n| n > 0) {}
        }
    })?;
    Ok(())
}

/// Sends `bytes` to a TCP port and returns how long it took until the other end had all of it.
pub(super) fn send(to: Ipv4Addr, port: u16, mut bytes: u64) -> io::Result<Duration> {
    let mut stream = TcpStream::connect_timeout(&SocketAddrV4::new(to, port).into(), PATIENCE)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let chunk = vec![0x5a; 1 << 20];
    let start = clock::monotonic();
    while bytes > 0 {
        let piece = chunk.get(..usize::try_from(bytes).unwrap_or(usize::MAX).min(chunk.len())).unwrap_or(&chunk);
        stream.write_all(piece)?;
        bytes = bytes.saturating_sub(piece.len() as u64);
    }
    stream.shutdown(Shutdown::Write)?;
    // The sink closes when it has read the last byte.
    let end = stream.read(&mut [0])?;
    debug_assert_eq!(end, 0, "a sink says nothing");
    Ok(clock::monotonic().since(start))
}
