//! `network/devices/ethernet/v1`: devices over the nodes of network cards, below `/dev/net`.
//!
//! A node is opened when the device goes up and closed when it goes down, which is what wakes the reader in it: a driver
//! must end its reads when its node is closed.

mod links;

use crate::stack::buffer::{Borrowed, Buffer};
use crate::stack::cells::Cells;
use crate::stack::kernel::{self, File, Module};
use haiku_abi::*;
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

/// The module.
pub(crate) static MODULE: net_device_module_info = net_device_module_info {
    info: module_info {
        name: c"network/devices/ethernet/v1".as_ptr(),
        flags: 0,
        std_ops: Some(kernel::variadic(std_ops)),
    },
    init_device: Some(init_device),
    uninit_device: Some(uninit_device),
    up: Some(up),
    down: Some(down),
    control: Some(control),
    send_data: Some(send_data),
    receive_data: Some(receive_data),
    set_mtu: Some(set_mtu),
    set_promiscuous: Some(set_promiscuous),
    set_media: Some(set_media),
    add_multicast: Some(add_multicast),
    remove_multicast: Some(remove_multicast),
};

/// A device with its node.
#[repr(C)]
struct Ethernet {
    abi: net_device,
    /// The node's descriptor, or -1 while the device is down.
    node: AtomicI32,
    /// Bytes of a frame at most, with its header.
    frame_bytes: AtomicUsize,
    /// The driver takes and gives packets as they are.
    takes_packets: AtomicBool,
    _buffer: Module,
}

/// Room before a received frame.
const HEADER_SPACE: usize = 256;

unsafe extern "C" fn std_ops(op: i32) -> status_t {
    match op {
        B_MODULE_INIT => links::init(),
        B_MODULE_UNINIT => links::uninit(),
        _ => B_ERROR,
    }
}

impl Ethernet {
    /// # Safety
    /// `device` is one of ours, for the call.
    unsafe fn at<'a>(device: *mut net_device) -> &'a Self {
        // SAFETY: the caller's; what changes in it is reached atomically or by address.
        unsafe { &*device.cast::<Self>() }
    }

    fn raw(&self) -> *mut net_device {
        std::ptr::from_ref(&self.abi).cast_mut()
    }

    fn cells(&self) -> Cells {
        // SAFETY: the device is this one.
        unsafe { Cells::new(self.raw()) }
    }

    fn file(&self) -> File {
        File::at(self.node.load(Ordering::Acquire))
    }

    fn frame_bytes(&self) -> usize {
        self.frame_bytes.load(Ordering::Relaxed)
    }

    /// Opens the node and asks the driver what it is.
    fn open(&self) -> Result<(), status_t> {
        // SAFETY: the name was written when the device was made, and ends with NUL.
        let name = unsafe { CStr::from_ptr((&raw const self.abi.name).cast()) };
        let file = File::open(name)?;
        let asked = self.ask(&file);
        match asked {
            Ok(()) => {
                self.node.store(file.number(), Ordering::Release);
                Ok(())
            }
            Err(failed) => {
                file.close();
                Err(failed)
            }
        }
    }

    fn ask(&self, file: &File) -> Result<(), status_t> {
        let mut nothing = [0_u8; 8];
        file.ioctl(ETHER_INIT, &mut nothing)?;
        let mut mac = [0_u8; ETHER_ADDRESS_LENGTH];
        file.ioctl(ETHER_GETADDR, &mut mac)?;
        // A driver that takes packets refuses none, with this error.
        // SAFETY: the argument is none.
        let packets = unsafe { file.ioctl_raw(ETHER_SEND_NET_BUFFER, std::ptr::null_mut(), 0) };
        self.takes_packets.store(packets == Err(B_BAD_DATA), Ordering::Relaxed);
        let mut bytes = [0_u8; 4];
        let driver = file.ioctl(ETHER_GETFRAMESIZE, &mut bytes).map(|()| u32::from_ne_bytes(bytes) as usize);
        let frame = driver.unwrap_or(ETHER_MAX_FRAME_SIZE).min(ETHER_MAX_FRAME_SIZE);
        self.frame_bytes.store(frame, Ordering::Relaxed);
        self.cells().set_mac(mac);
        self.cells().set_mtu(frame - ETHER_HEADER_LENGTH);
        Ok(())
    }
}

