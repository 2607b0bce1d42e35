//! Trestle over packet sockets on veth against the kernel's bridge and Open vSwitch in user space.

use bench::measure::Measure::{Ping, Rate, Tcp};
use bench::subject::Subject::{KernelBridge, OpenVswitch, OpenVswitchTso, TrestleNetdev, TrestleNetdevPriority};
use bench::suite::Suite;
use bench::{Bound, Target};
use std::process::ExitCode;

fn main() -> ExitCode {
    NETDEV.main()
}

const NETDEV: Suite = Suite {
    name: "netdev",
    subjects: &[KernelBridge, OpenVswitch, OpenVswitchTso, TrestleNetdev, TrestleNetdevPriority],
    targets: &[
        Target { subject: TrestleNetdev, measure: Tcp, bound: Bound::TimesPeer(0.6, KernelBridge) },
        Target { subject: TrestleNetdev, measure: Rate, bound: Bound::AtLeast(0.65) },
        Target { subject: TrestleNetdev, measure: Rate, bound: Bound::TimesPeer(2.0, OpenVswitch) },
        Target { subject: TrestleNetdev, measure: Ping, bound: Bound::AtMost(50.0) },
    ],
};
