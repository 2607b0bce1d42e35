//! ICMPv6 (RFC 4443): answers to echo requests, complaints of others, and the messages of neighbour discovery.

use crate::stack::buffer::{Buffer, checksum};
use crate::stack::family::Family;
use crate::stack::ipv6::{self, v6};
use crate::stack::links;
use haiku_abi::*;

const UNREACHABLE: u8 = 1;
const TOO_BIG: u8 = 2;
const TIME_EXCEEDED: u8 = 3;
const PARAMETER_PROBLEM: u8 = 4;
const ECHO_REQUEST: u8 = 128;
const ECHO_REPLY: u8 = 129;
const HEADER_BYTES: usize = 8;

/// Handles a message whose IP header is off.
pub(crate) fn receive(mut buffer: Buffer) {
    let Some([kind, code, ..]) = buffer.header::<HEADER_BYTES>() else { return };
    let (source, destination) = (v6(&buffer.source()), v6(&buffer.destination()));
    let Ok(sum) = buffer.sum(0, buffer.len()) else { return };
    let rest = ipv6::pseudo_header(source, destination, buffer.len(), ipv6::ICMPV6);
    if checksum::fold(u64::from(sum) + rest) != 0xffff {
        return;
    }
    match kind {
        ECHO_REPLY => {}
        ECHO_REQUEST => answer(&buffer),
        UNREACHABLE | TOO_BIG | TIME_EXCEEDED | PARAMETER_PROBLEM => {
            let status = match (kind, code) {
                (UNREACHABLE, 4) => ECONNREFUSED,
                (TOO_BIG, _) => EMSGSIZE,
                (PARAMETER_PROBLEM, _) => ENOPROTOOPT,
                _ => EHOSTUNREACH,
            };
            if buffer.remove_header(HEADER_BYTES).is_ok() {
                ipv6::complaint(buffer, status);
            }
        }
        _ => links::receive_ndp(buffer),
    }
}

/// Answers an echo request; one to a group too, with the group as the source.
fn answer(request: &Buffer) {
    if let Some(address) = request.interface_address()
        && !Family::Inet6.equal(address.local().as_ref(), Some(&request.destination()))
    {
        return;
    }
    let Some(mut reply) = request.duplicate() else { return };
    reply.swap_addresses();
    if reply.write(0, &[ECHO_REPLY, 0]).is_ok() {
        drop(ipv6::send(reply, &ipv6::Options::default()));
    }
}
