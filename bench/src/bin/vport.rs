//! Trestle's virtual ports against the kernel's bridge, Open vSwitch in user space, and the plainest loop on TAPs.

use bench::measure::Measure::{Idle, Ping, Rate, RateBothWays, Tcp};
use bench::subject::Subject::{KernelBridge, OpenVswitchTso, TapLoop, TrestleVport, TrestleVportPriority};
use bench::suite::Suite;
use bench::{Bound, Target};
use std::process::ExitCode;

fn main() -> ExitCode {
    VPORT.main()
}

const VPORT: Suite = Suite {
    name: "vport",
    subjects: &[KernelBridge, OpenVswitchTso, TapLoop, TrestleVport, TrestleVportPriority],
    targets: &[
        Target::new(TrestleVport, Tcp, Bound::TimesPeer(0.75, KernelBridge)),
        Target::new(TrestleVport, Tcp, Bound::TimesPeer(3.0, OpenVswitchTso)),
        Target::new(TrestleVport, Rate, Bound::TimesPeer(1.3, TapLoop)),
        Target::new(TrestleVport, RateBothWays, Bound::AtLeast(0.35)),
        Target::new(TrestleVportPriority, RateBothWays, Bound::AtLeast(0.6)),
        Target::new(TrestleVport, Ping, Bound::AtMost(45.0)),
        Target::new(TrestleVport, Idle, Bound::AtMost(0.0)),
    ],
};
