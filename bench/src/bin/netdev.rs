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
        Target::new(TrestleNetdev, Tcp, Bound::TimesPeer(0.6, KernelBridge)),
        Target::new(TrestleNetdev, Rate, Bound::AtLeast(0.65)),
        Target::new(TrestleNetdev, Rate, Bound::TimesPeer(2.0, OpenVswitch)),
        Target::new(TrestleNetdev, Ping, Bound::AtMost(50.0)),
    ],
};
