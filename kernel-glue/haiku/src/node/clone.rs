//! Nodes that make a device for whoever opens them: `tap/clone` and `tun/clone`.

use super::{books, hooks};
use crate::kernel::Once;
use crate::kernel::log::log;
use crate::kernel::{Lock, Status, devfs};
use crate::stack::{Interface, InterfaceName};
use crate::unit::{self, Application, UnitName};
use crate::waiter::Descriptor;
use crate::{housekeeper, stack};
use alloc::sync::Arc;
use core::ffi::CStr;
use core::fmt::Write;
use haiku_abi::IFF_UP;
use tap::ioctl::Lifetime;
use tap::{DeviceName, HandleId, Kind, Standing};

/// Names are chosen by one clone node at a time. An operator may choose the same: the unit is then whose claim is first.
///
/// It is held while the stack makes the interface. Nobody asks for it who holds a lock of the stack's or of ours.
static CHOOSING: Once<Lock<()>> = Once::new();
/// Both nodes are published once, with the first device, and stay.
static PUBLISHED: Once<()> = Once::new();

/// Publishes both nodes, unless they are.
pub(super) fn publish() {
    // Where that fails, the next device tries again.
    let _ = PUBLISHED.try_call_once(|| {
        [TAP, TUN].into_iter().try_for_each(|path| match devfs::publish(path, &hooks::HOOKS) {
            // The one of the two that was published before.
            Err(Status::EEXIST) | Ok(()) => Ok(()),
            Err(status) => {
                log!("no clone nodes: {:#x}", status.code());
                Err(())
            }
        })
    });
}

/// Returns what the node of a path makes, if it is one of these.
pub(super) fn kind_of(path: &str) -> Option<Kind> {
    [(TAP, Kind::Tap), (TUN, Kind::Tun)]
        .into_iter()
        .find_map(|(node, kind)| (node.to_str() == Ok(path)).then_some(kind))
}

/// Makes a device with its interface, which is up, and opens it. It goes with the descriptor.
///
/// Called by a program's open, with no lock held.
///
/// # Errors
/// The program is not root's, or there is no room for another device.
pub(super) fn open(kind: Kind) -> Result<(HandleId, Arc<Descriptor>), Status> {
    let who = books::caller();
    if who.standing != Standing::Administrator {
        return Err(Status::B_PERMISSION_DENIED);
    }
    housekeeper::start()?;
    stack::open()?;
    let (name, interface) = create(kind)?;
    let opened = begin(name, &interface);
    if opened.is_err()
        && let Some(unit) = unit::find(name.into())
    {
        unit.application().into_iter().for_each(Application::doom);
    }
    opened
}

fn create(kind: Kind) -> Result<(DeviceName, InterfaceName), Status> {
    let _one_at_a_time = CHOOSING.call_once(|| Lock::new(c"trestle clones", ())).lock();
    for unit in 0..=DeviceName::MAX_UNIT {
        let name = DeviceName { kind, unit };
        if unit::find(UnitName::from(name)).is_none()
            && let Some(interface) = make(name)?
        {
            return Ok((name, interface));
        }
    }
    Err(Status::ENOSPC)
}

/// Makes the interface of a device; `None` if an operator has taken the name meanwhile.
fn make(name: DeviceName) -> Result<Option<InterfaceName>, Status> {
    let mut text = heapless::String::<12>::new();
    write!(text, "{name}").map_err(|_| Status::B_BAD_VALUE)?;
    let interface = InterfaceName::new(&text).ok_or(Status::B_BAD_VALUE)?;
    if let Err(status) = Interface::create(&interface) {
        // It may be there by its other spelling.
        return if unit::find(UnitName::from(name)).is_some() { Ok(None) } else { Err(status) };
    }
    let made = unit::find(UnitName::from(name)).ok_or(Status::B_DEVICE_NOT_FOUND)?;
    Ok(made.claim().then_some(interface))
}

fn begin(name: DeviceName, interface: &InterfaceName) -> Result<(HandleId, Arc<Descriptor>), Status> {
    books::change(name, |settings| settings.lifetime = Lifetime::Transient)?;
    Interface::set_flags(interface, Interface::flags(interface)? | IFF_UP)?;
    books::open(name)
}

const TAP: &CStr = c"tap/clone";
const TUN: &CStr = c"tun/clone";
