//! Whom the links of tuns know, and for whom they answer.

use super::Nodes;
use frame::Instant;
use kernel_glue::admin::NeighbourEntry;

impl Nodes {
    /// Lists them, device by device.
    pub(in super::super) fn neighbours(&self, now: Instant) -> Vec<NeighbourEntry> {
        let links = self.devices.iter().filter_map(|(name, served)| Some((*name, served.link.as_ref()?)));
        links.flat_map(|(name, link)| link.neighbours(name, now)).collect()
    }
}
