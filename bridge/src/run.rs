//! The frame loop.

use crate::watch::{Next, Sighting, Unwatched, Watch};
use crate::worker::{Verdict, Worker};
use frame::{DropReason, Frame, FrameBuf, Instant, PortId, Ports, TagEdit};

/// Carries one batch that came in on a port through the bridge, and starts transmission: the only frame loop there is.
///
/// What it sends is counted as sent by the platform, which knows what became of it.
pub fn run<P: Ports>(worker: &mut Worker, io: &mut P, from: PortId, batch: impl Iterator<Item = P::Buf>, now: Instant) {
    run_watched(worker, io, &mut Unwatched, from, batch, now);
}

/// As [`run`], under the eyes of a watch if the configuration gives it something to see.
pub fn run_watched<P: Ports, W: Watch>(
    worker: &mut Worker,
    io: &mut P,
    watch: &mut W,
    from: PortId,
    batch: impl Iterator<Item = P::Buf>,
    now: Instant,
) {
    worker.begin();
    if worker.is_watched() {
        // Apart, so that the others are carried as though there were no watch.
        carry_watched(worker, io, watch, from, batch, now);
    } else if worker.is_large() {
        run_expecting(worker, io, from, batch, now);
    } else {
        batch.for_each(|buf| carry(worker, io, &mut Unwatched, from, buf, now));
    }
    io.flush();
}

#[inline(never)]
fn carry_watched<P: Ports, W: Watch>(
    worker: &mut Worker,
    io: &mut P,
    watch: &mut W,
    from: PortId,
    batch: impl Iterator<Item = P::Buf>,
    now: Instant,
) {
    batch.for_each(|buf| carry(worker, io, watch, from, buf, now));
}

/// Takes frames by the dozens, so that what they need of a large table is fetched at once instead of in turn.
#[inline(never)]
fn run_expecting<P: Ports>(
    worker: &mut Worker,
    io: &mut P,
    from: PortId,
    mut batch: impl Iterator<Item = P::Buf>,
    now: Instant,
) {
    let mut ahead = heapless::Deque::<P::Buf, AHEAD>::new();
    loop {
        // As many as there is room for, so that none comes back.
        batch.by_ref().take(AHEAD).for_each(|buf| drop(ahead.push_back(buf)));
        if ahead.is_empty() {
            return;
        }
        for buf in &ahead {
            if let Ok(frame) = Frame::parse(buf.head(), buf.meta().stripped) {
                worker.expect(from, &frame);
            }
        }
        while let Some(buf) = ahead.pop_front() {
            carry(worker, io, &mut Unwatched, from, buf, now);
        }
    }
}

/// Carries one frame.
#[inline(always)]
fn carry<P: Ports, W: Watch>(worker: &mut Worker, io: &mut P, watch: &mut W, from: PortId, buf: P::Buf, now: Instant) {
    let meta = buf.meta();
    let Ok(frame) = Frame::parse(buf.head(), meta.stripped) else {
        let _ = worker.malformed(from, meta.bytes);
        return;
    };
    if worker.is_mirrored(from) {
        mirror(worker, io, from, &buf);
    }
    let verdict = worker.ingress(from, &frame, &meta, now);
    if watch.wants(&frame)
        && let Some(sighting) = Sighting::new(worker, from, &frame, buf.head(), &meta, &verdict, now)
        && watch.see(&sighting) == Next::Taken
    {
        return worker.suppressed(from);
    }
    match verdict {
        Verdict::Drop(_) => {}
        Verdict::Unicast { to, edit } => io.send(to, buf, edit),
        Verdict::Flood(flood) => {
            // The last port takes the original; only the others need handles of their own.
            let mut targets = worker.flood_targets(&flood);
            let Some((mut to, mut edit)) = targets.next() else { return };
            for (next, next_edit) in targets {
                send_copy(worker, io, to, &buf, edit);
                (to, edit) = (next, next_edit);
            }
            io.send(to, buf, edit);
        }
    }
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

/// Frames that are looked at ahead: two fetches each are more than a core has under way at once, and twice as many were
/// no faster. They lie on the stack, of which a kernel thread has little.
const AHEAD: usize = 16;

#[cfg(test)]
pub(crate) mod tests;
