//! Which units there are.

use super::{Unit, UnitName};
use crate::kernel::Once;
use crate::kernel::{Lock, Status};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

type Units = BTreeMap<UnitName, Arc<Unit>>;

static UNITS: Once<Lock<Units>> = Once::new();

/// The lock is a leaf: nothing is called under it, and nothing dropped.
fn units() -> &'static Lock<Units> {
    UNITS.call_once(|| Lock::new(c"trestle units", Units::new()))
}

/// Returns a unit.
pub(crate) fn find(name: UnitName) -> Option<Arc<Unit>> {
    units().lock().get(&name).cloned()
}

/// Returns all units, by name.
pub(crate) fn all() -> Vec<Arc<Unit>> {
    let units = units().lock();
    units.values().cloned().collect()
}

/// Returns whether there is none.
pub(crate) fn is_empty() -> bool {
    UNITS.get().is_none_or(|units| units.lock().is_empty())
}

/// Enters a unit.
///
/// # Errors
/// [`Status::B_BUSY`] where there is one of the name.
pub(crate) fn insert(unit: &Arc<Unit>) -> Result<(), Status> {
    let mut units = units().lock();
    if units.contains_key(&unit.name()) {
        return Err(Status::B_BUSY);
    }
    units.insert(unit.name(), Arc::clone(unit));
    Ok(())
}

/// Removes a unit.
pub(crate) fn remove(unit: &Arc<Unit>) {
    let removed = {
        let mut units = units().lock();
        let is_it = units.get(&unit.name()).is_some_and(|found| Arc::ptr_eq(found, unit));
        if is_it { units.remove(&unit.name()) } else { None }
    };
    // Outside the lock; the caller has another reference.
    drop(removed);
}
