//! `poll`: waits until one of several descriptors has something to say.

use super::{Node, Process, Socket, Status};
use crate::select::{Info, bit};
use crate::thread::{Deadline, Wait, WaitKind, current};
use haiku_abi::{
    B_CAN_INTERRUPT, B_INTERRUPTED, B_SELECT_DISCONNECTED, B_SELECT_ERROR, B_SELECT_READ, B_SELECT_WRITE, bigtime_t,
    status_t,
};
use std::sync::Arc;

/// A descriptor, and the events of it that are waited for: errors and disconnection always are.
#[derive(Clone, Copy, Debug)]
pub enum Interest<'d> {
    /// Of a node.
    Node(&'d Node, u16),
    /// Of a socket.
    Socket(&'d Socket, u16),
}

impl Interest<'_> {
    fn events(self) -> u16 {
        let (Self::Node(_, events) | Self::Socket(_, events)) = self;
        events | ERROR | DISCONNECTED
    }

    fn process(self) -> Process {
        match self {
            Self::Node(node, _) => node.process(),
            Self::Socket(socket, _) => socket.process(),
        }
    }

    fn select(self, info: &Arc<Info>, event: u8) -> Result<bool, status_t> {
        match self {
            Self::Node(node, _) => node.select(info, event),
            Self::Socket(socket, _) => socket.select(info, event),
        }
    }

    fn deselect(self, info: &Arc<Info>, event: u8) {
        match self {
            Self::Node(node, _) => node.deselect(info, event),
            Self::Socket(socket, _) => socket.deselect(info, event),
        }
    }
}

/// Waits so many microseconds at most, negative ones for ever; returns the events of each, in their order.
///
/// # Errors
/// `B_INTERRUPTED`.
pub fn poll(interests: &[Interest<'_>], timeout: bigtime_t) -> Result<Vec<u16>, Status> {
    let Some(first) = interests.first() else { return Ok(Vec::new()) };
    first.process().call(|| wait(interests, timeout)).map_err(Status)
}

fn wait(interests: &[Interest<'_>], timeout: bigtime_t) -> Result<Vec<u16>, status_t> {
    let this = current();
    let infos: Vec<_> = interests.iter().map(|interest| (*interest, Info::new(interest.events()))).collect();
    for (interest, info) in &infos {
        let mut selected = 0u16;
        for event in info.selected() {
            match interest.select(info, event) {
                Ok(true) => selected |= bit(event),
                Ok(false) => {}
                Err(_) => info.notify(Info::INVALID),
            }
        }
        info.set_selected(selected);
    }
    let mut status = haiku_abi::B_OK;
    if timeout != 0 {
        crate::lock::check_may_block(WaitKind::Select, "");
        let deadline = if timeout < 0 { Deadline::Never } else { Deadline::after(timeout) };
        this.prepare(B_CAN_INTERRUPT, Wait { kind: WaitKind::Select, object: 0, name: String::new() });
        // What happened before is not told again.
        if infos.iter().any(|(_, info)| info.result() != 0) {
            this.unblock(haiku_abi::B_OK);
        }
        status = this.block(deadline);
    }
    for (interest, info) in &infos {
        for event in info.selected() {
            interest.deselect(info, event);
        }
    }
    let results: Vec<_> = infos.iter().map(|(_, info)| info.result()).collect();
    infos.iter().for_each(|(_, info)| info.end());
    if status == B_INTERRUPTED { Err(status) } else { Ok(results) }
}

/// Something can be read.
pub const READ: u16 = 1 << (B_SELECT_READ - 1);
/// Something can be written.
pub const WRITE: u16 = 1 << (B_SELECT_WRITE - 1);
/// Something went wrong.
pub const ERROR: u16 = 1 << (B_SELECT_ERROR - 1);
/// The other side is gone.
pub const DISCONNECTED: u16 = 1 << (B_SELECT_DISCONNECTED - 1);
/// The descriptor is closed, or cut off.
pub const INVALID: u16 = 1 << (Info::INVALID - 1);
