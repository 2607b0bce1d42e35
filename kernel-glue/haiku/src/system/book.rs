//! What the thread that administers knows: the state, and what the system shows of it.

use super::desk::{Outcome, Task};
use super::ground::Ground;
use super::look::{AGAIN_AFTER, Cause};
use super::weight;
use crate::identity;
use crate::kernel::log::log;
use crate::kernel::{clock, heap};
use crate::stack::Interface;
use crate::unit::Unit;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use frame::{Instant, PortId};
use kernel_glue::admin::{
    AdminError, Change, Condition, Facts, Live, Outcome as Changed, Perform, Picture, PortRun, State, Step,
    SystemError, TableAction, attempt, engine_config, plan,
};

/// The state, the picture of it that the system shows, and the system.
pub(super) struct Book {
    pub(super) state: State,
    pub(super) picture: Picture,
    pub(super) ground: Ground,
    /// Devices that a program has opened since they were made.
    pub(super) opened: BTreeSet<String>,
    /// Interfaces that others made, and no operator has said `create` of yet.
    pub(super) adopted: BTreeSet<String>,
    /// When to look at the system though nothing was heard of it.
    pub(super) next_look: Option<Instant>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            state: State::default(),
            picture: Picture::default(),
            ground: Ground::default(),
            opened: BTreeSet::new(),
            adopted: BTreeSet::new(),
            next_look: None,
        }
    }

    pub(super) fn carry_out(&mut self, task: &Task) -> Outcome {
        match task {
            Task::Exchange { access, user, request } => Outcome::Answer(self.exchange(*access, *user, request)),
            Task::Settle => {
                self.look(Cause::Call);
                Outcome::Settled
            }
        }
    }

    /// Returns when [`Self::look`] is due though nothing happens.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.next_look
    }

    /// Returns whether there is nothing to administer.
    pub(super) fn is_blank(&self) -> bool {
        self.state == State::default() && self.ground.is_empty()
    }

    /// Returns a bound of the bytes that a change of the state, or a report of it, may ask for.
    pub(super) fn weight(&self) -> usize {
        weight::of_state(&self.state)
    }

    /// Brings about a change of an operator, as a whole or not at all, and returns the name of what it created.
    #[inline(never)]
    pub(super) fn change(&mut self, change: &Change) -> Result<Option<String>, AdminError> {
        let mut change = change.clone();
        self.ground.platform().spell(&mut change);
        let claimed = self.claim(&change)?;
        if claimed.is_some() && self.adopted.contains(&change.interface) {
            // Somebody has made the interface already, of which the operator takes notice by this.
            change.verbs.remove(0);
        }
        let created = self.apply(&change).inspect_err(|_| claimed.iter().for_each(|unit| unit.disclaim()))?;
        if claimed.is_some() {
            self.adopted.remove(&change.interface);
        }
        log!("{}: changed by {} verbs", change.interface, change.verbs.len());
        Ok(created)
    }

    #[inline(never)]
    fn apply(&mut self, change: &Change) -> Result<Option<String>, AdminError> {
        let (state, outcome) = self.state.apply(change, &self.ground)?;
        let bytes = self.weight_towards(&state);
        let _aside = heap::set_aside(bytes).map_err(|_| weight::starved(bytes))?;
        let picture = self.draw(&state);
        let steps = plan(&self.picture, &picture);
        let _done = attempt(&mut self.ground, &steps.attempt).map_err(|failed| {
            log_stuck(&failed.stuck);
            failed.step.refused(failed.error)
        })?;
        let doomed = self.doomed(&picture);
        for step in &steps.conclude {
            if let Err(error) = self.ground.perform(step) {
                log!("{}", step.refused(error));
            }
        }
        self.state = state;
        self.picture = picture;
        self.publish_all();
        self.act(change, &outcome);
        let Self { state, opened, adopted, .. } = self;
        opened.retain(|device| state.device(device).is_some());
        adopted.retain(|name| state.kind_of(name).is_some());
        for unit in doomed {
            unit.be_quiet();
            if let Err(status) = Interface::remove(unit.interface()) {
                log!("{}: not removed: {:#x}", unit.name(), status.code());
            }
        }
        Ok(outcome.created)
    }

    /// Returns a bound of what it takes to bring a state about: what the engines of its bridges need, too.
    #[inline(never)]
    fn weight_towards(&self, state: &State) -> usize {
        let engines = state.bridges.iter().map(|(name, bridge)| self.ground.weight_of(name, bridge));
        engines.fold(self.weight().saturating_add(weight::of_state(state)), usize::saturating_add)
    }

    /// Returns those whose interfaces a picture has no more, by which they end.
    fn doomed(&self, picture: &Picture) -> Vec<Arc<Unit>> {
        let gone = self.picture.interfaces.keys().filter(|&name| !picture.interfaces.contains_key(name));
        gone.filter_map(|name| self.ground.unit(name)).collect()
    }

    pub(super) fn draw(&self, state: &State) -> Picture {
        Picture::of(state, &self.ground, &identity::mac, &|device| self.opened.contains(device))
    }

    /// Has the bridges work as the state says. Where there is no memory for that, it is tried again.
    #[inline(never)]
    pub(super) fn publish_all(&mut self) {
        for (name, bridge) in &self.state.bridges {
            let Some(interface) = self.picture.interfaces.get(name) else { continue };
            let ground = &self.ground;
            let config = engine_config(bridge, interface.mac, &|port| run_of(ground, name, port));
            if self.ground.publish(name, config).is_err() {
                log!("{name}: no memory for its configuration");
                self.next_look = Some(clock::now().plus(AGAIN_AFTER));
            }
        }
    }

    /// Carries out what a change asked of the table.
    #[inline(never)]
    fn act(&mut self, change: &Change, outcome: &Changed) {
        let bridge = outcome.created.as_deref().unwrap_or(&change.interface);
        let Some(served) = self.ground.bridge(bridge) else { return };
        let neighbours = served.handle().neighbours();
        for &action in &outcome.table {
            match action {
                TableAction::Flush | TableAction::FlushAll => neighbours.flush(),
                TableAction::ForgetPort(port) => neighbours.forget_port(port),
                TableAction::SetStatic { .. } | TableAction::Remove { .. } => {}
            }
            if let Err(error) = action.act(served.engine()) {
                log!("{bridge}: {action:?}: {error}");
            }
        }
    }
}

/// Returns whether frames can pass a port.
pub(super) fn run_of(ground: &Ground, bridge: &str, port: PortId) -> PortRun {
    match ground.condition(bridge, port) {
        Condition::Running => PortRun::Running,
        Condition::LinkDown | Condition::Absent => PortRun::Stopped,
    }
}

fn log_stuck(stuck: &[(Step, SystemError)]) {
    for (step, error) in stuck {
        log!("taking back: {step}: {error}");
    }
}
