//! Teams: the numbers of what each process has open. The kernel is team 1.

use crate::devfs::{Descriptor, Node};
use crate::thread::{KERNEL_TEAM, locked};
use haiku_abi::{B_FILE_ERROR, status_t, team_id};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Gives a team a number for a descriptor.
pub(crate) fn enter(team: team_id, descriptor: Arc<Descriptor>) -> i32 {
    let mut teams = locked(&TEAMS);
    let team = teams.entry(team).or_default();
    let mut fd = 0i32;
    while team.contains_key(&fd) {
        fd = fd.saturating_add(1);
    }
    team.insert(fd, descriptor);
    fd
}

/// Returns what a number of a team leads to.
pub(crate) fn find(team: team_id, fd: i32) -> Result<Arc<Descriptor>, status_t> {
    let teams = locked(&TEAMS);
    let team = teams.get(&team).ok_or(B_FILE_ERROR)?;
    team.get(&fd).cloned().ok_or(B_FILE_ERROR)
}

/// Frees a number; the descriptor is the caller's to close.
pub(crate) fn leave(team: team_id, fd: i32) -> Result<Arc<Descriptor>, status_t> {
    let mut teams = locked(&TEAMS);
    let team = teams.get_mut(&team).ok_or(B_FILE_ERROR)?;
    team.remove(&fd).ok_or(B_FILE_ERROR)
}

/// Returns every descriptor that is open on a node, each once.
pub(crate) fn descriptors_of(node: &Arc<Node>) -> Vec<Arc<Descriptor>> {
    let mut found: Vec<Arc<Descriptor>> = Vec::new();
    for descriptor in locked(&TEAMS).values().flat_map(BTreeMap::values) {
        if Arc::ptr_eq(&descriptor.node, node) && !found.iter().any(|other| Arc::ptr_eq(other, descriptor)) {
            found.push(Arc::clone(descriptor));
        }
    }
    found
}

/// Returns what is open: team, number, path.
pub(crate) fn open() -> Vec<(team_id, i32, String)> {
    let teams = locked(&TEAMS);
    let of_team = |(team, fds): (&team_id, &BTreeMap<i32, Arc<Descriptor>>)| {
        let team = *team;
        fds.iter().map(move |(fd, descriptor)| (team, *fd, descriptor.node.path.clone())).collect::<Vec<_>>()
    };
    teams.iter().flat_map(of_team).collect()
}

/// Returns a number for another team.
pub(crate) fn new() -> team_id {
    NEXT.fetch_add(1, Relaxed)
}

type Descriptors = BTreeMap<i32, Arc<Descriptor>>;

static TEAMS: Mutex<BTreeMap<team_id, Descriptors>> = Mutex::new(BTreeMap::new());
static NEXT: AtomicI32 = AtomicI32::new(KERNEL_TEAM + 1);
