//! A stack that exists only in memory, with one driver, for tests of programs.

use super::{Argument, Asked, Blocking, Calls, Fd, Ready, Status};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ffi::c_char;
use core::fmt;
use core::time::Duration;
use haiku_abi as abi;
use haiku_abi::admin::{EXCHANGE_V1, Exchange, ifdrv};
use spin::Mutex;

/// Keeps what ioctls about interfaces do in Haiku's stack; it has no nodes.
pub struct FakeStack {
    interfaces: Mutex<Vec<String>>,
    driver: Mutex<Driver>,
}

/// A driver in the kernel.
pub struct Driver {
    /// Returns whether it makes a device of that name.
    pub makes: fn(&str) -> bool,
    /// Answers a request to one of its devices.
    pub answers: Box<Answers>,
}

/// How a driver answers a request to one of its devices.
pub type Answers = dyn FnMut(&str, Asked, &[u8]) -> Result<Vec<u8>, Status> + Send;

impl FakeStack {
    /// Makes a stack with interfaces that belong to other drivers.
    pub fn new(others: &[&str], driver: Driver) -> Self {
        let interfaces = others.iter().map(ToString::to_string).collect();
        Self { interfaces: Mutex::new(interfaces), driver: Mutex::new(driver) }
    }

    /// Lists its interfaces.
    pub fn interfaces(&self) -> Vec<String> {
        self.interfaces.lock().clone()
    }

    /// Lets somebody else make an interface.
    pub fn add(&self, interface: &str) {
        self.interfaces.lock().push(interface.to_string());
    }

    fn has(&self, interface: &str) -> Result<(), Status> {
        let found = self.interfaces.lock().iter().any(|there| there == interface);
        if found { Ok(()) } else { Err(Status(abi::B_BAD_VALUE)) }
    }

    fn alias(&self, name: &str) -> Result<i32, Status> {
        // To an interface that is there, the request adds an empty address.
        if self.has(name).is_err() {
            if !(self.driver.lock().makes)(name) {
                return Err(Status::NO_DEVICE);
            }
            self.add(name);
        }
        Ok(0)
    }

    fn list(&self, list: &mut abi::ifconf) -> Result<i32, Status> {
        let bytes: Vec<u8> = self.interfaces.lock().iter().flat_map(|name| entry(name)).collect();
        let room = usize::try_from(list.ifc_len).unwrap_or(0);
        if bytes.len() > room {
            return Err(Status::NO_ROOM);
        }
        // SAFETY: the caller lends `ifc_len` bytes there over the call, and there are no more.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), list.ifc_buf.cast(), bytes.len()) };
        list.ifc_len = i32::try_from(bytes.len()).unwrap_or(0);
        Ok(0)
    }

    fn exchange(&self, asked: Asked, argument: &mut ifdrv) -> Result<i32, Status> {
        let name = text(&argument.ifd_name);
        self.has(&name)?;
        if !(self.driver.lock().makes)(&name) || argument.ifd_cmd != EXCHANGE_V1 {
            return Err(Status(abi::B_BAD_VALUE));
        }
        // SAFETY: by the command, that is what the caller lends over the call.
        let exchange = unsafe { &mut *argument.ifd_data.cast::<Exchange>() };
        // SAFETY: the caller lends the request over the call.
        let request = unsafe { core::slice::from_raw_parts(exchange.request, exchange.request_bytes as usize) };
        let reply = (self.driver.lock().answers)(&name, asked, request)?;
        exchange.reply_bytes = u32::try_from(reply.len()).unwrap_or(u32::MAX);
        if exchange.reply_bytes > exchange.reply_room {
            return Err(Status::NO_ROOM);
        }
        // SAFETY: the reply is no longer than the room that the caller lends over the call.
        unsafe { core::ptr::copy_nonoverlapping(reply.as_ptr(), exchange.reply, reply.len()) };
        Ok(0)
    }
}

impl Calls for FakeStack {
    fn socket(&self) -> Result<Fd, Status> {
        Ok(Fd(3))
    }

    fn open(&self, _path: &str, _blocking: Blocking) -> Result<Fd, Status> {
        Err(Status(abi::B_ENTRY_NOT_FOUND))
    }

    fn close(&self, _fd: Fd) {}

    fn read(&self, _fd: Fd, _into: &mut [u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn write(&self, _fd: Fd, _from: &[u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn ioctl(&self, _fd: Fd, request: u32, argument: Argument<'_>) -> Result<i32, Status> {
        match request {
            abi::SIOCGIFINDEX | abi::SIOCDIFADDR => {
                // SAFETY: that is what the argument of these requests is, lent by the caller over the call.
                let argument = unsafe { &*argument.address().cast::<abi::ifreq>() };
                let name = text(&argument.ifr_name);
                self.has(&name)?;
                if request == abi::SIOCDIFADDR {
                    self.interfaces.lock().retain(|there| *there != name);
                }
                Ok(0)
            }
            abi::SIOCAIFADDR => {
                // SAFETY: as above.
                let argument = unsafe { &*argument.address().cast::<abi::ifaliasreq>() };
                self.alias(&text(&argument.ifra_name))
            }
            abi::SIOCGIFCOUNT | abi::SIOCGIFCONF => {
                // SAFETY: as above.
                let argument = unsafe { &mut *argument.address().cast::<abi::ifconf>() };
                if request == abi::SIOCGIFCONF {
                    return self.list(argument);
                }
                argument.ifc_buf = core::ptr::without_provenance_mut(self.interfaces.lock().len());
                Ok(0)
            }
            abi::SIOCSDRVSPEC | abi::SIOCGDRVSPEC => {
                let asked = if request == abi::SIOCSDRVSPEC { Asked::Change } else { Asked::Question };
                // SAFETY: as above.
                let argument = unsafe { &mut *argument.address().cast::<ifdrv>() };
                self.exchange(asked, argument)
            }
            _ => Err(Status(abi::B_BAD_VALUE)),
        }
    }

    fn poll(&self, _fd: Fd, _wanted: Ready, _patience: Duration) -> Result<Ready, Status> {
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

fn text(name: &[c_char]) -> String {
    let octets = name.iter().map(|&octet| octet.cast_unsigned()).take_while(|&octet| octet != 0);
    String::from_utf8_lossy(&octets.collect::<Vec<_>>()).to_string()
}
