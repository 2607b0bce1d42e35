//! Sockets of the family of links: what programs ask of devices, packet captures, and frames to and from a device.

use super::Socket;
use crate::stack::buffer::{Borrowed, Buffer, Sent};
use crate::stack::datalink::{self, control, write_count, write_index};
use crate::stack::devices::{self, DeviceRef, Missing, Monitor};
use crate::stack::domain::LINK;
use crate::stack::interfaces;
use crate::stack::kernel::{self, name_field, name_of};
use crate::stack::member::member;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::{Place, Writer};
use haiku_abi::*;
use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What such a socket does at devices.
pub(super) struct Capture {
    state: Mutex<State>,
    /// As registered: its address is what devices know, and its cookie the socket.
    monitor: UnsafeCell<net_device_monitor>,
}

// SAFETY: the monitor is written before it is registered, and then only read.
unsafe impl Sync for Capture {}
// SAFETY: as above.
unsafe impl Send for Capture {}

#[derive(Default)]
struct State {
    monitored: Monitored,
    bound: Option<Bound>,
}

/// Which device shows the socket its packets.
#[derive(Default)]
enum Monitored {
    #[default]
    No,
    By(DeviceRef),
    /// Somebody takes the monitor out, and holds no lock while they wait for the device's monitors.
    Leaves,
}

/// A device whose frames of one type the socket gets.
struct Bound {
    device: DeviceRef,
    frame_type: Option<i32>,
}

impl Default for Capture {
    fn default() -> Self {
        let monitor = net_device_monitor {
            link: list_link::new(),
            cookie: std::ptr::null_mut(),
            receive: Some(see),
            event: Some(hear),
        };
        Self { state: Mutex::default(), monitor: UnsafeCell::new(monitor) }
    }
}

impl Capture {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_in_use(&self) -> bool {
        let state = self.state();
        matches!(state.monitored, Monitored::By(_)) || state.bound.is_some()
    }

    pub(super) fn is_bound(&self) -> bool {
        self.state().bound.is_some()
    }

    /// Begins to show the socket every packet of a device.
    fn start(&self, socket: &Socket, name: &str) -> status_t {
        // Until it is said which device that is: it may go down at once, and whoever hears of it looks here.
        let mut state = self.state();
        if !matches!(state.monitored, Monitored::No) {
            return B_BUSY;
        }
        let Some(device) = devices::find(name, Missing::Ask) else { return B_DEVICE_NOT_FOUND };
        // SAFETY: the monitor is registered nowhere.
        unsafe {
            member!(self.monitor.get() => net_device_monitor, cookie)
                .write(std::ptr::from_ref(socket).cast_mut().cast())
        };
        // SAFETY: the device is kept, the monitor lives in the socket until it is unregistered.
        match unsafe { devices::register_device_monitor(device.hardware().raw(), self.monitor.get()) } {
            B_OK => {
                state.monitored = Monitored::By(device);
                B_OK
            }
            failed => failed,
        }
    }

    fn stop(&self, name: &str) -> status_t {
        let is_it = match &self.state().monitored {
            Monitored::By(device) => device.hardware().name() == name,
            Monitored::No | Monitored::Leaves => false,
        };
        if is_it { self.unregister() } else { B_BAD_VALUE }
    }

    fn unregister(&self) -> status_t {
        let Some(device) = self.state().leave() else { return B_BAD_VALUE };
        // Without the state's lock, which who hears an event takes under that of the monitors.
        let status = self.leave(&device);
        self.state().monitored = Monitored::No;
        status
    }

    /// Not by the table: its lock must not be waited for under that of the monitors, which an event comes with.
    fn leave(&self, device: &DeviceRef) -> status_t {
        device.unregister_monitor(Monitor::new(self.monitor.get()))
    }

    /// Lets go of every device.
    pub(super) fn end(&self) {
        self.unregister();
        let bound = self.state().bound.take();
        if let Some(Bound { device, frame_type: Some(frame_type) }) = bound {
            // SAFETY: the device is kept.
            unsafe { devices::unregister_device_handler(device.hardware().raw(), frame_type) };
        }
    }
}

impl State {
    fn leave(&mut self) -> Option<DeviceRef> {
        match std::mem::replace(&mut self.monitored, Monitored::Leaves) {
            Monitored::By(device) => Some(device),
            other @ (Monitored::No | Monitored::Leaves) => {
                self.monitored = other;
                None
            }
        }
    }
}

/// A monitor's hook: the socket gets a clone.
unsafe extern "C" fn see(monitor: *mut net_device_monitor, raw: *mut net_buffer) -> status_t {
    // SAFETY: the monitor is a socket's, which lives while it is registered.
    let cookie = unsafe { member!(monitor => net_device_monitor, cookie).read() };
    // SAFETY: as above.
    let socket = unsafe { &*cookie.cast::<Socket>() };
    // SAFETY: the packet is lent.
    unsafe { Borrowed::new(raw) }.map_or(B_BAD_VALUE, |buffer| socket.enqueue_shared(&buffer))
}

/// A monitor's hook: the socket lets go of a device that goes down.
unsafe extern "C" fn hear(monitor: *mut net_device_monitor, event: i32) {
    if event != B_DEVICE_GOING_DOWN {
        return;
    }
    // SAFETY: as above.
    let cookie = unsafe { member!(monitor => net_device_monitor, cookie).read() };
    // SAFETY: as above.
    let socket = unsafe { &*cookie.cast::<Socket>() };
    let super::Kind::Link(capture) = &socket.kind else { return };
    // No packet comes before this returns. Not with the state locked, of which readers ask with the queue locked.
    let is_empty = socket.queue.is_empty();
    // Whoever ends the socket finds that no device shows it packets, and does not wait for this hook but by this lock.
    let mut state = capture.state();
    let Some(device) = state.leave() else { return };
    capture.leave(&device);
    state.monitored = Monitored::No;
    if is_empty {
        socket.queue.wake_all();
        socket.notify(B_SELECT_READ, B_DEVICE_NOT_FOUND);
    }
    drop(state);
    drop(device);
}

