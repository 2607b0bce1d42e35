//! Arguments of requests: structures and addresses of the caller's, who may be a program.

use crate::stack::kernel::copy;
use crate::stack::sockaddr::Sockaddr;
use haiku_abi::*;
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

/// A place that a request points to. What is there is only ever copied, with the errors that copying has.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    at: *mut u8,
    /// The length that came with it; zero if none did.
    length: usize,
}

impl Place {
    pub(crate) fn new(at: *mut c_void, length: usize) -> Self {
        Self { at: at.cast(), length }
    }

    pub(crate) fn length(self) -> usize {
        self.length
    }

    pub(crate) fn raw(self) -> *mut c_void {
        self.at.cast()
    }

    /// The place that many bytes further on, with what is left of the length.
    pub(crate) fn after(self, bytes: usize) -> Self {
        Self { at: self.at.wrapping_add(bytes), length: self.length.saturating_sub(bytes) }
    }

    /// Copies a plain structure in.
    pub(crate) fn read<T: Plain>(self) -> Result<T, status_t> {
        self.read_some(size_of::<T>())
    }

    /// Copies the first bytes of a plain structure in; the rest is zero.
    pub(crate) fn read_some<T: Plain>(self, bytes: usize) -> Result<T, status_t> {
        let mut value = MaybeUninit::<T>::zeroed();
        // SAFETY: `value` has that many bytes; what the caller's place has is the kernel's copy to find out.
        match unsafe { copy(value.as_mut_ptr().cast(), self.at, bytes.min(size_of::<T>())) } {
            // SAFETY: plain structures are valid with any bytes.
            B_OK => Ok(unsafe { value.assume_init() }),
            _ => Err(B_BAD_ADDRESS),
        }
    }

    /// Copies a plain structure out.
    pub(crate) fn write<T: Plain>(self, value: &T) -> status_t {
        // SAFETY: `value` may be read; the other as above.
        unsafe { copy(self.at, std::ptr::from_ref(value).cast(), size_of::<T>()) }
    }

    pub(crate) fn write_bytes(self, bytes: &[u8]) -> status_t {
        // SAFETY: the slice may be read; the other as above.
        unsafe { copy(self.at, bytes.as_ptr(), bytes.len()) }
    }

    /// Copies a socket address out, or that there is none.
    pub(crate) fn write_address(self, address: Option<&Sockaddr>, max_bytes: usize) -> status_t {
        let none = Sockaddr::unspecified();
        let address = address.unwrap_or(&none);
        let bytes = usize::from(address.len()).min(max_bytes);
        self.write_bytes(address.bytes().get(..bytes).unwrap_or(address.bytes()))
    }

    /// Copies a socket address in that is at least as long as the short form.
    pub(crate) fn read_address(self) -> Result<Sockaddr, status_t> {
        let short = self.read_some::<Sockaddr>(size_of::<sockaddr>())?;
        match usize::from(short.len()) {
            bytes if bytes > size_of::<Sockaddr>() => Err(B_BAD_VALUE),
            bytes if bytes > size_of::<sockaddr>() => self.read_some(bytes),
            _ => Ok(short),
        }
    }
}

/// A status as a result that carries nothing else.
pub(crate) fn done(status: status_t) -> Result<(), status_t> {
    if status == B_OK { Ok(()) } else { Err(status) }
}

/// A structure that is valid with any bytes.
///
/// # Safety
/// Every bit pattern, padding aside, is a value.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: bytes.
unsafe impl Plain for Sockaddr {}
// SAFETY: numbers.
unsafe impl Plain for i32 {}
// SAFETY: numbers.
unsafe impl Plain for u32 {}
// SAFETY: numbers, and a union of numbers and raw pointers.
unsafe impl Plain for ifreq {}
// SAFETY: numbers and bytes.
unsafe impl Plain for ifaliasreq {}
// SAFETY: numbers and raw pointers.
unsafe impl Plain for route_entry {}
// SAFETY: a number and a raw pointer.
unsafe impl Plain for ifconf {}
// SAFETY: numbers.
unsafe impl Plain for ifreq_stats {}

/// A list that is written into a caller's buffer until it is full.
pub(crate) struct Writer {
    place: Place,
    written: usize,
}

impl Writer {
    pub(crate) fn new(at: *mut c_void, room: usize) -> Self {
        Self { place: Place::new(at, room), written: 0 }
    }

    /// Adds bytes; says where they went.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<*mut u8, status_t> {
        let place = self.place.after(self.written);
        if place.length < bytes.len() {
            return Err(ENOBUFS);
        }
        match place.write_bytes(bytes) {
            B_OK => {
                self.written += bytes.len();
                Ok(place.at)
            }
            failed => Err(failed),
        }
    }

    pub(crate) fn push_address(&mut self, address: &Sockaddr) -> Result<*mut u8, status_t> {
        self.push(address.bytes().get(..usize::from(address.len())).unwrap_or_default())
    }

    /// Adds an entry of a list of interfaces: a name and an address, as long as a whole request at least.
    pub(crate) fn push_entry(&mut self, name: &[c_char; IF_NAMESIZE], address: &Sockaddr) -> Result<(), status_t> {
        self.push(&name.map(|byte| byte.cast_unsigned()))?;
        self.push_address(address)?;
        self.pad(IF_NAMESIZE + usize::from(address.len()), size_of::<ifreq>())
    }

    /// Adds zeros until the entry has that many bytes, of which `has` are there.
    fn pad(&mut self, has: usize, to: usize) -> Result<(), status_t> {
        let zeros = [0_u8; size_of::<ifreq>()];
        let missing = to.saturating_sub(has);
        self.push(zeros.get(..missing).unwrap_or_default()).map(drop)
    }

    pub(crate) fn written(&self) -> usize {
        self.written
    }
}
