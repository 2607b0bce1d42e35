//! Sockets: UDP, raw ones, and those that speak of and to devices.

mod capture;
mod io;
mod options;
mod queue;
pub(crate) mod raw;
mod table;
pub(crate) mod udp;

pub(crate) use table::MODULE;

use crate::stack::family::Family;
use crate::stack::kernel;
use crate::stack::lock::Mutex;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::{domain, ipv4, ipv6};
use crate::symbols;
use capture::Capture;
use haiku_abi::*;
use queue::Queue;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex as HostMutex, MutexGuard, PoisonError};

/// A socket, as whoever opened it knows it by its address.
pub(crate) struct Socket {
    domain: &'static domain::Domain,
    kind: Kind,
    protocol: u8,
    state: HostMutex<State>,
    error: AtomicI32,
    queue: Queue,
    pool: Mutex<Pool>,
}

/// What a socket is for.
enum Kind {
    Udp,
    Raw,
    Link(Capture),
}

/// Those who wait for a socket in `select`.
struct Pool(*mut select_sync_pool);

// SAFETY: the kernel's object is reached under the socket's lock.
unsafe impl Send for Pool {}

/// What is set of a socket. A leaf: nothing is called while it is locked.
struct State {
    /// Empty until the socket is bound.
    local: Sockaddr,
    peer: Sockaddr,
    is_connected: bool,
    /// UDP: packets are taken for it.
    is_active: bool,
    no_receive: bool,
    no_send: bool,
    /// `SO_*` that are set.
    options: i32,
    linger: i32,
    device: u32,
    send: Side,
    receive: Side,
    inet: ipv4::Options,
    inet6: ipv6::Options,
    /// Groups that were joined: by address and interface.
    groups: Vec<(std::net::IpAddr, u32)>,
}

/// One direction.
#[derive(Clone, Copy)]
struct Side {
    bytes: u32,
    low_water: u32,
    timeout: bigtime_t,
}

impl Socket {
    /// Opens a socket of a kind that there is.
    fn open(family: i32, kind: i32, protocol: i32) -> Result<Arc<Self>, status_t> {
        let domain = domain::by_family(family).ok_or(EAFNOSUPPORT)?;
        let (kind, protocol, name) = match (domain.family(), kind, protocol) {
            (Family::Inet | Family::Inet6, SOCK_DGRAM, 0 | 17) => (Kind::Udp, ipv4::UDP, c"udp endpoint"),
            (Family::Inet, SOCK_RAW, protocol) => (Kind::Raw, protocol as u8, c"ipv4 raw socket"),
            (Family::Inet6, SOCK_RAW, protocol) => (Kind::Raw, protocol as u8, c"ipv6 raw socket"),
            (Family::Link, SOCK_DGRAM, 0) => (Kind::Link(Capture::default()), 0, c"packet capture"),
            (_, _, 0) => return Err(EPROTOTYPE),
            _ => return Err(EPROTONOSUPPORT),
        };
        domain.acquire()?;
        if matches!(kind, Kind::Raw) && domain.family() == Family::Inet && !kernel::is_root() {
            return Err(B_NOT_ALLOWED);
        }
        let side = Side { bytes: 65_535, low_water: 1, timeout: B_INFINITE_TIMEOUT };
        let broadcast = ipv4::Broadcast::MayNot;
        let state = State {
            local: Sockaddr::EMPTY,
            peer: Sockaddr::EMPTY,
            is_connected: false,
            is_active: false,
            no_receive: false,
            no_send: false,
            options: 0,
            linger: 0,
            device: 0,
            send: side,
            receive: side,
            inet: ipv4::Options { broadcast, ..ipv4::Options::default() },
            inet6: ipv6::Options::default(),
            groups: Vec::new(),
        };
        let this = Arc::new(Self {
            domain,
            kind,
            protocol,
            state: HostMutex::new(state),
            error: AtomicI32::new(B_OK),
            queue: Queue::new(name)?,
            pool: Mutex::new(c"socket", Pool(null_mut())),
        });
        this.queue.init();
        this.pool.init();
        match &this.kind {
            Kind::Udp => udp::add(&this),
            Kind::Raw => raw::add(&this),
            Kind::Link(_) => {}
        }
        Ok(this)
    }