unsafe extern "C" fn init_device(name: *const c_char, place: *mut *mut net_device) -> status_t {
    // SAFETY: the stack gives a string.
    let name = unsafe { CStr::from_ptr(name) };
    let text = name.to_string_lossy();
    if !text.starts_with("/dev/net/") || text == "/dev/net/userland_server" || text.contains("..") {
        return B_BAD_VALUE;
    }
    if let Err(failed) = File::exists(name) {
        return failed;
    }
    let buffer = match Module::get(NET_BUFFER_MODULE_NAME) {
        Ok(module) => module,
        Err(failed) => return failed,
    };
    let mut abi = kernel::new_device(name, IFT_ETHER, IFF_BROADCAST | IFF_LINK);
    (abi.mtu, abi.header_length) = (ETHER_MAX_FRAME_SIZE - ETHER_HEADER_LENGTH, ETHER_HEADER_LENGTH);
    abi.media = IFM_ACTIVE | IFM_ETHER;
    let device = Box::into_raw(Box::new(Ethernet {
        abi,
        node: AtomicI32::new(-1),
        frame_bytes: AtomicUsize::new(0),
        takes_packets: AtomicBool::new(false),
        _buffer: buffer,
    }));
    // SAFETY: the stack's place.
    unsafe { place.write(device.cast()) };
    B_OK
}

unsafe extern "C" fn uninit_device(device: *mut net_device) -> status_t {
    // SAFETY: the device is one of ours, of which the stack lets go.
    drop(unsafe { Box::from_raw(device.cast::<Ethernet>()) });
    B_OK
}

unsafe extern "C" fn up(device: *mut net_device) -> status_t {
    // SAFETY: the device is one of ours.
    let this = unsafe { Ethernet::at(device) };
    match this.open() {
        Ok(()) => {
            links::watch(this);
            B_OK
        }
        Err(failed) => failed,
    }
}

unsafe extern "C" fn down(device: *mut net_device) {
    // SAFETY: the device is one of ours.
    let this = unsafe { Ethernet::at(device) };
    links::close(this);
}

unsafe extern "C" fn control(device: *mut net_device, op: i32, argument: *mut c_void, length: usize) -> status_t {
    // SAFETY: the device is one of ours.
    let file = unsafe { Ethernet::at(device) }.file();
    // SAFETY: the argument is the caller's for the driver.
    match unsafe { file.ioctl_raw(op.cast_unsigned(), argument, length) } {
        Ok(()) => B_OK,
        Err(failed) => failed,
    }
}

/// Writes a frame, whose bytes must lie together for that. The frame is ours if it was written.
unsafe extern "C" fn send_data(device: *mut net_device, raw: *mut net_buffer) -> status_t {
    // SAFETY: the device is one of ours.
    let this = unsafe { Ethernet::at(device) };
    // SAFETY: the packet is lent, until it is sent.
    let Some(buffer) = (unsafe { Borrowed::new(raw) }) else { return B_BAD_VALUE };
    if !(ETHER_HEADER_LENGTH..=this.frame_bytes()).contains(&buffer.len()) {
        return B_BAD_VALUE;
    }
    if this.takes_packets.load(Ordering::Relaxed) {
        // SAFETY: the driver takes packets, which become its own if it succeeds.
        return match unsafe { this.file().ioctl_raw(ETHER_SEND_NET_BUFFER, raw.cast(), size_of::<net_buffer>()) } {
            Ok(()) => B_OK,
            Err(failed) => failed,
        };
    }
    let copy = if buffer.iovecs().nth(1).is_some() { Some(buffer.duplicate()) } else { None };
    let whole = match &copy {
        None => buffer.iovecs().next(),
        Some(None) => return ENOBUFS,
        Some(Some(copy)) if copy.iovecs().nth(1).is_some() => return B_NOT_SUPPORTED,
        Some(Some(copy)) => copy.iovecs().next(),
    };
    let Some(whole) = whole else { return B_BAD_VALUE };
    // SAFETY: the bytes are the packet's or its copy's.
    match unsafe { this.file().write(whole) } {
        Ok(()) => {
            drop(copy);
            // SAFETY: the packet is ours now.
            drop(unsafe { Buffer::from_raw(raw) });
            B_OK
        }
        Err(failed) => failed,
    }
}

