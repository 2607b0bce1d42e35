//! Nodes below `/dev`: how applications reach taps and tuns.

pub(crate) mod books;
mod clone;
mod cookie;
mod hooks;
mod input_output;
mod ioctl;
mod select;

use crate::kernel::{Status, devfs};
use crate::unit::{Application, NodeState, Unit};
use core::ffi::CStr;
use core::fmt::Write;
use tap::DeviceName;

/// Publishes a unit's node, unless it is published or the unit is gone.
///
/// # Errors
/// Somebody else has a node of the name, or there is no memory.
pub(crate) fn publish(unit: &Unit) -> Result<(), Status> {
    let Some(application) = unit.application() else { return Ok(()) };
    if !application.step_node(NodeState::Absent, NodeState::Publishing) {
        return Ok(());
    }
    clone::publish();
    let path = Path::of(application);
    if let Err(status) = devfs::publish(path.as_c_str(), &hooks::HOOKS) {
        application.step_node(NodeState::Publishing, NodeState::Absent);
        return Err(status);
    }
    if !application.step_node(NodeState::Publishing, NodeState::Published) {
        // The unit went meanwhile, and left this to us.
        let _ = devfs::unpublish(path.as_c_str());
    }
    Ok(())
}

/// Takes a unit's node away. Descriptors that are open fail from then on, as their device is dead.
pub(crate) fn withdraw(unit: &Unit) {
    if let Some(application) = unit.application()
        && application.end_node()
    {
        let _ = devfs::unpublish(Path::of(application).as_c_str());
    }
}

/// Where a node is, without `/dev/`.
struct Path(heapless::String<16>);

impl Path {
    fn of(application: &Application) -> Self {
        let DeviceName { kind, unit } = application.device().name();
        let mut path = heapless::String::new();
        // Five digits at most.
        let _ = write!(path, "{}/{unit}\0", kind.word());
        Self(path)
    }

    fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(self.0.as_bytes()).unwrap_or_default()
    }
}
