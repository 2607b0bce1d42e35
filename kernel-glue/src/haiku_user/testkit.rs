//! A stack that exists only in memory, with one driver, for tests of programs.

use super::{Asked, Blocking, Calls, Descriptor, Ready, Status, get, put};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem::offset_of;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use haiku_abi as abi;
use haiku_abi::admin::{EXCHANGE_V1, Exchange, ifdrv};
use spin::Mutex;

/// Keeps what ioctls about interfaces do in Haiku's stack; its nodes cannot be opened.
#[derive(Clone)]
pub struct FakeStack(Arc<Inner>);

struct Inner {
    /// Those of other drivers.
    others: Vec<String>,
    interfaces: Mutex<Vec<String>>,
    /// Those that somebody brings up, or holds on to after they were removed, and how often they are looked for until that
    /// is over.
    busy: Mutex<BTreeMap<String, usize>>,
    nodes: Mutex<BTreeSet<String>>,
    refuses_lists: AtomicBool,
    driver: Mutex<Driver>,
}

/// A driver in the kernel.
pub struct Driver {
    /// Returns whether it makes a device of that name.
    pub makes: fn(&str) -> bool,
    /// Answers a request to one of its devices.
    pub answers: Box<Answers>,
}

/// How a driver answers a request to one of its devices, and what it does to the stack's interfaces by it.
pub type Answers = dyn FnMut(&FakeStack, &str, Asked, &[u8]) -> Result<Vec<u8>, Status> + Send;

impl FakeStack {
    /// Makes a stack with interfaces that belong to other drivers.
    pub fn new(others: &[&str], driver: Driver) -> Self {
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        Self(Arc::new(Inner {
            interfaces: Mutex::new(others.clone()),
            others,
            busy: Mutex::default(),
            nodes: Mutex::default(),
            refuses_lists: AtomicBool::new(false),
            driver: Mutex::new(driver),
        }))
    }

    /// Lists its interfaces.
    pub fn interfaces(&self) -> Vec<String> {
        self.0.interfaces.lock().clone()
    }

    /// Lets somebody else make an interface.
    pub fn add(&self, interface: &str) {
        self.0.interfaces.lock().push(interface.to_string());
    }

    /// Removes an interface, if it is there.
    pub fn remove(&self, interface: &str) {
        self.0.interfaces.lock().retain(|there| there != interface);
    }

    /// Lets an interface be brought up, or one that was removed be held on to, until it was looked for so often.
    pub fn keep_busy(&self, interface: &str, looks: usize) {
        self.0.busy.lock().insert(interface.to_string(), looks);
    }

    /// Lists no interfaces any more.
    pub fn refuse_lists(&self) {
        self.0.refuses_lists.store(true, Ordering::Relaxed);
    }

    /// Publishes a node.
    pub fn add_node(&self, path: &str) {
        self.0.nodes.lock().insert(path.to_string());
    }

    fn has(&self, interface: &str) -> Result<(), Status> {
        if let Some(looks @ 1..) = self.0.busy.lock().get_mut(interface) {
            *looks = looks.saturating_sub(1);
            return Err(Status(abi::B_BAD_VALUE));
        }
        if self.lists(interface) { Ok(()) } else { Err(Status(abi::B_BAD_VALUE)) }
    }

    fn lists(&self, interface: &str) -> bool {
        self.0.interfaces.lock().iter().any(|there| there == interface)
    }

    fn alias(&self, name: &str) -> Result<(), Status> {
        // To an interface that is there, the request adds an empty address.
        let busy = self.0.busy.lock().get(name).is_some_and(|&looks| looks > 0);
        if self.has(name).is_err() {
            if self.lists(name) {
                return Err(Status::NAME_IN_USE);
            }
            if busy {
                return Err(Status::ERROR);
            }
            if !(self.0.driver.lock().makes)(name) {
                return Err(Status::NO_DEVICE);
            }
            self.add(name);
        }
        Ok(())
    }

    fn list(&self, list: &mut [u8]) -> Result<(), Status> {
        if self.0.refuses_lists.load(Ordering::Relaxed) {
            return Err(Status::NO_MEMORY);
        }
        let bytes: Vec<u8> = self.0.interfaces.lock().iter().flat_map(|name| entry(name)).collect();
        if bytes.len() > get(list, offset_of!(abi::ifconf, ifc_len)) as usize {
            return Err(Status::NO_ROOM);
        }
        let buffer = address(list, offset_of!(abi::ifconf, ifc_buf));
        // SAFETY: the caller lends `ifc_len` bytes there over the call, and there are no more.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
        put(list, offset_of!(abi::ifconf, ifc_len), &length(&bytes).to_ne_bytes());
        Ok(())
    }

