//! Ioctls: the caller's argument is read whole, decoded, carried out by the clerk, and the answer brought back.

use super::helpers::Crowded;
use super::open::Open;
use super::protocol::IOCTL_COMPAT;
use super::protocol::answer;
use super::protocol::request::{Caller, Ioctl, Request};
use super::remote;
use super::serve::Served;
use rustix::io::Errno;
use std::sync::Arc;
use tap::ioctl::{Answer, Dialect, Shape, Unsupported, decode, encode, shape};
use tap::{Kind, Node};

/// One ioctl on its way. When it is dropped unanswered, its caller gets EIO.
struct Call {
    served: Arc<Served>,
    open: Arc<Open>,
    unique: u64,
    caller: Caller,
    number: u32,
    /// The argument: a value or an address.
    value: u64,
    /// How much of the caller's memory the dialect reads and writes.
    shape: Shape,
    /// That memory: first what FUSE carried, then all of it.
    memory: Vec<u8>,
    /// What FUSE carries back.
    carried_out: usize,
    landed: Landed,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Landed {
    No,
    Yes,
}

impl Served {
    /// Answers an ioctl, at once or later.
    pub(super) fn on_ioctl(self: &Arc<Self>, request: &Request<'_>, ioctl: &Ioctl<'_>, open: &Arc<Open>) {
        let Some(mut shape) = shape(Dialect::Linux, ioctl.number) else {
            return self.service.channel.refuse(request.unique, Errno::NOTTY);
        };
        let mut memory = vec![0; shape.read.max(shape.write)];
        if ioctl.flags & IOCTL_COMPAT != 0 {
            // The one structure, `struct ifreq`, is shorter there, and all that matters is in its common front.
            shape = Shape { read: shape.read.min(COMPAT_IFREQ), write: shape.write.min(COMPAT_IFREQ) };
        }
        let carried_in = ioctl.data.len().min(shape.read);
        memory.iter_mut().zip(ioctl.data).for_each(|(to, from)| *to = *from);
        let call = Call {
            served: Arc::clone(self),
            open: Arc::clone(open),
            unique: request.unique,
            caller: request.caller,
            number: ioctl.number,
            value: ioctl.value,
            shape,
            memory,
            carried_out: usize::try_from(ioctl.out_bytes).unwrap_or(0),
            landed: Landed::No,
        };
        self.service.flights.depart(request.unique);
        if carried_in == shape.read { call.ask() } else { call.off_thread(Call::fetch) }
    }
}

impl Call {
    /// Goes on in a thread that may be kept waiting.
    fn off_thread(self, go_on: fn(Self)) {
        let served = Arc::clone(&self.served);
        // Dropped with the job where there are too many.
        let added = served.helpers.add(self.caller.uid, Box::new(move || go_on(self)));
        if added == Err(Crowded) {
            tracing::warn!("too many ioctls at once");
        }
    }

    /// Reads the caller's memory.
    fn fetch(mut self) {
        let flights = &self.served.service.flights;
        if flights.enter_memory(self.unique).is_err() {
            return;
        }
        let memory = self.memory.get_mut(..self.shape.read).unwrap_or_default();
        let read = remote::read(self.caller.pid, self.value, memory);
        if flights.leave_memory(self.unique).is_err() {
            return;
        }
        match read {
            Ok(()) => self.ask(),
            Err(errno) if is_refusal(errno) => self.presume(),
            Err(errno) => self.refuse(errno),
        }
    }

    /// Goes on without the caller's memory, as far as the argument can be told without.
    fn presume(mut self) {
        if self.number == TUNSETIFF {
            self.memory = default_attachment(self.open.node, self.memory.len());
        } else if self.shape.write == 0 {
            return self.refuse(Errno::PERM);
        }
        // What is asked for alone needs no argument.
        self.ask();
    }

    /// Has the clerk carry it out.
    fn ask(self) {
        match decode(Dialect::Linux, self.number, self.value, &self.memory) {
            Ok(request) => {
                let clerk = Arc::clone(&self.served.clerk);
                let (id, caller) = (self.open.id, self.caller);
                clerk.ioctl(id, request, caller, Box::new(move |answer| self.answered(answer)));
            }
            Err(why) => self.refuse(errno_of(why)),
        }
    }

    /// Brings the answer back, by any thread.
    fn answered(mut self, answer: Result<Answer, Errno>) {
        let answer = match answer {
            Ok(answer) => answer,
            Err(errno) => return self.refuse(errno),
        };
        let written = encode(Dialect::Linux, self.number, &answer, &mut self.memory);
        self.shape.write = written.min(self.shape.write);
        if self.shape.write <= self.carried_out { self.finish() } else { self.off_thread(Self::bring) }
    }

