//! The books of descriptors: who has what open, and who may.

use crate::kernel::Once;
use crate::kernel::user::{current_team, effective_user};
use crate::kernel::{Lock, Status};
use crate::net_buffer::NetBuf;
use crate::unit;
use crate::waiter::{Descriptor, Device, Waiter};
use crate::{stack, system};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use frame::Mac;
use tap::ioctl::{Answer, Lifetime, Request};
use tap::{
    ControlError, Credentials, DeviceName, DeviceSettings, Devices, Effect, HandleId, Header, Node, Opening, Standing,
    Transport,
};

type Books = Devices<NetBuf, Waiter>;

static BOOKS: Once<Lock<Books>> = Once::new();
/// The teams that opened descriptors.
static TEAMS: Once<Lock<BTreeMap<HandleId, u32>>> = Once::new();

/// Under the lock nothing is called but what wakes those who wait.
fn books() -> &'static Lock<Books> {
    BOOKS.call_once(|| {
        tap::wait_by(crate::kernel::relax);
        Lock::new(c"trestle descriptors", Books::new())
    })
}

fn teams() -> &'static Lock<BTreeMap<HandleId, u32>> {
    TEAMS.call_once(|| Lock::new(c"trestle teams", BTreeMap::new()))
}

/// Makes the device of a unit.
///
/// # Errors
/// There are as many as may be.
#[inline(never)]
pub(crate) fn create(name: DeviceName, mac: Mac) -> Result<Arc<Device>, Status> {
    let settings = DeviceSettings { mac, ..DeviceSettings::default() };
    books().lock().create(name, settings).map_err(status)
}

/// Ends the device of a unit.
pub(crate) fn destroy(device: &Arc<Device>) {
    let mut books = books().lock();
    if books.device(device.name()).is_some_and(|found| Arc::ptr_eq(found, device)) {
        // It was just there.
        let _ = books.destroy(device.name(), &mut Waiter::wake);
    }
}

/// Returns what is set for a device.
pub(crate) fn settings(name: DeviceName) -> Option<DeviceSettings> {
    books().lock().settings(name).cloned()
}

/// Changes what is set for a device.
///
/// # Errors
/// There is no such device, or the value does not fit it.
#[inline(never)]
pub(crate) fn change(name: DeviceName, change: impl FnOnce(&mut DeviceSettings)) -> Result<(), Status> {
    {
        let mut books = books().lock();
        let mut settings = books.settings(name).cloned().ok_or(Status::B_DEVICE_NOT_FOUND)?;
        change(&mut settings);
        books.set(name, settings).map_err(status)?;
    }
    bring_about();
    Ok(())
}

/// Follows the MTU of a unit.
pub(crate) fn follow_mtu(name: DeviceName, mtu_bytes: u32) {
    // A unit that is going has no device any more.
    let _ = change(name, |settings| settings.mtu_bytes = mtu_bytes);
}

/// Opens a device for the calling program.
///
/// # Errors
/// There is no such device, the program may not, or another has it open.
pub(crate) fn open(name: DeviceName) -> Result<(HandleId, Arc<Descriptor>), Status> {
    let opening = Opening { node: Node::Unit(name), transport: Transport::Socket, meant: None };
    let opened = {
        let mut books = books().lock();
        let id = books
            .open(opening, &caller(), &mut Waiter::wake)
            .map_err(|why| if why == ControlError::NotPermitted { Status::B_PERMISSION_DENIED } else { status(why) })?;
        books.handle(id).map(|descriptor| (id, Arc::clone(descriptor)))
    };
    if let Some((id, _)) = &opened {
        teams().lock().insert(*id, current_team());
    }
    bring_about();
    opened.ok_or(Status::B_ERROR)
}

/// Lists who has a device open: the team that opened it, and what precedes its packets.
pub(crate) fn opens(name: DeviceName) -> Vec<(u32, Header)> {
    let opens: Vec<_> = {
        let books = books().lock();
        books.opens(name).map(|(id, descriptor)| (id, descriptor.header())).collect()
    };
    let teams = teams().lock();
    opens.into_iter().map(|(id, header)| (teams.get(&id).copied().unwrap_or_default(), header)).collect()
}

/// Closes a descriptor. It may be called with locks of the kernel's file systems held.
pub(crate) fn close(id: HandleId) {
    // It is closed once.
    let _ = books().lock().close(id, &mut Waiter::wake);
    teams().lock().remove(&id);
    bring_about();
}

/// Carries out an ioctl.
///
/// # Errors
/// As the ioctl says.
pub(crate) fn control(id: HandleId, request: Request) -> Result<Answer, Status> {
    let answer = books().lock().control(id, request, &caller(), &mut Waiter::wake).map_err(status);
    bring_about();
    answer
}

/// Returns the calling program's standing. The kernel tells add-ons its user, and not its groups.
#[inline(never)]
pub(crate) fn caller() -> Credentials {
    let uid = effective_user();
    let standing = if uid == 0 { Standing::Administrator } else { Standing::User };
    Credentials { uid, gid: NO_GROUP, groups: Box::new([]), standing }
}

/// Brings about what the books ask for, whoever's call it comes from.
fn bring_about() {
    loop {
        let effect = books().lock().poll_effect();
        match effect {
            Some(effect) => carry_out(effect),
            None => return,
        }
        // Bridges go by who has what open, and the state keeps what programs set.
        system::ring();
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn carry_out(effect: Effect) {
    match effect {
        Effect::FirstOpened(name) => with(name, |_, application| {
            application.tun().into_iter().for_each(|tun| tun.arrive(application.device()));
        }),
        Effect::LastClosed(name, lifetime) => with(name, |_, application| {
            application.tun().into_iter().for_each(crate::tun::TunPort::leave);
            if lifetime == Lifetime::Transient {
                application.doom();
            }
        }),
        Effect::Carrier(name, carrier) => with(name, |unit, _| {
            unit.record().set_carrier(carrier);
            stack::link_changed(unit.record().device());
        }),
        Effect::Mac(name, mac) => with(name, |unit, _| unit.record().set_mac(mac)),
        Effect::Mtu(name, mtu_bytes) => with(name, |unit, _| {
            let _ = unit.set_mtu(mtu_bytes as usize);
        }),
        // What else is set stays in the books.
        _ => {}
    }
}

fn with(name: DeviceName, act: impl FnOnce(&unit::Unit, &unit::Application)) {
    if let Some(unit) = unit::find(name.into())
        && let Some(application) = unit.application()
    {
        act(&unit, application);
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn status(why: ControlError) -> Status {
    match why {
        ControlError::NoHandle(_) => Status::EBADF,
        ControlError::NoDevice(_) => Status::B_DEVICE_NOT_FOUND,
        ControlError::DeviceExists(_) | ControlError::Attached => Status::EEXIST,
        ControlError::Detached | ControlError::Dead => Status::ENXIO,
        ControlError::Busy(_) => Status::B_BUSY,
        ControlError::NotPermitted => Status::B_NOT_ALLOWED,
        ControlError::TooManyDevices => Status::ENOSPC,
        ControlError::TooManyHandles => Status::ENFILE,
        ControlError::TooManyQueues(_) => Status::E2BIG,
        // Refused, or of no meaning.
        _ => Status::B_BAD_VALUE,
    }
}

/// No account has this number: `(gid_t)-1`.
const NO_GROUP: u32 = u32::MAX;
