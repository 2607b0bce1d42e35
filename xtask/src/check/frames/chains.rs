//! How much stack the functions of the file take together, as far as they call each other by name.
//!
//! It is no proof: calls by pointer are not seen, nor is what the kernel takes before and after; and of functions that
//! call each other in a circle, one round is counted. But it shows where a stack of 16 KiB goes.

use std::collections::HashMap;

/// One function and whom it calls: the address, and the stack that is taken at the call.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) frame: u64,
    pub(super) calls: Vec<(u64, u64)>,
}

/// The deepest chain found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Chain<N> {
    pub(crate) bytes: u64,
    /// The functions from the outermost in, each with the stack it takes at the call of the next.
    pub(crate) links: Vec<(N, u64)>,
}

/// Finds the chain of calls that takes most.
pub(super) fn deepest(nodes: &HashMap<u64, Node>) -> Chain<u64> {
    let mut search = Search { nodes, known: HashMap::new() };
    let mut starts: Vec<u64> = nodes.keys().copied().collect();
    // In a fixed order: where there are circles, the answer depends on it.
    starts.sort_unstable();
    let best = starts.into_iter().map(|start| (search.below(start), std::cmp::Reverse(start))).max();
    let mut chain = Chain::default();
    let Some((bytes, std::cmp::Reverse(start))) = best else { return chain };
    chain.bytes = bytes;
    let mut at = Some(start);
    while let Some(address) = at {
        let found = search.known.get(&address).copied().unwrap_or_default();
        let taken = if found.next.is_some() { found.taken } else { found.bytes };
        chain.links.push((address, taken));
        at = found.next.filter(|next| chain.links.iter().all(|(seen, _)| seen != next));
    }
    chain
}

struct Search<'a> {
    nodes: &'a HashMap<u64, Node>,
    known: HashMap<u64, Found>,
}

/// What a function and those that it calls take, at most.
#[derive(Clone, Copy, Default)]
struct Found {
    bytes: u64,
    /// Whom it calls when that is reached, and what it takes itself at that call.
    next: Option<u64>,
    taken: u64,
}

impl Search<'_> {
    fn below(&mut self, address: u64) -> u64 {
        if let Some(found) = self.known.get(&address) {
            return found.bytes;
        }
        let Some(node) = self.nodes.get(&address) else { return 0 };
        // Whoever comes here again, in a circle, adds nothing.
        self.known.insert(address, Found::default());
        let mut best = Found { bytes: node.frame, ..Found::default() };
        for (target, taken) in &node.calls {
            let bytes = taken.saturating_add(RETURN_ADDRESS).saturating_add(self.below(*target));
            if bytes > best.bytes {
                best = Found { bytes, next: Some(*target), taken: *taken };
            }
        }
        self.known.insert(address, best);
        best.bytes
    }
}

const RETURN_ADDRESS: u64 = 8;

#[cfg(test)]
mod tests;
