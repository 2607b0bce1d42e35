//! One of our interfaces, while it is in a picture.

use super::super::datalink::Handle;
use super::super::sockaddr::Far;
use super::is_of;
use super::links::Linked;
use crate::unit::{Unit, UnitKind};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use kernel_glue::admin::Device;

pub(super) struct Own {
    pub(super) unit: Arc<Unit>,
    /// How its device was configured last, if it has one.
    pub(super) device: Option<Box<Device>>,
    /// Set for a tun.
    pub(super) link: Option<Box<Linked>>,
    /// The number by which the stack knows the interface; 0 until it was found.
    index: AtomicU32,
}

impl Own {
    pub(super) fn new(unit: Arc<Unit>) -> Self {
        Self { unit, device: None, link: None, index: AtomicU32::new(0) }
    }

    /// Finds the interface; `None` if it is just going up or down, or is gone.
    pub(super) fn handle(&self) -> Option<Handle> {
        let known = self.index.load(Ordering::Relaxed);
        let known = (known != 0).then(|| Handle::numbered(known).ok()).flatten();
        let handle = match known.filter(|handle| is_of(handle, &self.unit)) {
            Some(handle) => handle,
            None => Handle::named(self.unit.interface()).ok().filter(|handle| is_of(handle, &self.unit))?,
        };
        self.index.store(handle.index(), Ordering::Relaxed);
        Some(handle)
    }
}

/// Returns whom an interface of ours reaches.
pub(super) fn far_of(unit: &Unit) -> Far {
    match unit.name().kind {
        UnitKind::Bridge | UnitKind::Tap => Far::All,
        UnitKind::Tun => Far::One,
    }
}
