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
        Target { subject: TrestleVport, measure: Tcp, bound: Bound::TimesPeer(0.75, KernelBridge) },
        Target { subject: TrestleVport, measure: Tcp, bound: Bound::TimesPeer(3.0, OpenVswitchTso) },
        Target { subject: TrestleVport, measure: Rate, bound: Bound::TimesPeer(1.3, TapLoop) },
        Target { subject: TrestleVport, measure: RateBothWays, bound: Bound::AtLeast(0.35) },
        Target { subject: TrestleVportPriority, measure: RateBothWays, bound: Bound::AtLeast(0.6) },
        Target { subject: TrestleVport, measure: Ping, bound: Bound::AtMost(45.0) },
        Target { subject: TrestleVport, measure: Idle, bound: Bound::AtMost(0.0) },
    ],
};
