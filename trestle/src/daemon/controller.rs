//! The one place where interfaces are changed: requests in, replies out, and the system made to follow.

mod applications;

use super::moves::MoveLog;
use super::store::{Store, StoreError};
use super::system::{System, SystemEvent};
use crate::control::{Call, Peer, Reply};
use crate::ifconfig::change_text;
use frame::{Instant, Mac, PortId};
use kernel_glue::admin::{
    self, AdminError, Change, Condition, Errno, Outcome, Picture, PortRun, Request, State, Step, SystemError,
    TableAction, Undo, Verb, answer, attempt, engine_config, enter_statics, flush_stopped, follow, plan,
};
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

/// The state that operators asked for, and the system that is made to show it.
pub(crate) struct Controller<S> {
    state: State,
    picture: Picture,
    system: S,
    store: Option<Store<State>>,
    mac: Box<dyn Fn(&str) -> Mac + Send>,
    moves: MoveLog,
    /// Devices that an application has opened since they were made.
    opened: BTreeSet<String>,
}

impl<S: System> Controller<S> {
    /// Brings about a state on a system that shows nothing of it yet.
    ///
    /// Changes are kept in `store`, if there is one. `mac` derives the address of an interface that was given none.
    ///
    /// # Errors
    /// The first interface or engine that cannot be made; what was done before it is taken back.
    pub(crate) fn start(
        system: S,
        mut state: State,
        store: Option<Store<State>>,
        mac: Box<dyn Fn(&str) -> Mac + Send>,
    ) -> Result<Self, AdminError> {
        state.settle(&system);
        let mut this = Self {
            state,
            picture: Picture::default(),
            system,
            store,
            mac,
            moves: MoveLog::default(),
            opened: BTreeSet::new(),
        };
        let mut new = this.draw(&this.state);
        this.restore(&mut new)?;
        this.picture = new;
        this.publish_all();
        this.enter_statics();
        for (name, bridge) in &this.state.bridges {
            tracing::info!("{name}: restored with {} members", bridge.members.len());
        }
        Ok(this)
    }

    /// Brings about a picture from nothing. Only an interface or engine that cannot be made ends it; what else the
    /// system refuses is logged and left out, for a daemon with a part of its state is worth more than none.
    fn restore(&mut self, new: &mut Picture) -> Result<(), AdminError> {
        let steps = plan(&self.picture, new);
        let mut performed = Vec::new();
        for step in &steps.attempt {
            match self.system.perform(step) {
                Ok(inverse) => performed.extend(inverse),
                Err(error) if matches!(step, Step::CreateInterface { .. } | Step::AddEngine { .. }) => {
                    log_stuck(&Undo::of(performed).take_back(&mut self.system));
                    return Err(step.refused(error));
                }
                Err(error) => {
                    tracing::error!("{}", step.refused(error));
                    new.leave_out(step);
                }
            }
        }
        Ok(())
    }

    /// Answers a call; `socket` came with it.
    pub(crate) fn handle(&mut self, call: Call, socket: Option<OwnedFd>, peer: Peer, now: Instant) -> Reply {
        match call {
            Call::Admin(Request::Change(change)) => Reply::Admin(match self.change(&change, peer) {
                Ok(created) => admin::Reply::Changed { created },
                Err(error) => admin::Reply::Refused(error),
            }),
            Call::Admin(Request::Ask(question)) => {
                Reply::Admin(answer(&self.state, &self.picture, &self.system, &question, now))
            }
            Call::Open(open) => self.open_by_socket(&open, socket, peer),
            Call::Ioctl(ioctl) => Reply::Ioctl(self.ioctl(&ioctl, peer)),
            Call::CloseHandle { handle } => self.close_handle(handle, peer),
            // The server answers these itself.
            Call::Info | Call::Describe(_) => Reply::Raw(serde_json::Value::Null),
        }
    }

