//! Packets that are longer than a link takes, in pieces (RFC 791 §3.2).

use super::{MORE_FRAGMENTS, OFFSET, Parsed, set_checksum};
use crate::stack::buffer::{Buffer, Sent};
use crate::stack::datalink;
use crate::stack::kernel;
use crate::stack::lock::Mutex;
use crate::stack::routes::Route;
use crate::stack::timer::Timer;
use haiku_abi::*;
use std::net::Ipv4Addr;

/// How long the first piece waits for the last.
const TIMEOUT: bigtime_t = 60_000_000;
/// Packets that may wait for pieces at once.
const MAX_PACKETS: usize = 64;

/// What pieces of one packet have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    id: u16,
    protocol: u8,
}

struct Packet {
    key: Key,
    /// By where they begin; none overlaps another.
    pieces: Vec<Piece>,
    /// Bytes of the whole, once the last piece is there.
    total: Option<usize>,
    due: bigtime_t,
}

/// A part of a packet's bytes. Only the first piece still has its header, of which no other has to have the length.
struct Piece {
    start: usize,
    end: usize,
    buffer: Buffer,
}

static PACKETS: Mutex<Vec<Packet>> = Mutex::new(c"ipv4 fragments", Vec::new());
static TIMER: Timer = Timer::new();

pub(crate) fn init() {
    PACKETS.init();
    TIMER.init(expire);
}

pub(crate) fn uninit() {
    let left = std::mem::take(&mut *PACKETS.lock());
    drop(left);
    // Without packets its hook does not set it again.
    TIMER.end();
    PACKETS.destroy();
}

fn expire() {
    let mut packets = PACKETS.lock();
    let now = kernel::now();
    let over: Vec<_> = packets.extract_if(.., |packet| packet.due <= now).collect();
    if let Some(next) = packets.iter().map(|packet| packet.due).min() {
        TIMER.set(next - now);
    }
    drop(packets);
    drop(over);
}

/// Keeps a piece; returns the packet when it was the last that was missing. It begins with the first piece's header.
pub(super) fn receive(mut buffer: Buffer, header: &Parsed) -> Option<Buffer> {
    let key = Key { source: header.source, destination: header.destination, id: header.id, protocol: header.protocol };
    let start = usize::from(header.fragment & OFFSET) * 8;
    let end = start + header.total_bytes.checked_sub(header.header_bytes)?;
    if start >= end {
        return None;
    }
    if start != 0 {
        buffer.remove_header(header.header_bytes).ok()?;
    }
    let mut packets = PACKETS.lock();
    let now = kernel::now();
    let at = packets.iter().position(|packet| packet.key == key).unwrap_or(packets.len());
    if at == packets.len() {
        if at == MAX_PACKETS {
            return None;
        }
        packets.push(Packet { key, pieces: Vec::new(), total: None, due: 0 });
        TIMER.set(TIMEOUT);
    }
    let packet = packets.get_mut(at)?;
    packet.due = now + TIMEOUT;
    if packet.pieces.iter().any(|other| start < other.end && other.start < end) {
        return None;
    }
    if header.fragment & MORE_FRAGMENTS == 0 {
        packet.total = Some(end);
    }
    let place = packet.pieces.iter().take_while(|other| other.start < start).count();
    packet.pieces.insert(place, Piece { start, end, buffer });
    let bytes: usize = packet.pieces.iter().map(|piece| piece.end - piece.start).sum();
    if packet.total != Some(bytes) {
        return None;
    }
    let packet = packets.remove(at);
    drop(packets);
    let mut pieces = packet.pieces.into_iter().map(|piece| piece.buffer);
    let mut whole = pieces.next()?;
    pieces.for_each(|piece| whole.append_all(piece));
    Some(whole)
}

/// Sends a packet in pieces.
pub(super) fn send(route: &Route, mut buffer: Buffer, mtu: usize) -> Sent {
    let Some(parsed) = Parsed::read(&buffer) else { return Err((buffer, B_BAD_VALUE)) };
    let mut header = vec![0; parsed.header_bytes];
    if let Err(failed) = buffer.read(0, &mut header).and_then(|()| buffer.remove_header(parsed.header_bytes)) {
        return Err((buffer, failed));
    }
    let piece_bytes = mtu.saturating_sub(parsed.header_bytes) & !7;
    if piece_bytes == 0 {
        return Err((buffer, EMSGSIZE));
    }
    let mut offset = 0;
    loop {
        let last = buffer.len() <= piece_bytes;
        let bytes = if last { buffer.len() } else { piece_bytes };
        write_header(&mut header, bytes, offset, last);
        if last {
            return match buffer.prepend(&header) {
                Ok(()) => datalink::send_routed(route, buffer),
                Err(failed) => Err((buffer, failed)),
            };
        }
        let Some(mut piece) = buffer.split(bytes) else { return Err((buffer, B_NO_MEMORY)) };
        let sent = match piece.prepend(&header) {
            Ok(()) => datalink::send_routed(route, piece).map_err(|(_, failed)| failed),
            Err(failed) => Err(failed),
        };
        if let Err(failed) = sent {
            return Err((buffer, failed));
        }
        offset += bytes;
    }
}

fn write_header(header: &mut [u8], bytes: usize, offset: usize, last: bool) {
    let length = (header.len() + bytes) as u16;
    let fragment = (offset / 8) as u16 | if last { 0 } else { MORE_FRAGMENTS };
    for (at, value) in [(2, length), (6, fragment)] {
        if let Some(place) = header.get_mut(at..at + 2) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }
    set_checksum(header);
}
