//! Devices as the stack has them: found by name or number, made by whichever module knows the name, and gone with the
//! last reference.

mod hardware;
mod list;
mod monitors;
mod table;
mod threads;

pub(crate) use hardware::{Count, Hardware};
pub(crate) use list::{Missing, count, find, find_by_index, init, removed, uninit, visit};
pub(crate) use monitors::Monitor;
pub(crate) use table::{
    device_enqueue_buffer, device_link_changed, device_removed, register_deframer, register_device_deframer,
    register_device_handler, register_device_monitor, register_domain_device_handler, register_own,
    unregister_device_deframer, unregister_device_handler, unregister_device_monitor,
};

use crate::stack::buffer::Buffer;
use crate::stack::fifo::Fifo;
use crate::stack::kernel;
use crate::stack::lock::Recursive;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

/// What a device's receive queue holds at most.
const QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// A device of a module, and what the stack runs for it.
///
/// Locks, in the order in which they are taken: the list of all devices, then one of a device's two.
pub(crate) struct Device {
    hardware: Hardware,
    /// References that keep the device; the memory lives as long as a thread looks at it.
    references: AtomicI32,
    /// Somebody takes the device away.
    busy: AtomicBool,
    /// How many interfaces brought it up.
    up_count: AtomicU32,
    reader: AtomicI32,
    consumer: AtomicI32,
    /// Read by the reader's thread without a lock.
    deframer: AtomicPtr<c_void>,
    receive: Recursive<Receive>,
    monitors: Recursive<RefCell<Vec<Monitor>>>,
    /// How many there are, for who has not locked them.
    monitored: AtomicI32,
    queue: Fifo,
}

/// What the receive lock protects.
struct Receive {
    /// How often the deframer was registered.
    deframers: Cell<i32>,
    handlers: RefCell<Vec<Handler>>,
}

/// Who gets the packets of one frame type.
#[derive(Clone, Copy)]
struct Handler {
    frame_type: i32,
    to: Receiver,
}

/// A function that packets go to, with what it wants to be called with.
#[derive(Clone, Copy)]
pub(crate) enum Receiver {
    /// A function of the stack's own, which takes every packet.
    Own(fn(Buffer)),
    /// Somebody else's, who takes what they return `B_OK` for.
    Foreign(unsafe extern "C" fn(*mut c_void, *mut net_device, *mut net_buffer) -> status_t, *mut c_void),
}

// SAFETY: a foreign cookie is for the threads of the stack, by whoever registered it.
unsafe impl Send for Receiver {}

/// A reference that keeps a device. Dropping the last one takes the device away.
pub(crate) struct DeviceRef(Arc<Device>);

impl Device {
    fn new(hardware: Hardware) -> Result<Arc<Self>, status_t> {
        let this = Arc::new(Self {
            hardware,
            references: AtomicI32::new(1),
            busy: AtomicBool::new(false),
            up_count: AtomicU32::new(0),
            reader: AtomicI32::new(-1),
            consumer: AtomicI32::new(-1),
            deframer: AtomicPtr::new(std::ptr::null_mut()),
            receive: Recursive::new(Receive { deframers: Cell::new(0), handlers: RefCell::default() }),
            monitors: Recursive::new(RefCell::default()),
            monitored: AtomicI32::new(0),
            queue: Fifo::new(),
        });
        this.receive.init(c"device interface receive");
        this.monitors.init(c"device interface monitors");
        let name = hardware.name();
        match this.queue.init(&kernel::c_string(&format!("{name} receive queue")), QUEUE_BYTES) {
            B_OK => {}
            failed => return Err(failed),
        }
        let device = this.clone();
        match kernel::spawn(&format!("{name} consumer"), B_DISPLAY_PRIORITY, move || threads::consume(&device)) {
            Ok(thread) => {
                this.consumer.store(thread, Ordering::Relaxed);
                Ok(this)
            }
            Err(failed) => {
                this.queue.uninit();
                Err(failed)
            }
        }
    }

    /// A reference, unless the device is on its way out.
    pub(crate) fn acquire(self: &Arc<Self>) -> Option<DeviceRef> {
        let more = |count| (count != 0).then_some(count + 1);
        let had = self.references.fetch_update(Ordering::AcqRel, Ordering::Acquire, more);
        had.ok().map(|_| DeviceRef(self.clone()))
    }

