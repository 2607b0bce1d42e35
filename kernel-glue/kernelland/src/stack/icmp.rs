//! ICMP (RFC 792): answers to echo requests, and complaints.

use crate::stack::buffer::Buffer;
use crate::stack::family::Family;
use crate::stack::ipv4::{self, v4};
use crate::stack::kernel;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;
const HEADER_BYTES: usize = 8;
/// Where a message's checksum lies.
const CHECKSUM: usize = 2;

/// What could not be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unreachable {
    Host,
    Protocol,
    Port,
}

/// Handles a message whose IP header is off.
pub(crate) fn receive(mut buffer: Buffer) {
    let Some([kind, code, ..]) = buffer.header::<HEADER_BYTES>() else { return };
    if buffer.sum(0, buffer.len()) != Ok(0xffff) {
        return;
    }
    match kind {
        ECHO_REPLY => {}
        ECHO_REQUEST => answer(&buffer),
        UNREACHABLE | SOURCE_QUENCH | PARAMETER_PROBLEM | TIME_EXCEEDED | REDIRECT => {
            if let (Some(status), Ok(())) = (status_of(kind, code), buffer.remove_header(HEADER_BYTES)) {
                ipv4::complaint(buffer, status);
            }
        }
        _ => kernel::log(&format!("ICMP: received unhandled type {kind}, code {code}")),
    }
}

/// Answers an echo request that was for us alone. What carried the request's local address carries it back.
fn answer(request: &Buffer) {
    if let Some(address) = request.interface_address()
        && !Family::Inet.equal(address.local().as_ref(), Some(&request.destination()))
    {
        return;
    }
    let Some(mut reply) = request.duplicate() else { return };
    reply.swap_addresses();
    let done = reply.write(0, &[ECHO_REPLY, 0, 0, 0]).and_then(|()| set_checksum(&mut reply));
    if done.is_ok() {
        drop(ipv4::send(reply, &ipv4::Options::default()));
    }
}

/// Tells a packet's sender what became of it. The packet is as it came, or its header is stored.
pub(crate) fn complain(cause: &Buffer, what: Unreachable) {
    // Nobody is told when that fails.
    let _ = try_complain(cause, what);
}

fn try_complain(cause: &Buffer, what: Unreachable) -> Result<(), status_t> {
    let mut header = [0; ipv4::HEADER_BYTES];
    cause.read_restored(0, &mut header)?;
    let [first, _, l0, l1, _, _, f0, f1, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] = header;
    let (header_bytes, total_bytes) = (usize::from(first & 15) * 4, usize::from(u16::from_be_bytes([l0, l1])));
    if first >> 4 != 4 || header_bytes < ipv4::HEADER_BYTES {
        return Err(B_BAD_VALUE);
    }
    // RFC 1122 §3.2.2: never about such a message, about what was sent to many, or about a later fragment.
    if protocol == ipv4::ICMP {
        let mut kind = [0];
        cause.read_restored(header_bytes, &mut kind)?;
        let [kind] = kind;
        if matches!(kind, UNREACHABLE | PARAMETER_PROBLEM | REDIRECT | TIME_EXCEEDED | SOURCE_QUENCH) {
            return Err(B_ERROR);
        }
    }
    let to_many = cause.flags() & (MSG_BCAST | MSG_MCAST) as u32 != 0;
    if to_many || u16::from_be_bytes([f0, f1]) & 0x1fff != 0 {
        return Err(B_ERROR);
    }
    let mut reply = Buffer::new(256).ok_or(B_NO_MEMORY)?;
    if cause.destination().family() == AF_INET {
        reply.set_source(&Sockaddr::v4(v4(&cause.destination()), cause.destination().port()));
        reply.set_destination(&Sockaddr::v4(v4(&cause.source()), cause.source().port()));
    } else {
        reply.set_source(&Sockaddr::v4([d0, d1, d2, d3].into(), 0));
        reply.set_destination(&Sockaddr::v4([s0, s1, s2, s3].into(), 0));
    }
    let code = match what {
        Unreachable::Host => 1,
        Unreachable::Protocol => 2,
        Unreachable::Port => 3,
    };
    reply.prepend(&[UNREACHABLE, code, 0, 0, 0, 0, 0, 0])?;
    reply.append_restored(cause, 0, (header_bytes + 8).min(total_bytes))?;
    set_checksum(&mut reply)?;
    reply.set_protocol(ipv4::ICMP);
    ipv4::send(reply, &ipv4::Options::default()).map_err(|(_, failed)| failed)
}

fn set_checksum(message: &mut Buffer) -> Result<(), status_t> {
    let sum = !message.sum(0, message.len())?;
    message.write(CHECKSUM, &sum.to_ne_bytes())
}

/// The error that the sender of a packet gets for a message about it.
fn status_of(kind: u8, code: u8) -> Option<status_t> {
    match (kind, code) {
        (UNREACHABLE, 0) => Some(ENETUNREACH),
        (UNREACHABLE, 2 | 3 | 9 | 10 | 13) => Some(ECONNREFUSED),
        (UNREACHABLE, 4) => Some(EMSGSIZE),
        (UNREACHABLE, 1 | 5..=8 | 11 | 12 | 14 | 15) | (TIME_EXCEEDED, 0) => Some(EHOSTUNREACH),
        (PARAMETER_PROBLEM, _) => Some(ENOPROTOOPT),
        _ => None,
    }
}
