//! The frame loop.

use crate::worker::{Verdict, Worker};
use frame::{DropReason, Frame, FrameBuf, Instant, PortId, Ports, TagEdit};

/// Carries one batch that came in on a port through the bridge, and starts transmission: the only frame loop there is.
///
/// What it sends is counted as sent by the platform, which knows what became of it.
pub fn run<P: Ports>(worker: &mut Worker, io: &mut P, from: PortId, batch: impl Iterator<Item = P::Buf>, now: Instant) {
    worker.begin();
    for buf in batch {
        let meta = buf.meta();
        let Ok(frame) = Frame::parse(buf.head(), meta.stripped) else {
            let _ = worker.malformed(from, meta.bytes);
            continue;
        };
        if worker.is_mirrored(from) {
            mirror(worker, io, from, &buf);
        }
        match worker.ingress(from, &frame, &meta, now) {
            Verdict::Drop(_) => {}
            Verdict::Unicast { to, edit } => io.send(to, buf, edit),
            Verdict::Flood(flood) => {
                // The last port takes the original; only the others need handles of their own.
                let mut targets = worker.flood_targets(&flood);
                let Some((mut to, mut edit)) = targets.next() else { continue };
                for (next, next_edit) in targets {
                    send_copy(worker, io, to, &buf, edit);
                    (to, edit) = (next, next_edit);
                }
                io.send(to, buf, edit);
            }
        }
    }
    io.flush();
}

#[cold]
fn mirror<P: Ports>(worker: &Worker, io: &mut P, from: PortId, buf: &P::Buf) {
    for span in worker.spans().iter().filter(|&span| span != from) {
        send_copy(worker, io, span, buf, TagEdit::Keep);
    }
}

#[inline]
fn send_copy<P: Ports>(worker: &Worker, io: &mut P, to: PortId, buf: &P::Buf, edit: TagEdit) {
    match buf.share() {
        Some(copy) => io.send(to, copy, edit),
        None => worker.dropped(to, DropReason::NoBuffer),
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
