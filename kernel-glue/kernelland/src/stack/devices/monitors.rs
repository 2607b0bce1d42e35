//! Who sees every packet of a device. They are called under its monitor lock, in the order in which they registered.

use super::Device;
use crate::stack::buffer::Buffer;
use haiku_abi::*;
use std::sync::atomic::Ordering;

/// A monitor of whoever: it lives while it is registered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Monitor(*mut net_device_monitor);

// SAFETY: a monitor is for the threads of the stack, by whoever registered it.
unsafe impl Send for Monitor {}

impl Monitor {
    pub(crate) fn new(raw: *mut net_device_monitor) -> Self {
        Self(raw)
    }

    /// Whether both hooks are there.
    pub(super) fn is_complete(self) -> bool {
        let hooks = self.hooks();
        hooks.receive.is_some() && hooks.event.is_some()
    }

    fn hooks(self) -> net_device_monitor {
        // SAFETY: the monitor lives while it is registered, or whoever registers it lends it.
        unsafe { self.0.read() }
    }

    fn receive(self, raw: *mut net_buffer) {
        if let Some(hook) = self.hooks().receive {
            // SAFETY: the hook is the monitor's, the packet is lent to it.
            unsafe { hook(self.0, raw) };
        }
    }

    fn event(self, event: i32) {
        if let Some(hook) = self.hooks().event {
            // SAFETY: the hook is the monitor's.
            unsafe { hook(self.0, event) };
        }
    }
}

impl Device {
    /// Shows a packet to all monitors, which may change it.
    pub(crate) fn show_monitors(&self, buffer: &mut Buffer) {
        if self.monitored.load(Ordering::Acquire) == 0 {
            return;
        }
        self.each_monitor(|monitor| monitor.receive(buffer.as_raw()));
    }

    /// Tells all monitors.
    pub(super) fn notify_monitors(&self, event: i32) {
        self.each_monitor(|monitor| monitor.event(event));
    }

    /// Calls for every monitor, under the lock. One that is called may unregister itself.
    fn each_monitor(&self, mut act: impl FnMut(Monitor)) {
        let monitors = self.monitors.lock();
        let mut at = 0;
        loop {
            let monitor = monitors.borrow().get(at).copied();
            let Some(monitor) = monitor else { break };
            act(monitor);
            at += usize::from(monitors.borrow().get(at) == Some(&monitor));
        }
    }

    pub(super) fn register_monitor(&self, monitor: Monitor) {
        let monitors = self.monitors.lock();
        monitors.borrow_mut().push(monitor);
        self.monitored.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes a monitor out, after a call of it that is under way.
    pub(crate) fn unregister_monitor(&self, monitor: Monitor) -> status_t {
        let monitors = self.monitors.lock();
        let mut list = monitors.borrow_mut();
        let Some(at) = list.iter().position(|&registered| registered == monitor) else { return B_BAD_VALUE };
        list.remove(at);
        self.monitored.fetch_sub(1, Ordering::AcqRel);
        B_OK
    }

    /// Forgets all monitors, which have been told that the device goes.
    pub(super) fn forget_monitors(&self) {
        self.monitors.lock().borrow_mut().clear();
    }
}
