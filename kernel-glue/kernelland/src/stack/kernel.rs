//! What the stack takes of the kernel, by the same functions as an add-on: no lock, thread, semaphore or node of the
//! stack is known to the kernel in any other way than those of Haiku's stack would be.

use crate::symbols;
use haiku_abi::*;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

/// Objects of one size, from the kernel's slab.
pub(crate) struct Cache {
    name: &'static CStr,
    bytes: usize,
    cache: AtomicPtr<c_void>,
}

impl Cache {
    /// A cache that [`Self::create`] makes.
    pub(crate) const fn new(name: &'static CStr, bytes: usize) -> Self {
        Self { name, bytes, cache: AtomicPtr::new(null_mut()) }
    }

    pub(crate) fn create(&self) -> status_t {
        // SAFETY: the name is a string that lives for ever.
        let cache = unsafe { symbols::create_object_cache(self.name.as_ptr(), self.bytes, 0) };
        self.cache.store(cache.cast(), Ordering::Release);
        if cache.is_null() { B_NO_MEMORY } else { B_OK }
    }

    /// Ends the cache, to which every object has come back.
    pub(crate) fn delete(&self) {
        let cache = self.cache.swap(null_mut(), Ordering::AcqRel);
        // SAFETY: the cache is one of `create`, and nobody finds it any more.
        unsafe { symbols::delete_object_cache(cache.cast()) };
    }

    pub(crate) fn alloc(&self) -> Option<NonNull<c_void>> {
        // SAFETY: the cache lives while its module is in use.
        NonNull::new(unsafe { symbols::object_cache_alloc(self.cache.load(Ordering::Acquire).cast(), 0) })
    }

    pub(crate) fn free(&self, object: NonNull<c_void>) {
        // SAFETY: as above; the object is of this cache, and whoever frees it had it alone.
        unsafe { symbols::object_cache_free(self.cache.load(Ordering::Acquire).cast(), object.as_ptr(), 0) };
    }
}

/// Copies between kernel and program, or within either; a fault becomes an error.
///
/// # Safety
/// What of the two is memory of this program is valid for the copy.
pub(crate) unsafe fn copy(to: *mut u8, from: *const u8, bytes: usize) -> status_t {
    // SAFETY: the caller's.
    unsafe { symbols::user_memcpy(to.cast(), from.cast(), bytes) }
}

/// A semaphore, deleted when dropped.
pub(crate) struct Semaphore(sem_id);

impl Semaphore {
    pub(crate) fn new(name: &CStr) -> Result<Self, status_t> {
        // SAFETY: the name is a string; the kernel copies it.
        match unsafe { symbols::create_sem(0, name.as_ptr()) } {
            failed @ ..0 => Err(failed),
            id => Ok(Self(id)),
        }
    }

    /// Waits until it is released, or as long as `timeout` says by `flags`.
    pub(crate) fn acquire(&self, flags: u32, timeout: bigtime_t) -> status_t {
        // SAFETY: takes plain values.
        unsafe { symbols::acquire_sem_etc(self.0, 1, flags, timeout) }
    }

    pub(crate) fn release(&self, count: i32, flags: u32) {
        // SAFETY: as above.
        unsafe { symbols::release_sem_etc(self.0, count, flags) };
    }

    pub(crate) fn id(&self) -> sem_id {
        self.0
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { symbols::delete_sem(self.0) };
    }
}

/// Starts a kernel thread. What it does is dropped by the thread, or here if there is none.
pub(crate) fn spawn(
    name: &str,
    priority: i32,
    body: impl FnOnce() -> status_t + Send + 'static,
) -> Result<thread_id, status_t> {
    type Body = Box<dyn FnOnce() -> status_t + Send>;
    unsafe extern "C" fn run(body: *mut c_void) -> status_t {
        // SAFETY: the pointer is that of the box which `spawn` made for this thread.
        let body = unsafe { Box::from_raw(body.cast::<Body>()) };
        body()
    }
    let name = c_string(name);
    let body = Box::into_raw(Box::<Body>::new(Box::new(body)));
    // SAFETY: the name is a string that the kernel copies; `run` takes the box.
    let thread = unsafe { symbols::spawn_kernel_thread(Some(run), name.as_ptr(), priority, body.cast()) };
    if thread < 0 {
        // SAFETY: no thread has the box.
        drop(unsafe { Box::from_raw(body) });
        return Err(thread);
    }
    Ok(thread)
}

/// Lets a thread run that was just made.
pub(crate) fn resume(thread: thread_id) {
    // SAFETY: takes a plain value.
    unsafe { symbols::resume_thread(thread) };
}

/// Waits until a thread has ended. Its own number is refused at once.
pub(crate) fn join(thread: thread_id) -> status_t {
    // SAFETY: the status is wanted by nobody.
    unsafe { symbols::wait_for_thread(thread, null_mut()) }
}