/// A handler's hook: the socket gets the packet.
unsafe extern "C" fn receive(cookie: *mut c_void, _device: *mut net_device, raw: *mut net_buffer) -> status_t {
    // SAFETY: the cookie is a socket, which lives while the handler is registered.
    let socket = unsafe { &*cookie.cast::<Socket>() };
    // SAFETY: the packet is ours if we say so.
    let Some(buffer) = (unsafe { Borrowed::new(raw) }) else { return B_BAD_VALUE };
    // A clone, so that the packet stays the caller's if there is no room.
    match socket.enqueue_shared(&buffer) {
        B_OK => {
            // SAFETY: taken.
            drop(unsafe { Buffer::from_raw(raw) });
            B_OK
        }
        failed => failed,
    }
}

/// Binds a socket to a device, and to frames of one type if the address has one.
pub(super) fn bind(socket: &Arc<Socket>, capture: &Capture, link: &Sockaddr) -> status_t {
    if !kernel::is_root() {
        return B_NOT_ALLOWED;
    }
    if !matches!(capture.state().monitored, Monitored::No) {
        return B_BUSY;
    }
    let Some(interface) = interfaces::for_link(&LINK, link) else { return B_BAD_VALUE };
    let Some(device) = interface.device().acquire() else { return B_BAD_VALUE };
    let frame_type =
        (link.link_type() != 0).then(|| net_frame_type(u32::from(link.link_type()), u32::from(link.ethertype())));
    if let Some(frame_type) = frame_type {
        let cookie = Arc::as_ptr(socket).cast_mut().cast();
        // SAFETY: the device is kept, and the socket unregisters before it ends.
        match unsafe { devices::register_device_handler(device.hardware().raw(), frame_type, Some(receive), cookie) } {
            B_OK => {}
            failed => return failed,
        }
    }
    let mut state = socket.state();
    state.device = device.hardware().index();
    state.local = *link;
    drop(state);
    capture.state().bound = Some(Bound { device, frame_type });
    B_OK
}

/// Sends a frame whose link addresses are set.
pub(super) fn send(socket: &Socket, mut buffer: Buffer) -> Sent {
    if [buffer.source().family(), buffer.destination().family()] != [AF_LINK; 2] {
        return Err((buffer, B_BAD_VALUE));
    }
    let device = socket.state().device;
    match datalink::route_for(&LINK, &mut buffer, device) {
        Ok(route) => datalink::send_routed(&route, buffer),
        Err(failed) => Err((buffer, failed)),
    }
}

/// Handles a request. Whatever names a device has it made for as long as the request takes.
pub(super) fn request(socket: &Socket, capture: &Capture, option: u32, place: Place) -> status_t {
    match try_request(socket, capture, option, place) {
        Ok(status) => status,
        Err(failed) => failed,
    }
}

fn try_request(socket: &Socket, capture: &Capture, option: u32, place: Place) -> Result<status_t, status_t> {
    let argument = place.after(IF_NAMESIZE);
    Ok(match option {
        SIOCGIFINDEX => {
            let name = name(place)?;
            let index = devices::find(&name, Missing::Ask).map_or(0, |device| device.hardware().index());
            write_index(place, &name, index)?;
            B_OK
        }
        SIOCGIFNAME => {
            let index: u32 = argument.read()?;
            let device = devices::find_by_index(index).ok_or(B_DEVICE_NOT_FOUND)?;
            write_index(place, &device.hardware().name(), index)?;
            B_OK
        }
        SIOCGIFCOUNT => {
            write_count(place, devices::count())?;
            B_OK
        }
        SIOCGIFCONF => list(place)?,
        SIOCGIFADDR => {
            let address = device(place)?.link_address();
            argument.write_address(Some(&address), size_of::<Sockaddr>())
        }
        SIOCGIFFLAGS => argument.write(&device(place)?.hardware().flags()),
        SIOCGIFMEDIA => {
            if place.length() > 0 && place.length() < IF_NAMESIZE + size_of::<u32>() {
                return Err(B_BAD_VALUE);
            }
            argument.write(&device(place)?.hardware().media())
        }
        SIOCSPACKETCAP if !kernel::is_root() => B_NOT_ALLOWED,
        SIOCSPACKETCAP => capture.start(socket, &name(place)?),
        SIOCCPACKETCAP => capture.stop(&name(place)?),
        _ => control(&LINK, option, place, &mut place.length()),
    })
}

fn name(place: Place) -> Result<String, status_t> {
    let request: ifreq = place.read_some(IF_NAMESIZE)?;
    Ok(name_of(&request.ifr_name))
}

fn device(place: Place) -> Result<DeviceRef, status_t> {
    devices::find(&name(place)?, Missing::Ask).ok_or(B_DEVICE_NOT_FOUND)
}

/// Lists all devices with their link addresses.
fn list(place: Place) -> Result<status_t, status_t> {
    let mut config: ifconf = place.read()?;
    let mut writer = Writer::new(config.ifc_buf, usize::try_from(config.ifc_len).map_err(|_| B_BAD_VALUE)?);
    let mut list = Vec::new();
    devices::visit(|device| list.push((device.hardware().name(), device.link_address())));
    for (name, address) in list {
        writer.push_entry(&name_field(&name), &address)?;
    }
    config.ifc_len = writer.written() as i32;
    Ok(place.write(&config))
}
