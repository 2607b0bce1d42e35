//! Flag words: a hexadecimal sum and the names of its bits, `143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>`.

use kernel_glue::admin::{BridgeReport, InterfaceFlag, MemberFlag};

/// Returns the flag word of an interface, with FreeBSD's bits.
pub(super) fn interface(flags: &[InterfaceFlag]) -> String {
    word(flags.iter().map(|flag| match flag {
        InterfaceFlag::Up => (0x1, "UP"),
        InterfaceFlag::Broadcast => (0x2, "BROADCAST"),
        InterfaceFlag::Running => (0x40, "RUNNING"),
        InterfaceFlag::Promisc => (0x100, "PROMISC"),
        InterfaceFlag::Simplex => (0x800, "SIMPLEX"),
        InterfaceFlag::Multicast => (0x8000, "MULTICAST"),
        InterfaceFlag::LowerUp => (0x100_0000, "LOWER_UP"),
    }))
}

/// Returns the flag word of a bridge.
pub(super) fn bridge(report: &BridgeReport) -> String {
    let filter = report.vlan_filter.then_some((0x1, "VLANFILTER"));
    let qinq = report.default_qinq.then_some((0x2, "DEFQINQ"));
    word(filter.into_iter().chain(qinq))
}

/// Returns the flag word of a member; that of a span port is [`SPAN`].
///
/// Up to 0x1000 the bits are FreeBSD's, of which 0x200 and 0x400 are the kernel's own and 0x8 is `SPAN`. From 0x2000
/// up they are Trestle's.
pub(super) fn member(flags: &[MemberFlag]) -> String {
    word(flags.iter().map(|flag| match flag {
        MemberFlag::Learn => (0x1, "LEARNING"),
        MemberFlag::Discover => (0x2, "DISCOVER"),
        MemberFlag::Stp => (0x4, "STP"),
        MemberFlag::Sticky => (0x10, "STICKY"),
        MemberFlag::Edge => (0x20, "EDGE"),
        MemberFlag::Autoedge => (0x40, "AUTOEDGE"),
        MemberFlag::Ptp => (0x80, "PTP"),
        MemberFlag::Autoptp => (0x100, "AUTOPTP"),
        MemberFlag::Private => (0x800, "PRIVATE"),
        MemberFlag::Qinq => (0x1000, "QINQ"),
        MemberFlag::Locked => (0x2000, "LOCKED"),
        MemberFlag::HostAddress => (0x4000, "HOSTADDR"),
    }))
}

/// The flag word of a span port.
pub(super) const SPAN: &str = "8<SPAN>";

/// Joins bits, each once and ascending, whatever their order.
fn word(bits: impl Iterator<Item = (u32, &'static str)>) -> String {
    let mut bits: Vec<_> = bits.collect();
    bits.sort_unstable();
    bits.dedup();
    let sum = bits.iter().fold(0, |sum, (bit, _)| sum | bit);
    let names: Vec<_> = bits.iter().map(|&(_, name)| name).collect();
    format!("{sum:x}<{}>", names.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        use MemberFlag::*;
        #[rustfmt::skip]
        let rows: &[(&[MemberFlag], &str)] = &[
            (&[], "0<>"),
            (&[Learn, Discover, Autoedge, Autoptp], "143<LEARNING,DISCOVER,AUTOEDGE,AUTOPTP>"),
            (&[Learn, Discover, Stp, Autoedge, Ptp, Autoptp], "1c7<LEARNING,DISCOVER,STP,AUTOEDGE,PTP,AUTOPTP>"),
            (&[HostAddress, Locked, Qinq, Private, Edge, Sticky, Sticky], "7830<STICKY,EDGE,PRIVATE,QINQ,LOCKED,HOSTADDR>"),
        ];
        for &(flags, want) in rows {
            assert_eq!(member(flags), want);
        }
        use InterfaceFlag::*;
        let all = [Up, Broadcast, Running, Promisc, Simplex, Multicast, LowerUp];
        assert_eq!(interface(&all), "1008943<UP,BROADCAST,RUNNING,PROMISC,SIMPLEX,MULTICAST,LOWER_UP>");
    }
}
