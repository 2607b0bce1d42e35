//! What Trestle must reach.

use crate::figures::{Figures, Quality};
use crate::named::Subject;

/// A bound on the median of one kind of figure of one subject.
#[derive(Clone, Copy, Debug)]
pub struct Target<M, S> {
    /// Whose.
    pub subject: S,
    /// The kind of figure.
    pub measure: M,
    /// The bound.
    pub bound: Bound<S>,
}

/// Where a figure must lie.
#[derive(Clone, Copy, Debug)]
pub enum Bound<S> {
    /// At or above a figure.
    AtLeast(f64),
    /// At or below a figure.
    AtMost(f64),
    /// At or above so many times the median of a peer in the same run.
    TimesPeer(f64, S),
    /// At most so much more than the median of a peer in the same run.
    AbovePeer(f64, S),
}

/// How a target came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Within the bound; the figure, or its ratio to the peer's, or its difference.
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

impl<M: Copy + Ord, S: Subject> Target<M, S> {
    /// Makes a target.
    pub const fn new(subject: S, measure: M, bound: Bound<S>) -> Self {
        Self { subject, measure, bound }
    }

    /// Holds the figures against the bound.
    pub(crate) fn check(&self, figures: &Figures<(M, S)>) -> Outcome {
        let Some(own) = figures.summary(&(self.measure, self.subject)) else { return Outcome::NotMeasured };
        let against = |peer, value: fn(f64, f64) -> f64, kept: &dyn Fn(f64) -> bool| {
            let peer = figures.summary(&(self.measure, peer)).filter(|peer| peer.median > 0.0);
            let Some(peer) = peer else { return Outcome::NotMeasured };
            let value = value(own.median, peer.median);
            Outcome::of(value, kept(value), own.quality.with(peer.quality))
        };
        match self.bound {
            Bound::AtLeast(bound) => Outcome::of(own.median, own.median >= bound, own.quality),
            Bound::AtMost(bound) => Outcome::of(own.median, own.median <= bound, own.quality),
            Bound::TimesPeer(bound, peer) => against(peer, |own, peer| own / peer, &|ratio| ratio >= bound),
            Bound::AbovePeer(bound, peer) => against(peer, |own, peer| own - peer, &|more| more <= bound),
        }
    }

    /// Returns the bound in words.
    pub(crate) fn words(&self) -> String {
        match self.bound {
            Bound::AtLeast(bound) => format!("at least {bound}"),
            Bound::AtMost(bound) => format!("at most {bound}"),
            Bound::TimesPeer(bound, peer) => format!("at least {bound} times {}", peer.name()),
            Bound::AbovePeer(bound, peer) => format!("at most {bound} more than {}", peer.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;
    use crate::measure::Measure;
    use crate::subject::Subject;

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
            ("as much more than the peer", AbovePeer(-2.0, Subject::KernelBridge), Met(-2.0)),
            ("more than that", AbovePeer(-2.1, Subject::KernelBridge), Missed(-2.0)),
            ("more than a disturbed peer", AbovePeer(5.0, Subject::OpenVswitch), Disturbed(5.0)),
            ("more than nobody", AbovePeer(5.0, Subject::TapLoop), NotMeasured),
        ];
        for (name, bound, want) in rows {
            let target = Target::new(Subject::TrestleVport, Measure::Tcp, bound);
            assert_eq!(target.check(&figures), want, "{name}");
        }
        let absent = Target::new(Subject::TrestleNetdev, Measure::Tcp, AtLeast(0.0));
        assert_eq!(absent.check(&figures), NotMeasured);
    }
}
