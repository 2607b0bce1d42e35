//! A module's device: its structure, which the module and the stack both write without a lock, and its hooks.

use crate::stack::buffer::{Buffer, Sent};
use crate::stack::cells::Cells;
use crate::stack::member::member;
use crate::stack::sockaddr::Sockaddr;
use crate::symbols;
use haiku_abi::*;
use std::ffi::{CStr, CString, c_void};
use std::mem::offset_of;
use std::ptr::null_mut;
use std::sync::atomic::Ordering;

/// A device, as its module made it. Whoever has this keeps the device meanwhile, by a reference or by being its thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hardware(Cells);

// SAFETY: the structure is for all threads; what changes in it is reached atomically here.
unsafe impl Send for Hardware {}
// SAFETY: as above.
unsafe impl Sync for Hardware {}

/// What came of a packet that was received or sent.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    Received(usize),
    ReceiveDropped,
    ReceiveError,
    Sent(usize),
    SendError,
}

impl Hardware {
    /// # Safety
    /// `raw` is a device that `module` made.
    pub(crate) unsafe fn new(raw: *mut net_device, module: *mut net_device_module_info, index: u32) -> Self {
        // SAFETY: the stack sets this member, before anybody else knows the device.
        unsafe { member!(raw => net_device, module).write(module) };
        // SAFETY: as above.
        unsafe { member!(raw => net_device, index).write(index) };
        // SAFETY: whoever has this keeps the device meanwhile.
        Self(unsafe { Cells::new(raw) })
    }

    pub(crate) fn raw(self) -> *mut net_device {
        self.0.raw()
    }

    /// Its name, which does not change.
    pub(crate) fn name(self) -> String {
        let name = self.raw().cast::<u8>().wrapping_add(offset_of!(net_device, name)).cast();
        // SAFETY: the module ended the name with NUL.
        unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
    }

    pub(crate) fn index(self) -> u32 {
        self.0.word(offset_of!(net_device, index)).load(Ordering::Relaxed)
    }

