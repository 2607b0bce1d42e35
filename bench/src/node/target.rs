//! What the devices must reach.

use super::Key;
use super::measure::Measure;
use super::side::{Face, Kind, Side};
use crate::figures::Figures;
use crate::target::Outcome;

/// A bound on a median.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// Of whom.
    pub(super) side: Side,
    /// Of what.
    pub(super) measure: Measure,
    bound: Bound,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    /// At least so many times the kernel's median of the same run.
    TimesKernel(f64),
}

impl Target {
    pub(super) const ALL: [Self; 18] = [
        Self::new(TAP_EXEC, Measure::Read, Bound::TimesKernel(0.8)),
        Self::new(TAP_EXEC, Measure::Write, Bound::TimesKernel(0.8)),
        Self::new(TAP_EXEC, Measure::Echo, Bound::TimesKernel(0.8)),
        Self::new(TUN_EXEC, Measure::Read, Bound::TimesKernel(0.8)),
        Self::new(TUN_EXEC, Measure::Write, Bound::TimesKernel(0.8)),
        Self::new(TUN_EXEC, Measure::Echo, Bound::TimesKernel(0.8)),
        Self::new(TAP_NODE, Measure::Read, Bound::AtLeast(60.0)),
        Self::new(TAP_NODE, Measure::PollRead, Bound::AtLeast(12.0)),
        Self::new(TAP_EXEC, Measure::ToReader, Bound::AtMost(30.0)),
        Self::new(TAP_EXEC, Measure::ToPoller, Bound::AtMost(30.0)),
        Self::new(TAP_EXEC, Measure::FromProgram, Bound::AtMost(30.0)),
        Self::new(TAP_NODE, Measure::ToReader, Bound::AtMost(60.0)),
        Self::new(TAP_NODE, Measure::ToPoller, Bound::AtMost(60.0)),
        Self::new(TAP_NODE, Measure::FromProgram, Bound::AtMost(60.0)),
        Self::new(TAP_EXEC, Measure::Idle, Bound::AtMost(0.0)),
        Self::new(TAP_NODE, Measure::Idle, Bound::AtMost(0.0)),
        Self::new(Side::Queue, Measure::QueueOffer, Bound::AtLeast(10.0)),
        Self::new(Side::Queue, Measure::QueueWrite, Bound::AtLeast(10.0)),
    ];

    const fn new(side: Side, measure: Measure, bound: Bound) -> Self {
        Self { side, measure, bound }
    }

    /// Holds the figures against the bound.
    pub(super) fn check(&self, figures: &Figures<Key>) -> Outcome {
        let Some(own) = figures.summary(&(self.measure, self.side)) else { return Outcome::NotMeasured };
        let peer = self.side.peer().and_then(|peer| figures.summary(&(self.measure, peer)));
        match self.bound {
            Bound::AtLeast(bound) => Outcome::of(own.median, own.median >= bound, own.quality),
            Bound::AtMost(bound) => Outcome::of(own.median, own.median <= bound, own.quality),
            Bound::TimesKernel(bound) => {
                let Some(peer) = peer.filter(|peer| peer.median > 0.0) else { return Outcome::NotMeasured };
                let ratio = own.median / peer.median;
                Outcome::of(ratio, ratio >= bound, own.quality.with(Some(peer)))
            }
        }
    }

    /// Returns the bound in words.
    pub(super) fn words(&self) -> String {
        match self.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
            Bound::TimesKernel(bound) => format!("at least {bound} times the kernel's"),
        }
    }
}

const TAP_EXEC: Side = Side::Device(Kind::Tap, Face::Exec);
const TUN_EXEC: Side = Side::Device(Kind::Tun, Face::Exec);
const TAP_NODE: Side = Side::Device(Kind::Tap, Face::Node);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn outcomes() {
        let kernel = Side::Device(Kind::Tap, Face::Kernel);
        let mut figures = Figures::default();
        for (measure, side, value, others_percent) in [
            (Measure::Read, kernel, 100.0, 0.0),
            (Measure::Read, TAP_EXEC, 90.0, 0.0),
            (Measure::Write, TAP_EXEC, 90.0, 0.0),
            (Measure::Idle, TAP_EXEC, 1.0, 0.0),
            (Measure::Idle, TAP_NODE, 1.0, 99.0),
        ] {
            figures.add((measure, side), Figure { value, others_percent });
        }
        let rows = [
            ("at least a share of the kernel's", TAP_EXEC, Measure::Read, Bound::TimesKernel(0.9), Outcome::Met(0.9)),
            ("less than that", TAP_EXEC, Measure::Read, Bound::TimesKernel(0.91), Outcome::Missed(0.9)),
            ("without the kernel's", TAP_EXEC, Measure::Write, Bound::TimesKernel(0.1), Outcome::NotMeasured),
            ("at most", TAP_EXEC, Measure::Idle, Bound::AtMost(0.0), Outcome::Missed(1.0)),
            ("beside others", TAP_NODE, Measure::Idle, Bound::AtMost(0.0), Outcome::Disturbed(1.0)),
            ("at least", TAP_EXEC, Measure::Write, Bound::AtLeast(90.0), Outcome::Met(90.0)),
            ("not taken", TAP_NODE, Measure::Write, Bound::AtLeast(0.0), Outcome::NotMeasured),
        ];
        for (name, side, measure, bound, want) in rows {
            assert_eq!(Target::new(side, measure, bound).check(&figures), want, "{name}");
        }
    }
}