    /// Wakes whoever waits for the socket.
    fn close(self: &Arc<Self>) -> status_t {
        match &self.kind {
            Kind::Udp => {
                self.error.store(EBADF, Ordering::Release);
                self.queue.wake_all();
            }
            Kind::Raw => raw::remove(self),
            Kind::Link(_) => {}
        }
        B_OK
    }

    /// Ends the socket, at which nobody is any more.
    fn free(self: &Arc<Self>) {
        match &self.kind {
            Kind::Udp => udp::remove(self),
            Kind::Raw => raw::remove(self),
            Kind::Link(capture) => capture.end(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn family(&self) -> Family {
        self.domain.family()
    }

    /// The error that was noted, which is so no more.
    fn take_error(&self) -> status_t {
        self.error.swap(B_OK, Ordering::AcqRel)
    }

    /// Tells those who wait in `select`. `value` is how many bytes there are, or an error.
    fn notify(&self, event: u8, value: i32) {
        if event == B_SELECT_ERROR {
            self.error.store(value, Ordering::Release);
        }
        let pool = self.pool.lock();
        if pool.0.is_null() {
            return;
        }
        // SAFETY: the pool is the socket's, which is locked.
        let tell = |event: u8| unsafe { symbols::notify_select_event_pool(pool.0, event) };
        tell(event);
        if event == B_SELECT_READ && value < 0 {
            tell(B_SELECT_DISCONNECTED);
        }
        if event == B_SELECT_ERROR {
            tell(B_SELECT_READ);
            tell(B_SELECT_WRITE);
        }
    }

    /// Adds somebody who waits, and tells them at once if they need not.
    fn select(&self, event: u8, sync: *mut selectsync) -> status_t {
        let mut pool = self.pool.lock();
        // SAFETY: the pool is the socket's, which is locked; the caller gives the sync.
        let added = unsafe { symbols::add_select_sync_pool_entry(&mut pool.0, sync, event) };
        drop(pool);
        if added != B_OK {
            return added;
        }
        let (readable, state) = (self.available(), self.state());
        let ready = match event {
            B_SELECT_READ => readable < 0 || readable >= state.receive.low_water as isize,
            B_SELECT_WRITE => self.send_room(&state) >= state.send.low_water as isize || self.send_room(&state) < 0,
            B_SELECT_ERROR => self.error.load(Ordering::Acquire) != B_OK,
            B_SELECT_DISCONNECTED => readable < 0,
            _ => false,
        };
        drop(state);
        if ready {
            // SAFETY: the caller keeps the sync meanwhile.
            unsafe { symbols::notify_select_event(sync, event) };
        }
        B_OK
    }

    fn deselect(&self, event: u8, sync: *mut selectsync) -> status_t {
        let mut pool = self.pool.lock();
        // SAFETY: the pool is the socket's, which is locked.
        unsafe { symbols::remove_select_sync_pool_entry(&mut pool.0, sync, event) }
    }

    /// Bytes that wait to be read, or why there will be none.
    fn available(&self) -> isize {
        if self.state().no_receive {
            return ESHUTDOWN as isize;
        }
        if let Kind::Link(capture) = &self.kind
            && !capture.is_in_use()
        {
            return B_DEVICE_NOT_FOUND as isize;
        }
        match self.error.load(Ordering::Acquire) {
            B_OK => self.queue.bytes() as isize,
            failed => failed as isize,
        }
    }

    fn send_room(&self, state: &State) -> isize {
        match &self.kind {
            Kind::Udp if state.no_send => EPIPE as isize,
            Kind::Udp => state.send.bytes as isize,
            Kind::Link(capture) if capture.is_bound() => state.send.bytes as isize,
            Kind::Raw | Kind::Link(_) => B_ERROR as isize,
        }
    }
}
