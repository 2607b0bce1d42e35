//! Which way leads from a family to devices of a type: by the names of modules, the first registration of a pair for ever.

use super::{arp, ndp};
use crate::stack::lock::Mutex;
use haiku_abi::*;
use std::ffi::{CStr, c_char};

/// A way that the stack has built in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Arp,
    Ndp,
    Ethernet,
    Plain,
}

/// What was registered for a family and a type: a way, or modules that are not there.
struct Chain {
    family: i32,
    kind: u32,
    way: Option<Way>,
}

static CHAINS: Mutex<Vec<Chain>> = Mutex::new(c"net chains", Vec::new());

/// The chains that are there from the start.
const BUILT_IN: [(i32, u32, Way); 6] = [
    (AF_LINK, IFT_ETHER, Way::Ethernet),
    (AF_INET, IFT_LOOP, Way::Plain),
    (AF_INET, IFT_TUNNEL, Way::Plain),
    (AF_INET6, IFT_LOOP, Way::Plain),
    (AF_INET, IFT_ETHER, Way::Arp),
    (AF_INET6, IFT_ETHER, Way::Ndp),
];

/// Modules by whose names a chain of somebody else's may have a way of ours.
const NAMES: [(&[&str], Way); 4] = [
    (&["network/datalink_protocols/arp/v1", "network/datalink_protocols/ethernet_frame/v1"], Way::Arp),
    (&["network/datalink_protocols/ipv6_datagram/v1", "network/datalink_protocols/ethernet_frame/v1"], Way::Ndp),
    (&["network/datalink_protocols/ethernet_frame/v1"], Way::Ethernet),
    (&["network/datalink_protocols/loopback_frame/v1"], Way::Plain),
];

pub(crate) fn init() {
    CHAINS.init();
    let built_in = BUILT_IN.iter().map(|&(family, kind, way)| Chain { family, kind, way: Some(way) });
    *CHAINS.lock() = built_in.collect();
    arp::init();
    ndp::init();
}

pub(crate) fn uninit() {
    arp::uninit();
    ndp::uninit();
    CHAINS.lock().clear();
    CHAINS.destroy();
}

/// The way from that family to devices of that type.
pub(super) fn way(family: i32, kind: u32) -> Result<Way, status_t> {
    let chains = CHAINS.lock();
    let chain = chains.iter().find(|chain| (chain.family, chain.kind) == (family, kind));
    chain.and_then(|chain| chain.way).ok_or(EAFNOSUPPORT)
}

/// Registers a chain: names of modules, ended by null. Variadic in C.
///
/// # Safety
/// The names are strings.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn register_domain_datalink_protocols(_family: i32, _type: i32) -> status_t {
    // The arguments after the two named ones begin in the registers and go on where the caller put them: what is in
    // the registers is put before those, so that all lie in a row.
    core::arch::naked_asm!(
        "pop rax",
        "push r9",
        "push r8",
        "push rcx",
        "push rdx",
        "mov rdx, rsp",
        "push rax",
        "sub rsp, 8",
        "call {register}",
        "add rsp, 8",
        "pop rdx",
        "add rsp, 32",
        "push rdx",
        "ret",
        register = sym register,
    )
}

/// # Safety
/// `names` is the first of pointers to strings, ended by null.
unsafe extern "C" fn register(family: i32, kind: i32, names: *const *const c_char) -> status_t {
    let mut modules = Vec::new();
    for at in 0..=MAX_MODULES {
        // SAFETY: the caller's: none before was null.
        let name = unsafe { names.wrapping_add(at).read() };
        if name.is_null() {
            break;
        }
        if at == MAX_MODULES {
            return B_NO_MEMORY;
        }
        // SAFETY: the caller's.
        modules.push(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned());
    }
    let kind = kind.cast_unsigned();
    let mut chains = CHAINS.lock();
    if !chains.iter().any(|chain| (chain.family, chain.kind) == (family, kind)) {
        let way = NAMES.iter().find(|(names, _)| names.iter().copied().eq(modules.iter().map(String::as_str)));
        chains.push(Chain { family, kind, way: way.map(|&(_, way)| way) });
    }
    B_OK
}

/// How many modules a chain has at most.
const MAX_MODULES: usize = 5;