    pub(crate) fn hardware(&self) -> Hardware {
        self.hardware
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    /// The link address by which programs see the device.
    pub(crate) fn link_address(&self) -> Sockaddr {
        let hardware = self.hardware;
        Sockaddr::device(hardware.index(), hardware.kind(), hardware.name().as_bytes(), &hardware.address())
    }

    /// Brings the device up for one more interface.
    pub(crate) fn up(self: &Arc<Self>) -> Result<(), status_t> {
        let _receive = self.receive.lock();
        if self.up_count.load(Ordering::Acquire) != 0 {
            self.up_count.fetch_add(1, Ordering::AcqRel);
            return Ok(());
        }
        match self.hardware.up() {
            B_OK => {}
            failed => return Err(failed),
        }
        let reads = self.hardware.receives();
        if reads {
            let (device, name) = (self.clone(), format!("{} reader", self.hardware.name()));
            let reader = kernel::spawn(&name, B_REAL_TIME_DISPLAY_PRIORITY - 10, move || threads::read(&device))?;
            self.reader.store(reader, Ordering::Release);
        }
        self.hardware.set_flag(IFF_UP);
        if reads {
            kernel::resume(self.reader.load(Ordering::Acquire));
        }
        self.up_count.store(1, Ordering::Release);
        Ok(())
    }

    /// Takes one interface's share of "up" back; says whether the device was up, and whether it shall go down now.
    pub(crate) fn release_up(&self) -> Option<bool> {
        let less = |count: u32| count.checked_sub(1);
        let before = self.up_count.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).ok()?;
        Some(before == 1)
    }

    /// Takes the device down and waits until its reader has ended, unless the caller is the reader.
    pub(crate) fn down(&self) {
        self.hardware.clear_flag(IFF_UP);
        self.hardware.down();
        self.notify_monitors(B_DEVICE_GOING_DOWN);
        if self.hardware.receives() {
            kernel::join(self.reader.load(Ordering::Acquire));
        }
    }

    /// Has the frame's header taken off, by the one deframer.
    fn deframe(&self, raw: *mut net_buffer) -> status_t {
        let deframer = self.deframer.load(Ordering::Acquire);
        if deframer.is_null() {
            kernel::panic(&format!("{} received a frame and has no deframer", self.hardware.name()));
            return B_ERROR;
        }
        // SAFETY: what is stored there is a function of this type.
        let deframer = unsafe {
            std::mem::transmute::<*mut c_void, unsafe extern "C" fn(*mut net_device, *mut net_buffer) -> status_t>(
                deframer,
            )
        };
        // SAFETY: whoever registered the function lives while it is registered; the packet is lent.
        unsafe { deframer(self.hardware.raw(), raw) }
    }

    /// Adds a packet to the receive queue.
    pub(crate) fn enqueue(&self, buffer: Buffer) -> Result<(), (Buffer, status_t)> {
        self.queue.enqueue(buffer)
    }

    /// Makes `deframer` the function that takes headers off; there can be only one.
    pub(crate) fn register_deframer(&self, deframer: net_deframe_func) -> status_t {
        let Some(deframer) = deframer else { return B_BAD_VALUE };
        let receive = self.receive.lock();
        let (registered, wanted) = (self.deframer.load(Ordering::Acquire), deframer as *mut c_void);
        if !registered.is_null() && registered != wanted {
            return B_ERROR;
        }
        self.deframer.store(wanted, Ordering::Release);
        receive.deframers.set(receive.deframers.get() + 1);
        B_OK
    }

    fn unregister_deframer(&self) {
        let receive = self.receive.lock();
        receive.deframers.set(receive.deframers.get() - 1);
        if receive.deframers.get() == 0 {
            self.deframer.store(std::ptr::null_mut(), Ordering::Release);
        }
    }

    fn register_handler(&self, frame_type: i32, to: Receiver) -> status_t {
        let receive = self.receive.lock();
        let mut handlers = receive.handlers.borrow_mut();
        if handlers.iter().any(|handler| handler.frame_type == frame_type) {
            return B_ERROR;
        }
        handlers.push(Handler { frame_type, to });
        B_OK
    }

    fn unregister_handler(&self, frame_type: i32) -> status_t {
        let receive = self.receive.lock();
        let mut handlers = receive.handlers.borrow_mut();
        let Some(at) = handlers.iter().position(|handler| handler.frame_type == frame_type) else {
            return B_BAD_VALUE;
        };
        handlers.remove(at);
        B_OK
    }
}

impl Clone for DeviceRef {
    fn clone(&self) -> Self {
        self.0.references.fetch_add(1, Ordering::AcqRel);
        Self(self.0.clone())
    }
}

impl Deref for DeviceRef {
    type Target = Arc<Device>;

    fn deref(&self) -> &Arc<Device> {
        &self.0
    }
}

impl Drop for DeviceRef {
    fn drop(&mut self) {
        if self.0.references.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        list::forget(&self.0);
        self.0.queue.uninit();
        kernel::join(self.0.consumer.load(Ordering::Relaxed));
        self.0.hardware.uninit();
    }
}