/// Microseconds since boot.
pub(crate) fn now() -> bigtime_t {
    // SAFETY: has no conditions.
    unsafe { symbols::system_time() }
}

pub(crate) fn snooze(microseconds: bigtime_t) {
    // SAFETY: takes a plain value.
    unsafe { symbols::snooze(microseconds) };
}

pub(crate) fn is_root() -> bool {
    // SAFETY: has no conditions.
    unsafe { symbols::geteuid() == 0 }
}

/// Writes a line to the system's log.
pub(crate) fn log(line: &str) {
    crate::syslog::line(line);
}

/// Stops the kernel: what happened must not happen.
pub(crate) fn panic(what: &str) {
    crate::fault::fail(what);
}

/// Whether the kernel checks what kernels built with KDEBUG check.
pub(crate) fn checks() -> bool {
    crate::lock::flavour() == crate::lock::Flavour::Kdebug
}

/// A reference to a module by its name, put when dropped.
pub(crate) struct Module {
    name: std::ffi::CString,
    info: NonNull<module_info>,
}

// SAFETY: a module may be used by any thread while a reference to it lives.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

impl Module {
    pub(crate) fn get(name: &CStr) -> Result<Self, status_t> {
        let mut info = null_mut();
        // SAFETY: the name is a string, the place is ours.
        match unsafe { symbols::get_module(name.as_ptr(), &mut info) } {
            B_OK => Ok(Self { name: name.to_owned(), info: NonNull::new(info).ok_or(B_ERROR)? }),
            failed => Err(failed),
        }
    }

    /// The module's header, at the front of its table.
    pub(crate) fn info(&self) -> NonNull<module_info> {
        self.info
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the name is a string, of which this holds a reference.
        unsafe { symbols::put_module(self.name.as_ptr()) };
    }
}

/// Calls for each module below a directory, by name, until one returns something.
pub(crate) fn each_module<T>(directory: &CStr, mut act: impl FnMut(&CStr) -> Option<T>) -> Option<T> {
    // SAFETY: the directory is a string.
    let list = unsafe { symbols::open_module_list(directory.as_ptr()) };
    if list.is_null() {
        return None;
    }
    let mut found = None;
    while found.is_none() {
        let mut name = [0_u8; B_FILE_NAME_LENGTH];
        let mut length = name.len();
        // SAFETY: the list is open, the name has the room that `length` says.
        if unsafe { symbols::read_next_module_name(list, name.as_mut_ptr().cast(), &mut length) } != B_OK {
            break;
        }
        found = CStr::from_bytes_until_nul(&name).ok().and_then(&mut act);
    }
    // SAFETY: the list is open, and not used after.
    unsafe { symbols::close_module_list(list) };
    found
}

/// A module's hook as the header's type has it: variadic, with one argument that is ever passed.
pub(crate) const fn variadic(
    hook: unsafe extern "C" fn(i32) -> status_t,
) -> unsafe extern "C" fn(i32, ...) -> status_t {
    // SAFETY: on x86_64 a function with one integer argument is called alike by both types.
    unsafe {
        std::mem::transmute::<unsafe extern "C" fn(i32) -> status_t, unsafe extern "C" fn(i32, ...) -> status_t>(hook)
    }
}

/// The hook of modules that make nothing when they come into use.
pub(crate) unsafe extern "C" fn nothing_to_make(op: i32) -> status_t {
    if matches!(op, B_MODULE_INIT | B_MODULE_UNINIT) { B_OK } else { B_ERROR }
}

