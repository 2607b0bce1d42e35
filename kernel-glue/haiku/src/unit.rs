//! Our interfaces: one unit for each, from `init_device` to `uninit_device`.

mod application;
mod host;
mod name;
mod record;
mod registry;

pub(crate) use application::{Application, NodeState, Taken};
pub(crate) use host::Host;
pub(crate) use name::{UnitKind, UnitName};
pub(crate) use record::{MEDIA, Record};
pub(crate) use registry::{all, find, insert, is_empty, remove};

use crate::bell::Bell;
use crate::identity;
use crate::kernel::{Status, clock, thread};
use crate::net_buffer::NetBuf;
use crate::node;
use crate::stack::{Interface, InterfaceName};
use alloc::sync::Arc;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;
use frame::{Instant, Mac};
use haiku_abi::net_device;
use tap::{DeviceSettings, Link};

/// One of our interfaces.
///
/// The stack's pointer to its device is a pointer to the unit, and holds a reference from `init_device` on, which
/// `uninit_device` drops. Whoever else holds one finds the unit dead from then on, and its memory whole.
#[repr(C)]
pub(crate) struct Unit {
    /// First, so that its address is the unit's.
    record: Record,
    name: UnitName,
    /// The name as it was asked for: by it the stack knows the interface.
    interface: InterfaceName,
    state: AtomicU8,
    /// The number of the interface for which somebody has taken the unit in charge, an operator by `create` or a program
    /// by a clone node; 0 for nobody. Where somebody's reference outlives an interface, the next one of the name gets its
    /// device, which nobody has claimed then.
    claimed: AtomicU32,
    /// Where the stack's reader waits.
    bell: Arc<Bell>,
    /// Whether the reader looks for a frame just now.
    looking: AtomicBool,
    /// When it was made.
    born: Instant,
    /// When the stack's reader was given its last frame, in microseconds.
    given: AtomicU64,
    role: Role,
}

/// What is behind an interface.
pub(crate) enum Role {
    /// A bridge, as the host sees it.
    Bridge(Host),
    /// An application.
    Application(Application),
}

/// `down` was called, or `up` not yet. It stays until `up`, so that a reader that comes late finds it.
const DOWN: u8 = 1;
/// `uninit_device` was called.
const DEAD: u8 = 2;

/// What follows the Ethernet header at most until somebody says otherwise.
const FIRST_MTU_BYTES: u32 = 1500;

/// FreeBSD's `IF_MINMTU`, up to what fills a frame of 65,535 bytes: as for every platform.
pub(crate) const MTU_BYTES: core::ops::RangeInclusive<usize> = 72..=65_535 - frame::HEADER_BYTES;

impl Unit {
    /// Makes a unit that is down; `interface` is a spelling of `name`.
    ///
    /// # Errors
    /// There are as many semaphores or devices as may be.
    pub(crate) fn new(name: UnitName, interface: InterfaceName, mac: Mac) -> Result<Arc<Self>, Status> {
        let bell = Bell::new(c"trestle reader")?;
        let record = Record::new(&interface, name.kind, mac);
        let role = match name.device() {
            Some(device) => Role::Application(Application::new(device, mac, &bell)?),
            None => Role::Bridge(Host::new(&bell)),
        };
        let (state, claimed) = (AtomicU8::new(DOWN), AtomicU32::new(0));
        let (looking, born, given) = (AtomicBool::new(false), clock::now(), AtomicU64::new(0));
        Ok(Arc::new(Self { record, name, interface, state, claimed, bell, looking, born, given, role }))
    }

    /// Gives the stack its reference.
    pub(crate) fn into_device(self: Arc<Self>) -> *mut net_device {
        Arc::into_raw(self).cast_mut().cast()
    }