    /// Follows what happened in the system.
    pub(crate) fn on_event(&mut self, event: SystemEvent, now: Instant) {
        match event {
            SystemEvent::Moved { bridge, vlan, address, from, to } => {
                let from = self.interface_name(&bridge, from);
                let to = self.interface_name(&bridge, to);
                self.moves.on_move(&bridge, address, vlan, &from, &to, now);
            }
            SystemEvent::Renamed { from, to } => self.rename(&from, &to),
            SystemEvent::Gone { interface } => {
                tracing::warn!("{interface}: the system removed it");
                self.picture.forget(&interface);
                self.opened.remove(&interface);
                if self.state.device(&interface).is_some_and(|device| device.transient) {
                    let destroy = Change { interface, verbs: vec![Verb::Destroy] };
                    if let Ok((state, _)) = self.state.apply(&destroy, &self.system) {
                        self.state = state;
                    }
                }
                self.follow();
            }
            SystemEvent::LinksChanged => self.follow(),
        }
    }

    /// Lets tables age. Call it at [`Self::next_timeout`]; early calls do nothing.
    pub(crate) fn on_timeout(&mut self, now: Instant) {
        for name in self.state.bridges.keys() {
            if let Some(engine) = self.system.engine(name) {
                engine.on_timeout(now);
            }
        }
        self.moves.on_timeout(now);
    }