/// Reads a frame. Bytes that a driver does not write are not part of it.
unsafe extern "C" fn receive_data(device: *mut net_device, place: *mut *mut net_buffer) -> status_t {
    // SAFETY: the device is one of ours.
    let this = unsafe { Ethernet::at(device) };
    let file = this.file();
    if file.number() < 0 {
        return B_FILE_ERROR;
    }
    if this.takes_packets.load(Ordering::Relaxed) {
        // SAFETY: the driver makes a packet and writes where it is.
        return match unsafe { file.ioctl_raw(ETHER_RECEIVE_NET_BUFFER, place.cast(), size_of::<*mut net_buffer>()) } {
            Ok(()) => B_OK,
            Err(failed) => failed,
        };
    }
    match read_frame(&file, this.frame_bytes()) {
        Ok(buffer) => {
            // SAFETY: the stack's place.
            unsafe { place.write(buffer.into_raw()) };
            B_OK
        }
        Err(failed) => failed,
    }
}

fn read_frame(file: &File, frame_bytes: usize) -> Result<Buffer, status_t> {
    let mut buffer = Buffer::new(HEADER_SPACE).ok_or(ENOBUFS)?;
    let at = buffer.append_space(frame_bytes)?.ok_or(B_NOT_SUPPORTED)?;
    // SAFETY: the packet has that many bytes there.
    let bytes = unsafe { file.read(at, frame_bytes) }?;
    buffer.trim(bytes)?;
    Ok(buffer)
}

unsafe extern "C" fn set_mtu(device: *mut net_device, mtu: usize) -> status_t {
    // SAFETY: the device is one of ours.
    let this = unsafe { Ethernet::at(device) };
    if mtu > this.frame_bytes().wrapping_sub(ETHER_HEADER_LENGTH) || mtu <= ETHER_HEADER_LENGTH + 10 {
        return B_BAD_VALUE;
    }
    this.cells().set_mtu(mtu);
    B_OK
}

unsafe extern "C" fn set_promiscuous(device: *mut net_device, on: bool) -> status_t {
    let mut value = i32::from(on).to_ne_bytes();
    // SAFETY: the device is one of ours.
    match unsafe { Ethernet::at(device) }.file().ioctl(ETHER_SETPROMISC, &mut value) {
        Ok(()) => B_OK,
        Err(_) => B_NOT_SUPPORTED,
    }
}

unsafe extern "C" fn set_media(_device: *mut net_device, _media: u32) -> status_t {
    B_NOT_SUPPORTED
}

unsafe extern "C" fn add_multicast(device: *mut net_device, group: *const sockaddr) -> status_t {
    // SAFETY: as the hook's.
    unsafe { change_multicast(device, ETHER_ADDMULTI, group) }
}

unsafe extern "C" fn remove_multicast(device: *mut net_device, group: *const sockaddr) -> status_t {
    // SAFETY: as the hook's.
    unsafe { change_multicast(device, ETHER_REMMULTI, group) }
}

/// # Safety
/// `device` is one of ours, `group` a socket address.
unsafe fn change_multicast(device: *mut net_device, op: u32, group: *const sockaddr) -> status_t {
    // SAFETY: the caller's.
    let group = unsafe { crate::stack::sockaddr::read(group) };
    let Some(group) = group.filter(|group| group.family() == AF_LINK && u32::from(group.link_type()) == IFT_ETHER)
    else {
        return B_BAD_VALUE;
    };
    // SAFETY: the caller's.
    match unsafe { Ethernet::at(device) }.file().ioctl(op, &mut group.mac()) {
        Ok(()) => B_OK,
        Err(failed) => failed,
    }
}
