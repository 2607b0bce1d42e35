//! In which order locks are taken: a graph of "was held when that one was taken". A cycle in it can deadlock, whether it did or not.

use super::held::Label;
use crate::fault::Trace;
use crate::thread::{current, locked};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

/// Where one lock was first taken under another.
#[derive(Clone, Debug)]
struct Edge {
    text: String,
    trace: Trace,
}

/// Notes that `lock` is wanted under `held`, and reports an order that contradicts one seen before.
pub(super) fn follow(held: &[Label], lock: Label) {
    let mut contradictions = Vec::new();
    {
        let mut graph = locked(&GRAPH);
        let graph = graph.get_or_insert_default();
        for outer in held.iter().filter(|outer| outer.address != lock.address) {
            if graph.get(&outer.address).is_some_and(|after| after.contains_key(&lock.address)) {
                continue;
            }
            let text = format!("{} takes {lock} under {outer}", current());
            let edge = Edge { text, trace: Trace::capture() };
            let back = path(graph, lock.address, outer.address);
            // Haiku's own stack has such cycles.
            let is_guests =
                |back: &Vec<&Edge>| edge.trace.is_guests() && back.iter().all(|edge| edge.trace.is_guests());
            if let Some(back) = back.filter(|back| !is_guests(back)) {
                contradictions.push((edge.clone(), back.into_iter().cloned().collect::<Vec<_>>()));
            }
            graph.entry(outer.address).or_default().insert(lock.address, edge);
        }
    }
    for (edge, back) in contradictions {
        let before = back.iter().map(|edge| (format!("before, {}", edge.text), &edge.trace));
        let now = (format!("locks in two orders: {}", edge.text), &edge.trace);
        crate::fault::report_steps(&std::iter::once(now).chain(before).collect::<Vec<_>>());
    }
}

/// Forgets a lock that ends, or whose memory becomes another.
pub(super) fn forget(address: usize) {
    if let Some(graph) = locked(&GRAPH).as_mut() {
        graph.remove(&address);
        for after in graph.values_mut() {
            after.remove(&address);
        }
    }
}

/// Returns the edges of a way from one lock to another, if there is one.
fn path(graph: &Graph, from: usize, to: usize) -> Option<Vec<&Edge>> {
    let mut came_by: HashMap<usize, (usize, &Edge)> = HashMap::new();
    let mut seen = HashSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == to {
            let mut edges = Vec::new();
            let mut at = to;
            while let Some((before, edge)) = came_by.get(&at) {
                edges.push(*edge);
                at = *before;
            }
            edges.reverse();
            return Some(edges);
        }
        for (next, edge) in graph.get(&at).into_iter().flatten() {
            if seen.insert(*next) {
                came_by.insert(*next, (at, edge));
                open.push(*next);
            }
        }
    }
    None
}

type Graph = HashMap<usize, HashMap<usize, Edge>>;

static GRAPH: Mutex<Option<Graph>> = Mutex::new(None);
