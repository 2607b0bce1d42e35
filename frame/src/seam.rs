//! The seam between a core and its platform: how frames are seen, and how they are sent.
//!
//! Receiving is the platform's business (Haiku pushes one frame a call, Linux pulls a batch), so there is no
//! receive method. Sending is infallible: the frame is gone either way, and a full queue is a counter.

use crate::offload::Offload;
use crate::{PortId, Tag};

/// An owned frame, as the platform stores it. Moving one copies no payload.
pub trait FrameBuf: Sized {
    /// Returns the first bytes, contiguous: at least the shorter of the frame and [`HEAD_BYTES`](crate::HEAD_BYTES).
    fn head(&self) -> &[u8];
    /// Returns what is known of the frame beside its bytes.
    fn meta(&self) -> Meta;
    /// Returns a second handle to the same frame, or `None` if none can be had at this moment.
    fn share(&self) -> Option<Self>;
}

/// What is known of a frame beside its bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Meta {
    /// Bytes of the frame as stored, header included, checksum sequence and stripped tag not.
    pub bytes: u32,
    /// Work that the sender left to whoever transmits.
    pub offload: Offload,
    /// The outermost tag, if it is kept beside the bytes.
    pub stripped: Option<Tag>,
}

/// What happens to a frame's outermost tag on its way out of a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TagEdit {
    /// The frame leaves as it came; a stripped tag is put back.
    Keep,
    /// The outermost tag goes.
    Strip,
    /// The outermost tag becomes this one; a frame that has none gets it.
    Set(Tag),
}

/// What a core asks of the machine under it. One implementation per platform.
pub trait Ports {
    /// The platform's frames.
    type Buf: FrameBuf;
    /// Queues a frame on a port with `edit` applied. A full queue drops it and counts that.
    fn send(&mut self, to: PortId, frame: Self::Buf, edit: TagEdit);
    /// Starts transmission. Called once per batch, not per frame.
    fn flush(&mut self);
}