    /// Returns the unit of a device of ours.
    ///
    /// # Safety
    /// The device came from [`Self::into_device`], and the stack holds its reference as long as the result is used.
    pub(crate) unsafe fn of<'u>(device: *mut net_device) -> &'u Self {
        // SAFETY: the caller's condition; the device is the first member of the unit, whose pointer it was.
        unsafe { &*device.cast_const().cast::<Self>() }
    }

    /// Takes the stack's reference back.
    ///
    /// # Safety
    /// As for [`Self::of`], and the stack uses the device no more.
    pub(crate) unsafe fn from_device(device: *mut net_device) -> Arc<Self> {
        // SAFETY: the caller's condition.
        unsafe { Arc::from_raw(device.cast_const().cast::<Self>()) }
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> UnitName {
        self.name
    }

    /// Returns the interface's name, which may be another spelling.
    pub(crate) fn interface(&self) -> &InterfaceName {
        &self.interface
    }

    /// Returns what the stack knows of the device.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// Returns what is behind the interface.
    pub(crate) fn role(&self) -> &Role {
        &self.role
    }

    /// Returns the bridge's host port, if it is a bridge.
    pub(crate) fn host(&self) -> Option<&Host> {
        match &self.role {
            Role::Bridge(host) => Some(host),
            Role::Application(_) => None,
        }
    }

    /// Returns the application's side, unless it is a bridge.
    pub(crate) fn application(&self) -> Option<&Application> {
        match &self.role {
            Role::Bridge(_) => None,
            Role::Application(application) => Some(application),
        }
    }

    /// Takes the unit in charge; true for the first who does. What was set for an interface that is gone, is set no more.
    ///
    /// It may wait for whoever brings the interface up or down: called with no lock held that a hook of the stack takes.
    pub(crate) fn claim(&self) -> bool {
        let Some(interface) = self.interface_number() else { return false };
        let before = self.claimed.swap(interface, Ordering::AcqRel);
        if before != 0 && before != interface {
            self.renew();
        }
        before != interface
    }

    /// Takes a claim back.
    pub(crate) fn disclaim(&self) {
        self.claimed.store(0, Ordering::Release);
    }

    /// Returns the number of the interface, unless it is gone. Nobody finds one that is just going up or down: whoever is at
    /// it is waited for.
    #[inline(never)]
    fn interface_number(&self) -> Option<u32> {
        for _ in 0..MOST_WAITS {
            if let Ok(number) = Interface::number(&self.interface) {
                return Some(number);
            }
            if self.is_dead() {
                return None;
            }
            thread::sleep(WAIT);
        }
        None
    }

    #[inline(never)]
    fn renew(&self) {
        let mut name = heapless::String::<12>::new();
        // The longest has eight octets.
        let _ = write!(name, "{}", self.name);
        let mac = identity::mac(&name);
        self.record.set_mac(mac);
        // It is within the bounds.
        let _ = self.set_mtu(FIRST_MTU_BYTES as usize);
        if let Some(name) = self.name.device() {
            // A unit that is going has no device any more.
            let _ = node::books::change(name, |settings| {
                *settings = DeviceSettings { mac, mtu_bytes: settings.mtu_bytes, ..DeviceSettings::default() };
            });
        }
    }

    /// Returns whether the interface is up.
    pub(crate) fn is_up(&self) -> bool {
        self.state.load(Ordering::SeqCst) == 0
    }

    /// Returns whether the interface is gone.
    pub(crate) fn is_dead(&self) -> bool {
        self.state.load(Ordering::Acquire) & DEAD != 0
    }

    /// Sets what follows the Ethernet header at most.
    ///
    /// # Errors
    /// [`Status::B_BAD_VALUE`] outside of what an interface may have.
    pub(crate) fn set_mtu(&self, bytes: usize) -> Result<(), Status> {
        if !MTU_BYTES.contains(&bytes) {
            return Err(Status::B_BAD_VALUE);
        }
        self.record.set_mtu_bytes(bytes);
        if let Role::Application(application) = &self.role {
            application.follow_mtu(bytes as u32);
        }
        Ok(())
    }

    /// Follows the interface. Down, it wakes the reader, who does not come back until it is up.
    pub(crate) fn set_link(&self, link: Link) {
        match link {
            Link::Up => self.state.fetch_and(!DOWN, Ordering::SeqCst),
            Link::Down => self.state.fetch_or(DOWN, Ordering::SeqCst),
        };
        match &self.role {
            Role::Bridge(host) => (0..host.set_link(link)).for_each(|_| self.record.count_receive_drop()),
            Role::Application(application) => application.follow_interface(link),
        }
        self.bell.ring();
    }

    /// Ends the unit: whoever waits at it wakes, and every later call fails. It waits for nobody.
    pub(crate) fn die(&self) {
        self.state.fetch_or(DEAD | DOWN, Ordering::AcqRel);
        match &self.role {
            Role::Bridge(host) => host.die(),
            Role::Application(application) => application.die(),
        }
        self.bell.ring();
    }

    /// Waits for the next frame that the interface is to receive.
    ///
    /// # Errors
    /// The interface is down: the reader is to end.
    pub(crate) fn receive(&self) -> Result<NetBuf, Status> {
        loop {
            match self.look()? {
                Some(frame) => return Ok(frame),
                None => self.bell.wait(),
            }
        }
    }

    fn look(&self) -> Result<Option<NetBuf>, Status> {
        // Set before the state is looked at: whoever takes the interface down sees this, or is seen.
        self.looking.store(true, Ordering::SeqCst);
        let found = if self.is_up() { Ok(self.next_frame()) } else { Err(Status::B_INTERRUPTED) };
        if matches!(found, Ok(Some(_))) {
            self.given.store(clock::now().as_micros(), Ordering::Release);
        }
        self.looking.store(false, Ordering::Release);
        found
    }

    fn next_frame(&self) -> Option<NetBuf> {
        loop {
            let frame = match &self.role {
                Role::Bridge(host) => host.take(),
                Role::Application(application) => application.take_for_stack(),
            }?;
            match frame.into_fresh() {
                Some(fresh) => return Some(fresh),
                // Without memory for a copy that the stack may write to, the frame is lost.
                None => self.record.count_receive_drop(),
            }
        }
    }

    /// Waits until the stack has done with the last frame that it was given, and its consumer has begun; a moment at most.
    ///
    /// Where an interface ends while the stack's consumer is on its way to the next frame, the consumer locks a lock that is
    /// gone. The stack's reader sleeps before it ends only if it comes back to us once more.
    ///
    /// Called by `down`, and before an interface is removed that may not be up.
    pub(crate) fn be_quiet(&self) {
        for _ in 0..MOST_LOOKS {
            if !self.looking.load(Ordering::SeqCst) {
                break;
            }
            thread::sleep(LOOK);
        }
        let given = Instant::from_micros(self.given.load(Ordering::Acquire));
        let quiet = core::cmp::max(given.plus(QUIET), self.born.plus(BEGUN));
        let left = quiet.since(clock::now());
        if !left.is_zero() {
            thread::sleep(left);
        }
    }
}

/// How long somebody may take who brings an interface up or down, in all half a second: ten times the time that the last
/// frame's way through the stack is waited for in `down`. A guess.
pub(crate) const MOST_WAITS: u32 = 500;
pub(crate) const WAIT: Duration = Duration::from_millis(1);
/// How long the stack may take for a frame; a guess, five times what its own reader sleeps after an error.
const QUIET: Duration = Duration::from_millis(50);
/// How long the stack's consumer may take to begin, whose priority is above that of programs; a guess.
const BEGUN: Duration = Duration::from_millis(5);
/// How often it is asked whether the reader looks for a frame, which takes microseconds.
const LOOK: Duration = Duration::from_micros(100);
const MOST_LOOKS: u32 = 100;
