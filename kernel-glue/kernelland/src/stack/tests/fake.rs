//! A device module for tests: devices `fake0` and so on, whose frames a test gives and takes. `fakeppp0` is no Ethernet.

use crate::stack::kernel::{Semaphore, new_device, variadic};
use crate::symbols;
use haiku_abi::*;
use std::collections::{HashMap, VecDeque};
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::AtomicPtr;
use std::sync::{Arc, LazyLock, Mutex};

pub(super) static MODULE: net_device_module_info = net_device_module_info {
    info: module_info { name: c"network/devices/fake/v1".as_ptr(), flags: 0, std_ops: Some(variadic(std_ops)) },
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

/// What a fake device has been asked, and has.
pub(super) struct Fake {
    pub(super) log: Mutex<Vec<String>>,
    pub(super) sent: Mutex<Vec<Vec<u8>>>,
    inbox: Mutex<VecDeque<Result<Vec<u8>, status_t>>>,
    /// Taken away at the end of a test.
    arrived: Mutex<Option<Semaphore>>,
    /// Who holds it keeps the device in `send_data` and `uninit_device`.
    pub(super) gate: Mutex<()>,
    pub(super) device: Mutex<usize>,
    is_up: std::sync::atomic::AtomicBool,
}

#[repr(C)]
struct Device {
    abi: net_device,
    fake: Arc<Fake>,
}

static FAKES: LazyLock<Mutex<HashMap<String, Arc<Fake>>>> = LazyLock::new(Mutex::default);

/// The fake device of that name, which need not be made yet.
pub(super) fn fake(name: &str) -> Arc<Fake> {
    let made = || {
        Arc::new(Fake {
            log: Mutex::default(),
            sent: Mutex::default(),
            inbox: Mutex::default(),
            arrived: Mutex::new(Semaphore::new(c"fake device").ok()),
            gate: Mutex::default(),
            device: Mutex::default(),
            is_up: false.into(),
        })
    };
    FAKES.lock().unwrap().entry(name.to_owned()).or_insert_with(made).clone()
}

/// Gives back what the fake devices hold of the kernel's.
pub(super) fn forget() {
    FAKES.lock().unwrap().drain().for_each(|(_, fake)| drop(fake.arrived.lock().unwrap().take()));
}

/// The address of the device of that name.
pub(super) fn mac(name: &str) -> [u8; 6] {
    [2, 0xfa, 0, 0, 0, name.bytes().last().unwrap()]
}

impl Fake {
    /// Wakes the reader.
    fn ring(&self) {
        self.arrived.lock().unwrap().as_ref().unwrap().release(1, 0);
    }

    fn pass_gate(&self) {
        drop(self.gate.lock().unwrap());
    }

    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    /// Lets the device receive a frame.
    pub(super) fn receive(&self, frame: Vec<u8>) {
        self.inbox.lock().unwrap().push_back(Ok(frame));
        self.ring();
    }

    /// Lets the device's reader get an error.
    pub(super) fn fail(&self, status: status_t) {
        self.inbox.lock().unwrap().push_back(Err(status));
        self.ring();
    }

    pub(super) fn device(&self) -> *mut net_device {
        std::ptr::with_exposed_provenance_mut(*self.device.lock().unwrap())
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn sent(&self) -> Vec<Vec<u8>> {
        self.sent.lock().unwrap().clone()
    }

    pub(super) fn stats(&self) -> ifreq_stats {
        // SAFETY: the device is there while a test asks.
        unsafe { (*self.device()).stats }
    }
}

/// The table of packets, which the module has in use.
fn buffers() -> &'static net_buffer_module_info {
    let table = BUFFERS.load(std::sync::atomic::Ordering::SeqCst);
    // SAFETY: the module is in use while this one is.
    unsafe { &*table }
}

static BUFFERS: AtomicPtr<net_buffer_module_info> = AtomicPtr::new(std::ptr::null_mut());

fn at<'d>(device: *mut net_device) -> &'d Fake {
    // SAFETY: the stack's devices of this module are of this type.
    let device = unsafe { &*device.cast::<Device>() };
    &device.fake
}

unsafe extern "C" fn std_ops(op: i32) -> status_t {
    let name = NET_BUFFER_MODULE_NAME.to_str().unwrap();
    if op == B_MODULE_INIT {
        let table = crate::modules::get(name).unwrap().cast_mut().cast();
        BUFFERS.store(table, std::sync::atomic::Ordering::SeqCst);
    } else {
        crate::modules::put(name).unwrap();
    }
    B_OK
}

unsafe extern "C" fn init_device(name: *const c_char, place: *mut *mut net_device) -> status_t {
    // SAFETY: the stack gives a string.
    let c_name = unsafe { CStr::from_ptr(name) };
    let name = c_name.to_str().unwrap();
    if !name.starts_with("fake") {
        return B_BAD_VALUE;
    }
    let fake = fake(name);
    fake.note("init");
    let mut address = net_hardware_address { data: [0; 64], length: 6 };
    address.data[..6].copy_from_slice(&mac(name));
    let kind = if name.starts_with("fakeppp") { IFT_PPP } else { IFT_ETHER };
    let abi = net_device {
        mtu: 1500,
        media: IFM_ETHER | IFM_ACTIVE,
        link_speed: 1_000_000_000,
        header_length: 14,
        address,
        ..new_device(c_name, kind, IFF_BROADCAST | IFF_LINK)
    };
    let device = Box::into_raw(Box::new(Device { abi, fake: fake.clone() }));
    *fake.device.lock().unwrap() = device.expose_provenance();
    // SAFETY: the stack's place.
    unsafe { place.write(device.cast()) };
    B_OK
}

unsafe extern "C" fn uninit_device(device: *mut net_device) -> status_t {
    at(device).note("uninit");
    at(device).pass_gate();
    // SAFETY: the device was made by `init_device`, and the stack lets go of it.
    drop(unsafe { Box::from_raw(device.cast::<Device>()) });
    B_OK
}

unsafe extern "C" fn up(device: *mut net_device) -> status_t {
    at(device).is_up.store(true, std::sync::atomic::Ordering::SeqCst);
    at(device).note("up");
    B_OK
}

unsafe extern "C" fn down(device: *mut net_device) {
    at(device).is_up.store(false, std::sync::atomic::Ordering::SeqCst);
    at(device).note("down");
    at(device).ring();
}

unsafe extern "C" fn control(device: *mut net_device, op: i32, argument: *mut c_void, length: usize) -> status_t {
    if op == SIOCGIFSTATS.cast_signed() {
        return B_BAD_VALUE;
    }
    at(device).note(format!("control {op} {length}"));
    if op == SIOCGDRVSPEC.cast_signed() && !argument.is_null() {
        // SAFETY: the test gives at least that many bytes.
        return unsafe { symbols::user_memcpy(argument.wrapping_byte_add(32), c"drv".as_ptr().cast(), 4) };
    }
    B_OK
}

unsafe extern "C" fn send_data(device: *mut net_device, raw: *mut net_buffer) -> status_t {
    let table = buffers();
    // SAFETY: the packet is ours now.
    let size = unsafe { (*raw).size } as usize;
    let mut bytes = vec![0; size];
    // SAFETY: the vector has that many bytes.
    assert_eq!(unsafe { table.read.unwrap()(raw, 0, bytes.as_mut_ptr().cast(), size) }, B_OK);
    at(device).sent.lock().unwrap().push(bytes);
    at(device).pass_gate();
    // SAFETY: as above.
    unsafe { table.free.unwrap()(raw) };
    B_OK
}

unsafe extern "C" fn receive_data(device: *mut net_device, place: *mut *mut net_buffer) -> status_t {
    let fake = at(device);
    loop {
        let next = fake.inbox.lock().unwrap().pop_front();
        match next {
            Some(Ok(frame)) => {
                let table = buffers();
                // SAFETY: the module is in use.
                let raw = unsafe { table.create.unwrap()(256) };
                // SAFETY: the frame may be read.
                assert_eq!(unsafe { table.append.unwrap()(raw, frame.as_ptr().cast(), frame.len()) }, B_OK);
                // SAFETY: the stack's place.
                unsafe { place.write(raw) };
                return B_OK;
            }
            Some(Err(failed)) => return failed,
            None if !fake.is_up.load(std::sync::atomic::Ordering::SeqCst) => return B_INTERRUPTED,
            None => {
                let bell = fake.arrived.lock().unwrap().as_ref().unwrap().id();
                // SAFETY: takes plain values.
                unsafe { symbols::acquire_sem_etc(bell, 1, 0, 0) }
            }
        };
    }
}

unsafe extern "C" fn set_mtu(device: *mut net_device, mtu: usize) -> status_t {
    at(device).note(format!("mtu {mtu}"));
    // SAFETY: the device is ours.
    unsafe { (*device).mtu = mtu };
    B_OK
}

unsafe extern "C" fn set_promiscuous(device: *mut net_device, on: bool) -> status_t {
    at(device).note(format!("promiscuous {on}"));
    B_OK
}

unsafe extern "C" fn set_media(_device: *mut net_device, _media: u32) -> status_t {
    B_NOT_SUPPORTED
}

unsafe extern "C" fn add_multicast(device: *mut net_device, _group: *const sockaddr) -> status_t {
    at(device).note("join");
    B_OK
}

unsafe extern "C" fn remove_multicast(device: *mut net_device, _group: *const sockaddr) -> status_t {
    at(device).note("leave");
    B_OK
}
