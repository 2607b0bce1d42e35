//! What a tunnel over our device must reach.

use super::Key;
use super::measure::Measure;
use super::side::{Program, Side, Way};
use crate::figures::Figures;
use crate::target::Outcome;

/// A bound on a median, by that of the same program on the kernel's TUN in the same run.
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
    /// At least so many times the kernel's.
    Times(f64),
    /// At most so much more than the kernel's.
    Above(f64),
}

impl Target {
    pub(super) const ALL: [Self; 12] = [
        Self::new(OPENVPN_EXEC, Measure::Out, Bound::Times(0.85)),
        Self::new(OPENVPN_EXEC, Measure::In, Bound::Times(0.85)),
        Self::new(OPENVPN_EXEC, Measure::Ping, LATER),
        Self::new(OPENVPN_PLUG, Measure::Out, Bound::Times(0.85)),
        Self::new(OPENVPN_PLUG, Measure::In, Bound::Times(0.85)),
        Self::new(OPENVPN_PLUG, Measure::Ping, LATER),
        Self::new(WIREGUARD_GO, Measure::Out, Bound::Times(1.0)),
        Self::new(WIREGUARD_GO, Measure::In, Bound::Times(1.0)),
        Self::new(WIREGUARD_GO, Measure::Ping, LATER),
        Self::new(BORINGTUN, Measure::Out, Bound::Times(1.0)),
        Self::new(BORINGTUN, Measure::In, Bound::Times(1.0)),
        Self::new(BORINGTUN, Measure::Ping, LATER),
    ];

    const fn new(side: Side, measure: Measure, bound: Bound) -> Self {
        Self { side, measure, bound }
    }

    /// Holds the figures against the bound; the value is the ratio, or the difference.
    pub(super) fn check(&self, figures: &Figures<Key>) -> Outcome {
        let of = |side| figures.summary(&(self.measure, side)).filter(|summary| summary.median > 0.0);
        let (Some(own), Some(kernel)) = (of(self.side), of(self.side.peer())) else { return Outcome::NotMeasured };
        let quality = own.quality.with(Some(kernel));
        match self.bound {
            Bound::Times(bound) => {
                let ratio = own.median / kernel.median;
                Outcome::of(ratio, ratio >= bound, quality)
            }
            Bound::Above(bound) => {
                let more = own.median - kernel.median;
                Outcome::of(more, more <= bound, quality)
            }
        }
    }

    /// Returns the bound in words.
    pub(super) fn words(&self) -> String {
        match self.bound {
            Bound::Times(bound) => format!("at least {bound} times the kernel's"),
            Bound::Above(bound) => format!("at most {bound} more than the kernel's"),
        }
    }
}

const OPENVPN_EXEC: Side = Side::new(Program::OpenVpn, Way::Exec);
const OPENVPN_PLUG: Side = Side::new(Program::OpenVpn, Way::Plug);
const WIREGUARD_GO: Side = Side::new(Program::WireguardGo, Way::Exec);
const BORINGTUN: Side = Side::new(Program::Boringtun, Way::Exec);
/// Microseconds that a round trip may take longer.
const LATER: Bound = Bound::Above(200.0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Figure;

    #[test]
    fn outcomes() {
        let mut figures = Figures::default();
        for (measure, side, value, others_percent) in [
            (Measure::Out, OPENVPN_EXEC.peer(), 500.0, 0.0),
            (Measure::Out, OPENVPN_EXEC, 450.0, 0.0),
            (Measure::Out, OPENVPN_PLUG, 450.0, 90.0),
            (Measure::Ping, OPENVPN_EXEC.peer(), 100.0, 0.0),
            (Measure::Ping, OPENVPN_EXEC, 250.0, 0.0),
            (Measure::In, OPENVPN_EXEC, 450.0, 0.0),
        ] {
            figures.add((measure, side), Figure { value, others_percent });
        }
        let rows = [
            ("a share of the kernel's", OPENVPN_EXEC, Measure::Out, Bound::Times(0.9), Outcome::Met(0.9)),
            ("less than that", OPENVPN_EXEC, Measure::Out, Bound::Times(0.91), Outcome::Missed(0.9)),
            ("beside others", OPENVPN_PLUG, Measure::Out, Bound::Times(0.1), Outcome::Disturbed(0.9)),
            ("so much more", OPENVPN_EXEC, Measure::Ping, Bound::Above(150.0), Outcome::Met(150.0)),
            ("more than that", OPENVPN_EXEC, Measure::Ping, Bound::Above(149.0), Outcome::Missed(150.0)),
            ("without the kernel's", OPENVPN_EXEC, Measure::In, Bound::Times(0.1), Outcome::NotMeasured),
            ("without ours", BORINGTUN, Measure::In, Bound::Times(0.1), Outcome::NotMeasured),
        ];
        for (name, side, measure, bound, want) in rows {
            assert_eq!(Target::new(side, measure, bound).check(&figures), want, "{name}");
        }
    }
}
