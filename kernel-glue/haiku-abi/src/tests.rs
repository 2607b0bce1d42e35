//! What is written by hand, against what a compiler said of Haiku's headers.

extern crate std;

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::vec::Vec;

const ABI: &str = include_str!("../abi.csv");
const CONSTANTS: &str = include_str!("../constants.csv");

/// Types of the list that Trestle does not meet.
const UNUSED: [&str; 20] = [
    "addr_t",
    "arp_control",
    "bigtime_t",
    "bool",
    "cpu_status",
    "dev_t",
    "ether_header",
    "in_addr_t",
    "ino_t",
    "off_t",
    "physical_entry",
    "rw_spinlock",
    "sem_id",
    "size_t",
    "spinlock",
    "status_t",
    "struct",
    "thread_id",
    "timer",
    "net_stack_module_info[r1beta5]",
];

/// Members that have another name here: those of a union go by the union's, those of KDEBUG by the others'.
fn renamed(name: &str, member: &str) -> (String, String) {
    let member = match (name, member) {
        ("ifreq", member) if member.starts_with("ifr_") && member != "ifr_name" => "argument",
        ("net_buffer", "fragment" | "sequence" | "offset" | "type") => "index",
        ("ifaliasreq", "ifra_broadaddr") => "ifra_destination",
        ("ifconf", "ifc_req" | "ifc_value") => "ifc_buf",
        ("net_device" | "net_interface", "type") => "r#type",
        ("mutex[KDEBUG=1]", "holder") => "count",
        ("recursive_lock[KDEBUG=1]", "_unused") => "holder",
        (_, member) => member,
    };
    (name.trim_end_matches("[KDEBUG=1]").to_string(), member.to_string())
}

fn laid_out() -> BTreeMap<(String, String), usize> {
    let all = [
        crate::address::LAYOUT,
        crate::buffer::LAYOUT,
        crate::datalink::LAYOUT,
        crate::device::LAYOUT,
        crate::interface::LAYOUT,
        crate::lock::LAYOUT,
        crate::module::LAYOUT,
        crate::node::LAYOUT,
        crate::stack::LAYOUT,
    ];
    let entries = all.into_iter().flatten();
    entries.map(|&(name, member, offset)| ((name.to_string(), member.to_string()), offset)).collect()
}

#[test]
fn every_size_and_offset_is_the_headers() {
    let ours = laid_out();
    let mut compared = BTreeSet::new();
    for line in ABI.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, member, offset, size] = fields[..] else { panic!("{line}") };
        if UNUSED.contains(&name) {
            continue;
        }
        let key = renamed(name, member);
        let want = if member == "__sizeof__" || member == "__alignof__" { size } else { offset };
        assert_eq!(ours.get(&key), Some(&want.parse().unwrap()), "{line}");
        compared.insert(key);
    }
    let unlisted =
        |(name, member): &&(String, String)| name.starts_with("ConditionVariable") && member == "__alignof__";
    let left: Vec<_> = ours.keys().filter(|key| !compared.contains(*key) && !unlisted(key)).collect();
    assert!(left.is_empty(), "not in the list: {left:?}");
}

#[test]
fn every_constant_is_the_headers() {
    let all = [crate::error::ALL, crate::kernel_constants::ALL, crate::net_constants::ALL, crate::request::ALL];
    let mut ours: BTreeMap<&str, i64> = all.into_iter().flatten().copied().collect();
    for line in CONSTANTS.lines().skip(1) {
        let (name, value) = line.split_once(',').unwrap();
        assert_eq!(ours.remove(name), Some(value.parse().unwrap()), "{name}");
    }
    assert!(ours.is_empty(), "not in the list: {ours:?}");
}