    fn exchange(&self, asked: Asked, argument: &[u8]) -> Result<(), Status> {
        let name = text(argument);
        self.has(&name)?;
        let is_others = self.0.others.contains(&name) || !(self.0.driver.lock().makes)(&name);
        if is_others || get(argument, offset_of!(ifdrv, ifd_cmd)) as u64 != EXCHANGE_V1 {
            return Err(Status(abi::B_BAD_VALUE));
        }
        let exchange = address(argument, offset_of!(ifdrv, ifd_data));
        // SAFETY: by the command, the caller lends an `Exchange` there over the call.
        let exchange = unsafe { core::slice::from_raw_parts_mut(exchange, size_of::<Exchange>()) };
        let (from, bytes) = (address(exchange, offset_of!(Exchange, request)), offset_of!(Exchange, request_bytes));
        // SAFETY: the caller lends the request over the call.
        let request = unsafe { core::slice::from_raw_parts(from, get(exchange, bytes) as usize) };
        let reply = (self.0.driver.lock().answers)(self, &name, asked, request)?;
        put(exchange, offset_of!(Exchange, reply_bytes), &length(&reply).to_ne_bytes());
        if length(&reply) > get(exchange, offset_of!(Exchange, reply_room)) {
            return Err(Status::NO_ROOM);
        }
        let to = address(exchange, offset_of!(Exchange, reply));
        // SAFETY: the reply is no longer than the room that the caller lends over the call.
        unsafe { core::ptr::copy_nonoverlapping(reply.as_ptr(), to, reply.len()) };
        Ok(())
    }
}

impl Calls for FakeStack {
    type Descriptor = Self;

    fn socket(&self) -> Result<Self, Status> {
        Ok(self.clone())
    }

    fn open(&self, _path: &str, _blocking: Blocking) -> Result<Self, Status> {
        Err(Status(abi::B_ENTRY_NOT_FOUND))
    }

    fn has_node(&self, path: &str) -> bool {
        self.0.nodes.lock().contains(path)
    }
}

impl Descriptor for FakeStack {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn write(&self, _from: &[u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), Status> {
        match request {
            abi::SIOCGIFINDEX => self.has(&text(argument)),
            abi::SIOCAIFADDR => self.alias(&text(argument)),
            abi::SIOCDIFADDR => {
                let name = text(argument);
                self.has(&name)?;
                self.remove(&name);
                Ok(())
            }
            abi::SIOCGIFCOUNT => {
                let count = u32::try_from(self.0.interfaces.lock().len()).unwrap_or(0);
                put(argument, offset_of!(abi::ifconf, ifc_buf), &count.to_ne_bytes());
                Ok(())
            }
            abi::SIOCGIFCONF => self.list(argument),
            abi::SIOCSDRVSPEC => self.exchange(Asked::Change, argument),
            abi::SIOCGDRVSPEC => self.exchange(Asked::Question, argument),
            _ => Err(Status(abi::B_BAD_VALUE)),
        }
    }

    fn poll(&self, _wanted: Ready, _patience: Duration) -> Result<Ready, Status> {
        Ok(Ready::empty())
    }
}

impl fmt::Debug for FakeStack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("FakeStack").field(&self.interfaces()).finish()
    }
}

/// An `ifreq` of an interface without an address.
fn entry(name: &str) -> [u8; size_of::<abi::ifreq>()] {
    let mut entry = [0; size_of::<abi::ifreq>()];
    for (to, &from) in entry.iter_mut().take(abi::IF_NAMESIZE).zip(name.as_bytes()) {
        *to = from;
    }
    if let Some(length) = entry.get_mut(abi::IF_NAMESIZE) {
        *length = 2;
    }
    entry
}

/// Reads the name with which a structure begins.
fn text(structure: &[u8]) -> String {
    let octets = structure.iter().copied().take(abi::IF_NAMESIZE).take_while(|&octet| octet != 0);
    String::from_utf8_lossy(&octets.collect::<Vec<_>>()).to_string()
}

/// Reads an address in a structure.
fn address(structure: &[u8], offset: usize) -> *mut u8 {
    let octets = structure.get(offset..).and_then(<[u8]>::first_chunk);
    core::ptr::with_exposed_provenance_mut(octets.map_or(0, |octets| usize::from_ne_bytes(*octets)))
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
