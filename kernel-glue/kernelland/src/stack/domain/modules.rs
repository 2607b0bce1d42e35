//! The modules that make a family known, and nothing else: the stack itself sends and receives.

use super::{Domain, INET, INET6, LINK};
use crate::stack::kernel;
use haiku_abi::*;
use std::ffi::CStr;
use std::sync::atomic::Ordering;

/// Each message is sent by itself (`NET_PROTOCOL_ATOMIC_MESSAGES`).
const ATOMIC_MESSAGES: u32 = 1;

pub(super) const INET_NAME: &CStr = c"network/protocols/ipv4/v1";
pub(super) const INET6_NAME: &CStr = c"network/protocols/ipv6/v1";
pub(super) const LINK_NAME: &CStr = c"network/stack/link/v1";

pub(crate) static INET_MODULE: net_protocol_module_info = module(INET_NAME, inet_ops);
pub(crate) static INET6_MODULE: net_protocol_module_info = module(INET6_NAME, inet6_ops);
pub(crate) static LINK_MODULE: net_protocol_module_info = module(LINK_NAME, link_ops);

unsafe extern "C" fn inet_ops(op: i32) -> status_t {
    std_ops(&INET, op)
}

unsafe extern "C" fn inet6_ops(op: i32) -> status_t {
    std_ops(&INET6, op)
}

unsafe extern "C" fn link_ops(op: i32) -> status_t {
    std_ops(&LINK, op)
}

fn std_ops(domain: &Domain, op: i32) -> status_t {
    match op {
        B_MODULE_INIT if !crate::stack::is_started() => return B_BUSY,
        B_MODULE_INIT => domain.is_known.store(true, Ordering::Release),
        B_MODULE_UNINIT => domain.is_known.store(false, Ordering::Release),
        _ => return B_ERROR,
    }
    B_OK
}

const fn module(name: &'static CStr, std_ops: unsafe extern "C" fn(i32) -> status_t) -> net_protocol_module_info {
    net_protocol_module_info {
        info: module_info { name: name.as_ptr(), flags: 0, std_ops: Some(kernel::variadic(std_ops)) },
        flags: ATOMIC_MESSAGES,
        init_protocol: None,
        uninit_protocol: None,
        open: None,
        close: None,
        free: None,
        connect: None,
        accept: None,
        control: None,
        getsockopt: None,
        setsockopt: None,
        bind: None,
        unbind: None,
        listen: None,
        shutdown: None,
        send_data: None,
        send_routed_data: None,
        send_avail: None,
        read_data: None,
        read_avail: None,
        get_domain: None,
        get_mtu: None,
        receive_data: None,
        deliver_data: None,
        error_received: None,
        error_reply: None,
        add_ancillary_data: None,
        process_ancillary_data: None,
        process_ancillary_data_no_container: None,
        send_data_no_buffer: None,
        read_data_no_buffer: None,
    }
}