    pub(crate) fn kind(self) -> u32 {
        self.0.word(offset_of!(net_device, r#type)).load(Ordering::Relaxed)
    }

    pub(crate) fn flags(self) -> u32 {
        self.0.word(offset_of!(net_device, flags)).load(Ordering::Acquire)
    }

    pub(crate) fn set_flag(self, flag: u32) {
        self.0.word(offset_of!(net_device, flags)).fetch_or(flag, Ordering::AcqRel);
    }

    pub(crate) fn clear_flag(self, flag: u32) {
        self.0.word(offset_of!(net_device, flags)).fetch_and(!flag, Ordering::AcqRel);
    }

    pub(crate) fn mtu(self) -> usize {
        self.0.mtu()
    }

    pub(crate) fn media(self) -> u32 {
        self.0.word(offset_of!(net_device, media)).load(Ordering::Relaxed)
    }

    pub(crate) fn link_speed(self) -> u64 {
        self.0.long(offset_of!(net_device, link_speed)).load(Ordering::Relaxed)
    }

    /// What was counted, each number by itself.
    pub(crate) fn stats(self) -> ifreq_stats {
        let stream = |at: usize| ifreq_stream_stats {
            packets: self.0.word(at + offset_of!(ifreq_stream_stats, packets)).load(Ordering::Relaxed),
            errors: self.0.word(at + offset_of!(ifreq_stream_stats, errors)).load(Ordering::Relaxed),
            bytes: self.0.long(at + offset_of!(ifreq_stream_stats, bytes)).load(Ordering::Relaxed),
            multicast_packets: self
                .0
                .word(at + offset_of!(ifreq_stream_stats, multicast_packets))
                .load(Ordering::Relaxed),
            dropped: self.0.word(at + offset_of!(ifreq_stream_stats, dropped)).load(Ordering::Relaxed),
        };
        ifreq_stats {
            receive: stream(RECEIVE),
            send: stream(SEND),
            collisions: self
                .0
                .word(offset_of!(net_device, stats) + offset_of!(ifreq_stats, collisions))
                .load(Ordering::Relaxed),
        }
    }

    /// The hardware address; empty until the device has been up, where only then it is known.
    pub(crate) fn address(self) -> Vec<u8> {
        self.0.address()
    }

    /// The hardware address of an Ethernet device.
    pub(crate) fn mac(self) -> [u8; 6] {
        self.0.mac()
    }

    pub(crate) fn count(self, what: Count) {
        let one = |stream: usize, member: usize| self.0.word(stream + member).fetch_add(1, Ordering::Relaxed);
        let bytes_at = |stream: usize| self.0.long(stream + offset_of!(ifreq_stream_stats, bytes));
        match what {
            Count::Received(bytes) => {
                one(RECEIVE, offset_of!(ifreq_stream_stats, packets));
                bytes_at(RECEIVE).fetch_add(bytes as u64, Ordering::Relaxed);
            }
            Count::ReceiveDropped => _ = one(RECEIVE, offset_of!(ifreq_stream_stats, dropped)),
            Count::ReceiveError => _ = one(RECEIVE, offset_of!(ifreq_stream_stats, errors)),
            Count::Sent(bytes) => {
                one(SEND, offset_of!(ifreq_stream_stats, packets));
                bytes_at(SEND).fetch_add(bytes as u64, Ordering::Relaxed);
            }
            Count::SendError => _ = one(SEND, offset_of!(ifreq_stream_stats, errors)),
        }
    }

    pub(crate) fn up(self) -> status_t {
        let Some(hook) = self.module().up else { return B_ERROR };
        // SAFETY: the hook is the device's.
        unsafe { hook(self.raw()) }
    }

    pub(crate) fn down(self) {
        if let Some(hook) = self.module().down {
            // SAFETY: the hook is the device's.
            unsafe { hook(self.raw()) };
        }
    }

    /// Whether the device has packets to read.
    pub(crate) fn receives(self) -> bool {
        self.module().receive_data.is_some()
    }

    /// Waits for a packet.
    pub(crate) fn receive(self) -> Result<Buffer, status_t> {
        let hook = self.module().receive_data.ok_or(B_ERROR)?;
        let mut raw = null_mut();
        // SAFETY: the hook is the device's.
        match unsafe { hook(self.raw(), &mut raw) } {
            // SAFETY: the device made the packet by our module and gives it up.
            B_OK => unsafe { Buffer::from_raw(raw) }.ok_or(B_ERROR),
            failed => Err(failed),
        }
    }

    /// Sends a packet, which the device takes if it succeeds.
    pub(crate) fn send(self, buffer: Buffer) -> Sent {
        let Some(hook) = self.module().send_data else { return Err((buffer, B_ERROR)) };
        let raw = buffer.into_raw();
        // SAFETY: the hook is the device's.
        let status = unsafe { hook(self.raw(), raw) };
        if status == B_OK {
            return Ok(());
        }
        // SAFETY: the device did not take the packet.
        unsafe { Buffer::from_raw(raw) }.map_or(Ok(()), |buffer| Err((buffer, status)))
    }

    /// # Safety
    /// `argument` is what the device expects for that request, or a program's address.
    pub(crate) unsafe fn control(self, op: i32, argument: *mut c_void, length: usize) -> status_t {
        let Some(hook) = self.module().control else { return B_ERROR };
        // SAFETY: the hook is the device's; the caller's for the argument.
        unsafe { hook(self.raw(), op, argument, length) }
    }

    pub(crate) fn set_mtu(self, mtu: usize) -> status_t {
        let Some(hook) = self.module().set_mtu else { return B_ERROR };
        // SAFETY: the hook is the device's.
        unsafe { hook(self.raw(), mtu) }
    }

    pub(crate) fn set_media(self, media: u32) -> status_t {
        let Some(hook) = self.module().set_media else { return B_ERROR };
        // SAFETY: the hook is the device's.
        unsafe { hook(self.raw(), media) }
    }

    /// Begins to receive what is sent to a group.
    pub(crate) fn join(self, group: &Sockaddr) -> status_t {
        let Some(hook) = self.module().add_multicast else { return B_ERROR };
        // SAFETY: the hook is the device's, the address lives for the call.
        unsafe { hook(self.raw(), std::ptr::from_ref(group).cast()) }
    }

    pub(crate) fn leave(self, group: &Sockaddr) -> status_t {
        let Some(hook) = self.module().remove_multicast else { return B_ERROR };
        // SAFETY: as above.
        unsafe { hook(self.raw(), std::ptr::from_ref(group).cast()) }
    }

    /// Ends the device, and puts its module.
    pub(crate) fn uninit(self) {
        let module = self.module();
        // SAFETY: a module's name is a string that lives with the module.
        let name: CString = unsafe { CStr::from_ptr(module.info.name) }.to_owned();
        if let Some(hook) = module.uninit_device {
            // SAFETY: the hook is the device's, of which there is no reference any more.
            unsafe { hook(self.raw()) };
        }
        // SAFETY: the name is a copy; the reference is the one that made the device.
        unsafe { symbols::put_module(name.as_ptr()) };
    }

    /// The hooks, by what the device says at this moment.
    fn module(self) -> net_device_module_info {
        let module =
            self.0.long(offset_of!(net_device, module)).load(Ordering::Acquire) as *const net_device_module_info;
        // SAFETY: the module is in use while the device is.
        unsafe { module.read() }
    }
}

const RECEIVE: usize = offset_of!(net_device, stats) + offset_of!(ifreq_stats, receive);
const SEND: usize = offset_of!(net_device, stats) + offset_of!(ifreq_stats, send);