    /// Writes to the caller's memory.
    fn bring(self) {
        let flights = &self.served.service.flights;
        if flights.enter_memory(self.unique).is_err() {
            return;
        }
        let memory = self.memory.get(..self.shape.write).unwrap_or_default();
        let written = remote::write(self.caller.pid, self.value, memory);
        if flights.leave_memory(self.unique).is_err() {
            return;
        }
        match written {
            Ok(()) => self.finish(),
            // The caller of TUNSETIFF knows his name, or learns it from the node's; what FUSE carries is better than
            // nothing.
            Err(errno) if is_refusal(errno) && (self.number == TUNSETIFF || self.carried_out > 0) => self.finish(),
            Err(errno) if is_refusal(errno) => self.refuse(Errno::PERM),
            Err(errno) => self.refuse(errno),
        }
    }

    fn finish(mut self) {
        if self.land() == Landed::Yes {
            let carried = self.memory.get(..self.carried_out.min(self.shape.write)).unwrap_or_default();
            self.served.service.channel.answer(self.unique, &answer::ioctl(0), carried);
        }
    }

    fn refuse(mut self, errno: Errno) {
        if self.land() == Landed::Yes {
            self.open.refuse(self.unique, errno);
        }
    }

    /// Returns whether the call is still to be answered.
    fn land(&mut self) -> Landed {
        self.landed = Landed::Yes;
        match self.served.service.flights.land(self.unique) {
            Ok(()) => Landed::Yes,
            Err(_too_late) => Landed::No,
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.landed == Landed::No && self.land() == Landed::Yes {
            self.served.service.channel.refuse(self.unique, Errno::IO);
        }
    }
}

/// Returns whether the caller's memory is out of reach, rather than missing.
fn is_refusal(errno: Errno) -> bool {
    // ENOSYS: a kernel without, or a sandbox.
    matches!(errno, Errno::PERM | Errno::SRCH | Errno::NOSYS | Errno::ACCESS)
}

/// The `struct ifreq` by which most programs ask for what a node is: its kind, and no packet information.
///
/// The first four bytes of the name are known, but not whether it goes on; the node is the name.
fn default_attachment(node: Node, bytes: usize) -> Vec<u8> {
    let (kind, name) = match node {
        Node::Any => (Kind::Tun, String::new()),
        Node::Clone(kind) => (kind, String::new()),
        Node::Unit(name) => (name.kind, name.to_string()),
    };
    let kind = match kind {
        Kind::Tun => libc::IFF_TUN,
        Kind::Tap => libc::IFF_TAP,
    };
    let flags = u16::try_from(kind | libc::IFF_NO_PI).unwrap_or(0);
    let mut memory = name.into_bytes();
    memory.resize(libc::IFNAMSIZ, 0);
    memory.extend_from_slice(&flags.to_ne_bytes());
    memory.resize(bytes, 0);
    memory
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn errno_of(why: Unsupported) -> Errno {
    match why {
        Unsupported::Unknown(_) => Errno::NOTTY,
        Unsupported::Short(_) => Errno::FAULT,
        // Refused, or of no meaning.
        _ => Errno::INVAL,
    }
}

/// `sizeof(struct ifreq)` in a 32-bit program.
const COMPAT_IFREQ: usize = 32;
/// `_IOW('T', 202, int)`.
const TUNSETIFF: u32 = 0x4004_54ca;

#[cfg(test)]
mod tests {
    use super::*;
    use tap::ioctl::{Attach, AttachFlags, Request, Wanted};

    #[test]
    fn a_program_whose_memory_is_closed_gets_what_the_node_is() {
        let tun7: tap::DeviceName = "tun7".parse().unwrap();
        #[rustfmt::skip]
        let rows = [
            ("tun7", Kind::Tun, Wanted::Named(tun7)),
            ("tun",  Kind::Tun, Wanted::Any),
            ("tap",  Kind::Tap, Wanted::Any),
        ];
        for (node, kind, wanted) in rows {
            let memory = default_attachment(node.parse().unwrap(), 40);
            let request = decode(Dialect::Linux, TUNSETIFF, 0, &memory);
            assert_eq!(request, Ok(Request::Attach(Attach { kind, wanted, flags: AttachFlags::empty() })), "{node}");
        }
    }
}
