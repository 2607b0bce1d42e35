//! What the rounds gave.

use crate::load::is_quiet;
use std::collections::BTreeMap;

/// The figures of all rounds, by what was measured and of whom.
#[derive(Debug)]
pub struct Figures<K>(BTreeMap<K, Vec<Figure>>);

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    /// The figure itself, in the unit of its [`Measure`].
    pub(crate) value: f64,
    /// Processor time that others used while it was taken, in per cent of one core.
    pub(crate) others_percent: f64,
}

/// The figures of one kind for one bridge: the quiet ones, if there are any, else all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// The middle one.
    pub(crate) median: f64,
    /// The least.
    pub(crate) least: f64,
    /// The greatest.
    pub(crate) greatest: f64,
    /// How many these are of.
    pub(crate) count: usize,
    /// Whether others left the machine alone while they were taken.
    pub(crate) quality: Quality,
}

/// How far figures can be trusted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quality {
    /// Nothing else of note ran.
    Quiet,
    /// Others used a part of the processor that counts.
    Disturbed,
}

impl Quality {
    /// Returns how far a comparison with a peer's figures can be trusted.
    pub(crate) fn with(self, peer: Self) -> Self {
        if peer == Self::Disturbed { peer } else { self }
    }
}

impl<K: Ord> Figures<K> {
    /// Adds one.
    pub(crate) fn add(&mut self, key: K, figure: Figure) {
        self.0.entry(key).or_default().push(figure);
    }

    /// Returns all of one kind for one bridge, in the order of the rounds.
    pub(crate) fn all(&self, key: &K) -> &[Figure] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// Returns their summary, `None` if none was taken.
    pub(crate) fn summary(&self, key: &K) -> Option<Summary> {
        let all = self.all(key);
        let quiet: Vec<f64> = all.iter().filter(|one| is_quiet(one.others_percent)).map(|one| one.value).collect();
        let (used, quality) = if quiet.is_empty() {
            (all.iter().map(|one| one.value).collect(), Quality::Disturbed)
        } else {
            (quiet, Quality::Quiet)
        };
        Some(Summary {
            median: median(&used)?,
            least: used.iter().copied().reduce(f64::min)?,
            greatest: used.iter().copied().reduce(f64::max)?,
            count: used.len(),
            quality,
        })
    }
}

impl<K: Ord> Default for Figures<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Returns the middle figure, or the mean of the two middle ones.
pub(crate) fn median(figures: &[f64]) -> Option<f64> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.get(middle.wrapping_sub(1))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => Some((lower + upper) / 2.0),
        (upper, _) => upper.copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measure;
    use crate::subject::Subject;

    #[test]
    fn medians() {
        let rows: [(&[f64], Option<f64>); 5] = [
            (&[], None),
            (&[7.0], Some(7.0)),
            (&[3.0, 1.0], Some(2.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[4.0, 1.0, 9.0, 2.0], Some(3.0)),
        ];
        for (figures, want) in rows {
            assert_eq!(median(figures), want, "{figures:?}");
        }
    }

    #[test]
    fn a_summary_is_of_its_own_bridge_and_kind() {
        let mut figures = Figures::default();
        for value in [2.0, 8.0, 4.0] {
            let figure = |times: f64| Figure { value: value * times, others_percent: 0.0 };
            figures.add((Measure::Tcp, Subject::KernelBridge), figure(1.0));
            figures.add((Measure::Tcp, Subject::TapLoop), figure(10.0));
            figures.add((Measure::Ping, Subject::KernelBridge), figure(100.0));
        }
        let want = Summary { median: 4.0, least: 2.0, greatest: 8.0, count: 3, quality: Quality::Quiet };
        assert_eq!(figures.summary(&(Measure::Tcp, Subject::KernelBridge)), Some(want));
        assert_eq!(figures.summary(&(Measure::Ping, Subject::TapLoop)), None);
    }

    #[test]
    fn disturbed_figures_count_while_none_is_quiet() {
        use Quality::*;
        let mut figures = Figures::default();
        let mut after = |value, others_percent| {
            figures.add((Measure::Tcp, Subject::KernelBridge), Figure { value, others_percent });
            figures.summary(&(Measure::Tcp, Subject::KernelBridge)).map(|s| (s.median, s.count, s.quality))
        };
        assert_eq!(after(1.0, 150.0), Some((1.0, 1, Disturbed)));
        assert_eq!(after(3.0, 50.0), Some((2.0, 2, Disturbed)));
        assert_eq!(after(12.0, 5.0), Some((12.0, 1, Quiet)));
        assert_eq!(after(14.0, 0.0), Some((13.0, 2, Quiet)));
    }
}
