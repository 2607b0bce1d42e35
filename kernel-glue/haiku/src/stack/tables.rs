//! The tables of the stack's modules, with those functions that are called.

use core::ffi::c_void;
use haiku_abi::{
    net_buffer, net_buffer_module_info, net_datalink_module_info, net_device, net_device_monitor, net_domain,
    net_interface, net_interface_address, net_route, net_stack_module_info, status_t,
};

/// Takes functions out of a module's table once, so that none is looked at again whether it is there.
macro_rules! table {
    ($(#[$doc:meta])* $name:ident of $info:ident { $(fn $hook:ident $arguments:tt $(-> $result:ty)?;)* }) => {
        $(#[$doc])*
        pub(crate) struct $name {
            $(pub(crate) $hook: unsafe extern "C" fn $arguments $(-> $result)?,)*
        }

        impl $name {
            /// Reads the table; `None` if a function is missing.
            ///
            /// # Safety
            /// `info` is such a table.
            pub(super) unsafe fn of(info: *const $info) -> Option<Self> {
                Some(Self {
                    $(
                        $hook: {
                            // SAFETY: the caller's condition.
                            unsafe { (*info).$hook }?
                        },
                    )*
                })
            }
        }
    };
}

table! {
    /// `network/stack/v1`.
    Network of net_stack_module_info {
        fn get_domain(i32) -> *mut net_domain;
        fn register_device_monitor(*mut net_device, *mut net_device_monitor) -> status_t;
        fn unregister_device_monitor(*mut net_device, *mut net_device_monitor) -> status_t;
        fn device_link_changed(*mut net_device) -> status_t;
        fn device_enqueue_buffer(*mut net_device, *mut net_buffer) -> status_t;
        fn is_syscall() -> bool;
    }
}

table! {
    /// `network/stack/buffer/v1`.
    Buffers of net_buffer_module_info {
        fn create(usize) -> *mut net_buffer;
        fn free(*mut net_buffer);
        fn clone(*mut net_buffer, bool) -> *mut net_buffer;
        fn prepend(*mut net_buffer, *const c_void, usize) -> status_t;
        fn append_size(*mut net_buffer, usize, *mut *mut c_void) -> status_t;
        fn remove_header(*mut net_buffer, usize) -> status_t;
        fn trim(*mut net_buffer, usize) -> status_t;
        fn direct_access(*mut net_buffer, u32, usize, *mut *mut c_void) -> status_t;
        fn read(*mut net_buffer, usize, *mut c_void, usize) -> status_t;
        fn write(*mut net_buffer, usize, *const c_void, usize) -> status_t;
    }
}

table! {
    /// `network/stack/datalink/v1`.
    Datalink of net_datalink_module_info {
        fn control(*mut net_domain, i32, *mut c_void, *mut usize) -> status_t;
        fn get_interface(*mut net_domain, u32) -> *mut net_interface;
        fn put_interface(*mut net_interface);
        fn get_next_interface_address(*mut net_interface, *mut *mut net_interface_address) -> bool;
        fn put_interface_address(*mut net_interface_address);
        fn add_route(*mut net_domain, *const net_route) -> status_t;
        fn remove_route(*mut net_domain, *const net_route) -> status_t;
    }
}
