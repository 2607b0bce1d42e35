//! What Trestle must reach.

use crate::figures::{Figures, Quality};
use crate::measure::Measure;
use crate::subject::Subject;

/// A bound on the median of one kind of figure for one bridge.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The bridge.
    pub subject: Subject,
    /// The kind of figure.
    pub measure: Measure,
    /// The bound.
    pub bound: Bound,
}

/// Where a figure must lie.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// At or above a figure.
    AtLeast(f64),
    /// At or below a figure.
    AtMost(f64),
    /// At or above so many times the median of a peer in the same run.
    TimesPeer(f64, Subject),
}

/// How a target came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Within the bound; the figure, or its ratio to the peer's.
    Met(f64),
    /// Beyond it; the same.
    Missed(f64),
    /// The same, of figures that others disturbed: no verdict.
    Disturbed(f64),
    /// The figure or the peer's is missing.
    NotMeasured,
}

impl Outcome {
    /// Returns the outcome of a bound that was kept, or was not, by figures of some quality.
    pub(crate) const fn of(value: f64, kept: bool, quality: Quality) -> Self {
        match (quality, kept) {
            (Quality::Disturbed, _) => Self::Disturbed(value),
            (Quality::Quiet, true) => Self::Met(value),
            (Quality::Quiet, false) => Self::Missed(value),
        }
    }

    /// Returns what a table calls it, and the value if there is one.
    pub(crate) const fn words(self) -> (&'static str, Option<f64>) {
        match self {
            Self::Met(value) => ("met", Some(value)),
            Self::Missed(value) => ("missed", Some(value)),
            Self::Disturbed(value) => ("disturbed", Some(value)),
            Self::NotMeasured => ("not measured", None),
        }
    }

    /// Returns the verdict, if there is one.
    pub(crate) const fn verdict(self) -> Option<bool> {
        match self {
            Self::Met(_) => Some(true),
            Self::Missed(_) => Some(false),
            Self::Disturbed(_) | Self::NotMeasured => None,
        }
    }
}

impl Target {
    /// Holds the figures against the bound.
    pub(crate) fn check(&self, figures: &Figures<(Measure, Subject)>) -> Outcome {
        let Some(own) = figures.summary(&(self.measure, self.subject)) else { return Outcome::NotMeasured };
        let peer = match self.bound {
            Bound::AtLeast(_) | Bound::AtMost(_) => None,
            Bound::TimesPeer(_, peer) => match figures.summary(&(self.measure, peer)) {
                Some(peer) if peer.median > 0.0 => Some(peer),
                Some(_) | None => return Outcome::NotMeasured,
            },
        };
        let value = peer.map_or(own.median, |peer| own.median / peer.median);
        let met = match self.bound {
            Bound::AtLeast(bound) | Bound::TimesPeer(bound, _) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        };
        Outcome::of(value, met, own.quality.with(peer))
    }

    /// Returns the bound in words.
    pub(crate) fn words(&self) -> String {
        match self.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
            Bound::TimesPeer(bound, peer) => format!("at least {bound} times {}", peer.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn outcomes() {
        use {Bound::*, Outcome::*};
        let mut figures = Figures::default();
        for (subject, value) in [(Subject::TrestleVport, 6.0), (Subject::KernelBridge, 8.0)] {
            figures.add((Measure::Tcp, subject), Figure { value, others_percent: 0.0 });
        }
        figures.add((Measure::Tcp, Subject::OpenVswitch), Figure { value: 1.0, others_percent: 190.0 });
        let rows = [
            ("at the lower bound", AtLeast(6.0), Met(6.0)),
            ("below it", AtLeast(6.1), Missed(6.0)),
            ("at the upper bound", AtMost(6.0), Met(6.0)),
            ("above it", AtMost(5.9), Missed(6.0)),
            ("at the peer's share", TimesPeer(0.75, Subject::KernelBridge), Met(0.75)),
            ("below the peer's share", TimesPeer(0.8, Subject::KernelBridge), Missed(0.75)),
            ("above a disturbed peer", TimesPeer(0.1, Subject::OpenVswitch), Disturbed(6.0)),
            ("without the peer", TimesPeer(0.1, Subject::TapLoop), NotMeasured),
        ];
        for (name, bound, want) in rows {
            let target = Target { subject: Subject::TrestleVport, measure: Measure::Tcp, bound };
            assert_eq!(target.check(&figures), want, "{name}");
        }
        let absent = Target { subject: Subject::TrestleNetdev, measure: Measure::Tcp, bound: AtLeast(0.0) };
        assert_eq!(absent.check(&figures), NotMeasured);
    }
}
