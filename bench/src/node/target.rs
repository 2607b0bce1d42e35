//! What the devices must reach.

use super::measure::Measure;
use super::side::{Face, Kind, Side};
use crate::{Bound, Target};

pub(super) const TARGETS: [Target<Measure, Side>; 18] = [
    Target::new(TAP_EXEC, Measure::Read, Bound::TimesPeer(0.8, TAP_KERNEL)),
    Target::new(TAP_EXEC, Measure::Write, Bound::TimesPeer(0.8, TAP_KERNEL)),
    Target::new(TAP_EXEC, Measure::Echo, Bound::TimesPeer(0.8, TAP_KERNEL)),
    Target::new(TUN_EXEC, Measure::Read, Bound::TimesPeer(0.8, TUN_KERNEL)),
    Target::new(TUN_EXEC, Measure::Write, Bound::TimesPeer(0.8, TUN_KERNEL)),
    Target::new(TUN_EXEC, Measure::Echo, Bound::TimesPeer(0.8, TUN_KERNEL)),
    Target::new(TAP_NODE, Measure::Read, Bound::AtLeast(60.0)),
    Target::new(TAP_NODE, Measure::PollRead, Bound::AtLeast(12.0)),
    Target::new(TAP_EXEC, Measure::ToReader, Bound::AtMost(30.0)),
    Target::new(TAP_EXEC, Measure::ToPoller, Bound::AtMost(30.0)),
    Target::new(TAP_EXEC, Measure::FromProgram, Bound::AtMost(30.0)),
    Target::new(TAP_NODE, Measure::ToReader, Bound::AtMost(60.0)),
    Target::new(TAP_NODE, Measure::ToPoller, Bound::AtMost(60.0)),
    Target::new(TAP_NODE, Measure::FromProgram, Bound::AtMost(60.0)),
    Target::new(TAP_EXEC, Measure::Idle, Bound::AtMost(0.0)),
    Target::new(TAP_NODE, Measure::Idle, Bound::AtMost(0.0)),
    Target::new(Side::Queue, Measure::QueueOffer, Bound::AtLeast(10.0)),
    Target::new(Side::Queue, Measure::QueueWrite, Bound::AtLeast(10.0)),
];

const TAP_EXEC: Side = Side::Device(Kind::Tap, Face::Exec);
const TUN_EXEC: Side = Side::Device(Kind::Tun, Face::Exec);
const TAP_NODE: Side = Side::Device(Kind::Tap, Face::Node);
const TAP_KERNEL: Side = Side::Device(Kind::Tap, Face::Kernel);
const TUN_KERNEL: Side = Side::Device(Kind::Tun, Face::Kernel);