/// A string for C, cut off at a NUL in it.
pub(crate) fn c_string(text: &str) -> std::ffi::CString {
    std::ffi::CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

/// The name in a field of a request, without what follows its NUL.
pub(crate) fn name_of(field: &[c_char; IF_NAMESIZE]) -> String {
    let bytes: Vec<u8> = field.iter().map(|&byte| byte.cast_unsigned()).take_while(|&byte| byte != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A field of a request with that name in it, cut off where it does not fit.
pub(crate) fn name_field(name: &str) -> [c_char; IF_NAMESIZE] {
    let mut field = [0; IF_NAMESIZE];
    for (place, byte) in field.iter_mut().take(IF_NAMESIZE - 1).zip(name.bytes()) {
        *place = byte.cast_signed();
    }
    field
}

/// The running thread's record: modules find it through `%gs:0`.
fn thread_record() -> *const u8 {
    // A thread that the kernel has not seen yet gets its record by this.
    // SAFETY: asks for the caller's own number.
    unsafe { symbols::find_thread(std::ptr::null()) };
    let record: *const u8;
    // SAFETY: the first word at the segment's base is the record's address.
    unsafe {
        std::arch::asm!("mov {}, gs:[0]", out(reg) record, options(nostack, readonly, preserves_flags));
    }
    record
}

fn thread_flags() -> u32 {
    let flags = thread_record().wrapping_add(THREAD_FLAGS).cast_mut().cast();
    // SAFETY: the record has the member there, and changes it atomically.
    unsafe { std::sync::atomic::AtomicU32::from_ptr(flags) }.load(Ordering::Relaxed)
}

fn restart_parameter() -> *const std::sync::atomic::AtomicI64 {
    thread_record().wrapping_add(THREAD_RESTART).cast()
}

/// Whether a program's system call is under way.
pub(crate) fn is_syscall() -> bool {
    thread_flags() & FLAG_SYSCALL != 0
}

/// Whether that call was interrupted before and is made again.
pub(crate) fn is_restarted_syscall() -> bool {
    thread_flags() & FLAG_RESTARTED == FLAG_RESTARTED
}

/// Keeps when the call ends, for the case that it is made again.
pub(crate) fn store_restart_timeout(timeout: bigtime_t) {
    if is_syscall() {
        // SAFETY: the record has the member there, for its own thread.
        unsafe { &*restart_parameter() }.store(timeout, Ordering::Relaxed);
    }
}

pub(crate) fn restart_timeout() -> bigtime_t {
    // SAFETY: as above.
    unsafe { &*restart_parameter() }.load(Ordering::Relaxed)
}

/// Where a thread's record has its flags, and what a call may keep that is made again.
const THREAD_FLAGS: usize = 0x38;
const THREAD_RESTART: usize = 0x100;
const FLAG_SYSCALL: u32 = 0x800;
const FLAG_RESTARTED: u32 = 0xc00;

/// A descriptor of the kernel's.
pub(crate) struct File(i32);

impl File {
    /// The descriptor of that number, which somebody else opened and closes.
    pub(crate) fn at(number: i32) -> Self {
        Self(number)
    }

    pub(crate) fn number(&self) -> i32 {
        self.0
    }

    /// Opens a node for reading and writing. It is not closed by itself.
    pub(crate) fn open(path: &CStr) -> Result<Self, status_t> {
        // SAFETY: the path is a string.
        match unsafe { symbols::open(path.as_ptr(), O_RDWR) } {
            ..0 => Err(errno()),
            number => Ok(Self(number)),
        }
    }

    /// Whether a node is there.
    pub(crate) fn exists(path: &CStr) -> Result<(), status_t> {
        // SAFETY: the path is a string.
        if unsafe { symbols::access(path.as_ptr(), 0) } == 0 { Ok(()) } else { Err(errno()) }
    }

    pub(crate) fn close(&self) {
        // SAFETY: takes a plain value.
        unsafe { symbols::close(self.0) };
    }

    /// # Safety
    /// `to` is the address of that many bytes that may be written.
    pub(crate) unsafe fn read(&self, to: *mut u8, bytes: usize) -> Result<usize, status_t> {
        // SAFETY: the caller's.
        usize::try_from(unsafe { symbols::read(self.0, to.cast(), bytes) }).map_err(|_| errno())
    }

    /// # Safety
    /// The bytes may be read.
    pub(crate) unsafe fn write(&self, from: iovec) -> Result<(), status_t> {
        // SAFETY: the caller's.
        if unsafe { symbols::write(self.0, from.iov_base, from.iov_len) } < 0 { Err(errno()) } else { Ok(()) }
    }

    /// A request with an argument of bytes.
    pub(crate) fn ioctl(&self, op: u32, argument: &mut [u8]) -> Result<(), status_t> {
        // SAFETY: the argument may be read and written.
        unsafe { self.ioctl_raw(op, argument.as_mut_ptr().cast(), argument.len()) }
    }

    /// # Safety
    /// The argument is what the driver expects for that request, or a program's address.
    pub(crate) unsafe fn ioctl_raw(&self, op: u32, argument: *mut c_void, bytes: usize) -> Result<(), status_t> {
        // SAFETY: the caller's.
        if unsafe { symbols::__ioctl(self.0, op.into(), argument, bytes) } < 0 { Err(errno()) } else { Ok(()) }
    }
}

/// Why the last call of a file function failed.
fn errno() -> status_t {
    // SAFETY: has no conditions.
    let place = unsafe { symbols::_errnop() };
    // SAFETY: the place is the thread's own.
    unsafe { place.read() }
}

/// A device of that name and type, with the rest zero.
pub(crate) fn new_device(name: &CStr, kind: u32, flags: u32) -> net_device {
    let name_field = name_field(&name.to_string_lossy());
    net_device {
        module: null_mut(),
        name: name_field,
        index: 0,
        flags,
        r#type: kind,
        mtu: 0,
        media: 0,
        link_speed: 0,
        link_quality: 0,
        header_length: 0,
        address: net_hardware_address { data: [0; 64], length: 0 },
        stats: ifreq_stats::default(),
    }
}

/// A device's name.
pub(crate) fn device_name(device: *const net_device) -> String {
    // SAFETY: the callers' devices live, and their names do not change.
    name_of(unsafe { &(*device).name })
}
