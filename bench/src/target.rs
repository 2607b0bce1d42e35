//! What Trestle must reach.

use crate::figures::Figures;
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
    /// The figure or the peer's is missing.
    NotMeasured,
}

impl Target {
    /// Holds the figures against the bound.
    pub(crate) fn check(&self, figures: &Figures) -> Outcome {
        let median = |subject| figures.summary(subject, self.measure).map(|summary| summary.median);
        let (value, met) = match (self.bound, median(self.subject)) {
            (Bound::AtLeast(bound), Some(value)) => (value, value >= bound),
            (Bound::AtMost(bound), Some(value)) => (value, value <= bound),
            (Bound::TimesPeer(bound, peer), Some(value)) => match median(peer) {
                Some(of_peer) if of_peer > 0.0 => (value / of_peer, value / of_peer >= bound),
                Some(_) | None => return Outcome::NotMeasured,
            },
            (_, None) => return Outcome::NotMeasured,
        };
        if met { Outcome::Met(value) } else { Outcome::Missed(value) }
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
            figures.add(subject, Measure::Tcp, Figure { value, others_percent: 0.0 });
        }
        let rows = [
            ("at the lower bound", AtLeast(6.0), Met(6.0)),
            ("below it", AtLeast(6.1), Missed(6.0)),
            ("at the upper bound", AtMost(6.0), Met(6.0)),
            ("above it", AtMost(5.9), Missed(6.0)),
            ("at the peer's share", TimesPeer(0.75, Subject::KernelBridge), Met(0.75)),
            ("below the peer's share", TimesPeer(0.8, Subject::KernelBridge), Missed(0.75)),
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