    /// Returns when [`Self::on_timeout`] has something to do at the earliest.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        let engines = self.state.bridges.keys().filter_map(|name| self.system.engine(name));
        engines.filter_map(|engine| engine.next_timeout()).chain(self.moves.next_timeout()).min()
    }

    /// Gives the system access for waiting on it.
    pub(crate) fn system(&mut self) -> &mut S {
        &mut self.system
    }

    /// Leaves the system as it was found.
    ///
    /// Programs behind sockets are told nothing: they go on where the next daemon begins.
    pub(crate) fn shut_down(mut self) {
        self.system.leave();
        let steps = plan(&self.picture, &Picture::default());
        for step in steps.attempt.iter().chain(&steps.conclude) {
            if let Err(error) = self.system.perform(step) {
                tracing::error!("{}", step.refused(error));
            }
        }
    }

    fn change(&mut self, change: &Change, peer: Peer) -> Result<Option<String>, AdminError> {
        if !peer.may_change() {
            return Err(not_permitted(change, peer));
        }
        let created = self.apply(change)?;
        tracing::info!("uid {}: ifconfig {}", peer.uid(), change_text(change));
        self.end_unopened(&change.interface)?;
        // Whoever had open what was destroyed has been told.
        self.settle_applications();
        Ok(created)
    }

    /// Brings about a change, as a whole or not at all, and returns the name of what it created.
    fn apply(&mut self, change: &Change) -> Result<Option<String>, AdminError> {
        let (state, outcome) = self.state.apply(change, &self.system)?;
        let picture = self.draw(&state);
        let steps = plan(&self.picture, &picture);
        let undo = attempt(&mut self.system, &steps.attempt).map_err(|failed| {
            log_stuck(&failed.stuck);
            failed.step.refused(failed.error)
        })?;
        let saved = state.saved();
        if let Some(store) = &self.store
            && saved != self.state.saved()
            && let Err(error) = store.save(&saved)
        {
            log_stuck(&undo.take_back(&mut self.system));
            return Err(not_saved(&error));
        }
        self.conclude(&steps.conclude);
        self.state = state;
        self.picture = picture;
        self.publish_all();
        self.act(change, &outcome);
        self.opened.retain(|device| self.state.device(device).is_some());
        Ok(outcome.created)
    }

    fn conclude(&mut self, steps: &[Step]) {
        for step in steps {
            if let Err(error) = self.system.perform(step) {
                tracing::error!("{}", step.refused(error));
            }
        }
    }

    fn publish_all(&mut self) {
        for (name, bridge) in &self.state.bridges {
            let Some(interface) = self.picture.interfaces.get(name) else { continue };
            let system = &self.system;
            let run = |port: PortId| running(system.condition(name, port));
            let config = engine_config(bridge, interface.mac, &run);
            self.system.publish(name, config);
        }
    }

    /// Carries out what a change asked of the table.
    fn act(&mut self, change: &Change, outcome: &Outcome) {
        let bridge = outcome.created.as_deref().unwrap_or(&change.interface);
        let Some(engine) = self.system.engine(bridge) else { return };
        let neighbours = self.system.bindings(bridge);
        for &action in &outcome.table {
            match action {
                TableAction::Flush | TableAction::FlushAll => neighbours.iter().for_each(|bindings| bindings.flush()),
                TableAction::ForgetPort(port) => neighbours.iter().for_each(|bindings| bindings.forget_port(port)),
                TableAction::SetStatic { .. } | TableAction::Remove { .. } => {}
            }
            if let Err(error) = action.act(engine) {
                tracing::error!("{bridge}: {action:?}: {error}");
            }
        }
    }

    fn enter_statics(&self) {
        for (name, bridge) in &self.state.bridges {
            let Some(engine) = self.system.engine(name) else { continue };
            enter_statics(bridge, engine, &mut |one, error| {
                tracing::error!("{name}: static {} vlan {}: {error}", one.address, one.vlan());
            });
        }
    }

    /// Makes the system show the state again after it changed by itself. What it refuses is left out and logged.
    fn follow(&mut self) {
        let mut new = self.draw(&self.state);
        follow(&mut self.system, &self.picture, &mut new, &mut |step, refused| match refused {
            None => tracing::info!("{step}"),
            Some(error) => tracing::error!("{}", step.refused(error)),
        });
        self.picture = new;
        self.flush_stopped();
        self.publish_all();
    }

    /// Forgets what was learned on ports that carry nothing any more: it may be reached elsewhere.
    fn flush_stopped(&self) {
        for (name, bridge) in &self.state.bridges {
            let Some(engine) = self.system.engine(name) else { continue };
            let run = |port: PortId| running(self.system.condition(name, port));
            flush_stopped(bridge, engine, &run, &mut |interface, port, run| {
                tracing::info!("{name}: {interface}: link {}", if run == PortRun::Running { "up" } else { "down" });
                if run == PortRun::Stopped {
                    self.system.bindings(name).iter().for_each(|bindings| bindings.forget_port(port));
                }
            });
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        let mut state = self.state.clone();
        if !state.rename(from, to) {
            return;
        }
        tracing::info!("{from}: renamed to {to}");
        self.state = state;
        self.picture.rename(from, to);
        if let Some(store) = &self.store
            && let Err(error) = store.save(&self.state.saved())
        {
            tracing::error!("{error}");
        }
        self.follow();
    }

    fn draw(&self, state: &State) -> Picture {
        Picture::of(state, &self.system, &self.mac, &|device| self.opened.contains(device))
    }

    fn interface_name(&self, bridge: &str, port: PortId) -> String {
        let interface = self.state.bridges.get(bridge).and_then(|state| state.interface_of(port));
        interface.unwrap_or(bridge).to_owned()
    }
}

fn running(condition: Condition) -> PortRun {
    match condition {
        Condition::Running => PortRun::Running,
        Condition::LinkDown | Condition::Absent => PortRun::Stopped,
    }
}

fn log_stuck(stuck: &[(Step, SystemError)]) {
    for (step, error) in stuck {
        tracing::error!("taking back: {step:?}: {error}");
    }
}

/// Says who may do what was tried.
fn not_permitted(change: &Change, peer: Peer) -> AdminError {
    AdminError {
        operation: change_text(change),
        errno: Some(Errno::NotPermitted),
        detail: format!("user {} may only read; root and the user that runs the daemon may change", peer.uid()),
    }
}

fn not_saved(error: &StoreError) -> AdminError {
    AdminError { operation: "nothing was changed".into(), errno: Some(Errno::Io), detail: error.to_string() }
}

#[cfg(test)]
mod tests;
