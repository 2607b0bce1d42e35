//! Reading and writing.

use super::cookie::Cookie;
use crate::kernel::user::UserMemory;
use crate::kernel::{Semaphore, Status};
use crate::net_buffer::NetBuf;
use crate::waiter::Waiter;
use alloc::sync::Arc;
use frame::FrameBuf;
use frame::offload::Offload;
use tap::{Header, Kind, Mode, PacketError, Read, ReadError, Write, WriteError, check_head};

impl Cookie {
    /// Reads one packet, of which the end is lost that does not fit, and returns how many bytes were read.
    ///
    /// # Errors
    /// [`Status::B_WOULD_BLOCK`], [`Status::B_INTERRUPTED`], [`Status::ENXIO`] when the device is gone.
    pub(super) fn read(&self, memory: UserMemory) -> Result<usize, Status> {
        let header = self.descriptor().header();
        // Nothing is lost by one who asks for less than comes before a packet.
        if memory.bytes() == 0 {
            return Ok(0);
        }
        if memory.bytes() < header.bytes() {
            return Err(Status::B_BAD_VALUE);
        }
        let packet = self.next().map_err(|why| self.refuse(why))?;
        let fit = header.fit(memory.bytes(), packet.bytes()).ok_or(Status::B_BAD_VALUE)?;
        if header != Header::None {
            memory.write(&header.write(packet.head(), self.kind(), fit.cut, &Offload::default()))?;
        }
        packet.read_to_user(memory.skip(header.bytes())).map(|bytes| header.bytes() + bytes)
    }

    fn next(&self) -> Result<NetBuf, Status> {
        match self.descriptor().read() {
            Ok(packet) => return Ok(packet),
            Err(ReadError::Empty) if self.descriptor().mode() == Mode::Blocking => {}
            Err(why) => return Err(unread(why)),
        }
        loop {
            let semaphore = self.take_semaphore()?;
            let waited = match self.descriptor().read_or_wait(Waiter::Sleeper(Arc::clone(&semaphore))) {
                Read::Waiting => self.sleep(&semaphore),
                Read::Packet(packet) => {
                    self.keep_semaphore(semaphore);
                    return Ok(packet);
                }
                Read::Failed(why) => Err(unread(why)),
            };
            self.keep_semaphore(semaphore);
            waited?;
        }
    }

    /// Writes one packet.
    ///
    /// # Errors
    /// [`Status::EIO`] when the interface is down, [`Status::ENXIO`] when it is gone, [`Status::B_BAD_VALUE`] and
    /// [`Status::EMSGSIZE`] for what is no packet, [`Status::B_WOULD_BLOCK`], [`Status::B_INTERRUPTED`].
    pub(super) fn write(&self, memory: UserMemory) -> Result<(), Status> {
        let header = self.descriptor().header();
        let bytes = memory.bytes().checked_sub(header.bytes()).ok_or(Status::B_BAD_VALUE)?;
        if bytes == 0 {
            return Err(Status::B_BAD_VALUE);
        }
        if bytes > MAX_PACKET_BYTES {
            return Err(Status::EMSGSIZE);
        }
        let mut lead = [0; tap::HeaderBytes::MAX];
        let lead = lead.get_mut(..header.bytes()).ok_or(Status::B_BAD_VALUE)?;
        memory.read(lead)?;
        // What is checked is the copy: the program may change its memory meanwhile.
        header.strip(lead).map_err(malformed)?;
        let packet = NetBuf::from_user(memory.skip(header.bytes()))?;
        let device = self.descriptor().device().ok_or(Status::EBADF)?;
        let none = Offload::default();
        check_head(self.kind(), packet.head(), packet.bytes(), &none, device.mtu_bytes()).map_err(malformed)?;
        self.queue(packet).map_err(|why| self.refuse(why))
    }

    fn queue(&self, packet: NetBuf) -> Result<(), Status> {
        let mut packet = match self.descriptor().write(packet, &mut Waiter::wake) {
            Ok(()) => return Ok(()),
            Err((packet, WriteError::Full)) if self.descriptor().mode() == Mode::Blocking => packet,
            Err((_, why)) => return Err(unwritten(why)),
        };
        loop {
            let semaphore = self.take_semaphore()?;
            let token = Waiter::Sleeper(Arc::clone(&semaphore));
            let waited = match self.descriptor().write_or_wait(packet, token, &mut Waiter::wake) {
                Write::Done => {
                    self.keep_semaphore(semaphore);
                    return Ok(());
                }
                Write::Waiting(back) => {
                    packet = back;
                    self.sleep(&semaphore)
                }
                Write::Failed(_, why) => {
                    self.keep_semaphore(semaphore);
                    return Err(unwritten(why));
                }
            };
            self.keep_semaphore(semaphore);
            waited?;
        }
    }

    /// Waits for a token of the semaphore to be handed out, or for a signal. The semaphore is at zero afterwards, and no
    /// device has it.
    fn sleep(&self, semaphore: &Arc<Semaphore>) -> Result<(), Status> {
        let interrupted = semaphore.acquire_or_interrupt();
        if interrupted.is_err() {
            let own = |kept: &Waiter| matches!(kept, Waiter::Sleeper(kept) if Arc::ptr_eq(kept, semaphore));
            if self.descriptor().cancel(own).is_none() {
                // Somebody is about to hand it out, or has just.
                semaphore.acquire();
            }
        }
        interrupted
    }

    fn kind(&self) -> Kind {
        self.descriptor().device().map_or(Kind::Tap, |device| device.name().kind)
    }
}

fn unread(why: ReadError) -> Status {
    match why {
        ReadError::Empty => Status::B_WOULD_BLOCK,
        ReadError::Dead => Status::ENXIO,
        ReadError::Detached => Status::EBADF,
        ReadError::Crowded => Status::B_NO_MEMORY,
        _ => Status::EIO,
    }
}

fn unwritten(why: WriteError) -> Status {
    match why {
        WriteError::Full => Status::B_WOULD_BLOCK,
        WriteError::Down => Status::EIO,
        WriteError::Dead => Status::ENXIO,
        WriteError::Detached => Status::EBADF,
        WriteError::Crowded => Status::B_NO_MEMORY,
        _ => Status::EIO,
    }
}

fn malformed(why: PacketError) -> Status {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
    match why {
        PacketError::Long(_) => Status::EMSGSIZE,
        PacketError::Family(_) => Status::EAFNOSUPPORT,
        _ => Status::B_BAD_VALUE,
    }
}

/// The longest frame: what an IP packet of 65,535 bytes is behind a header and two tags.
const MAX_PACKET_BYTES: usize = 65_535 + frame::HEADER_BYTES + 2 * frame::TAG_BYTES;
