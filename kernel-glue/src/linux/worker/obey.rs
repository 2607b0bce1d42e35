//! Commands of the control side, carried out between bursts.

use super::command::{Command, Order};
use super::inlet::{Inlet, State};
use super::{Next, Served, Source, Worker};
use crate::linux::io::Outlets;
use crate::linux::plane::BridgeId;
use frame::PortId;
use rustix::fd::AsFd;
use rustix::io::Errno;

impl Worker {
    /// Carries out every command that waits.
    pub(super) fn obey(&mut self) -> Next {
        while let Some(order) = self.mailbox.next() {
            let Order { command, done } = order;
            let stop = matches!(command, Command::Stop);
            let result = self.carry_out(command);
            // The asker may have given up; then nobody needs the answer.
            let _ = done.send(result);
            if stop {
                return Next::Stop;
            }
        }
        Next::Serve
    }

    fn carry_out(&mut self, command: Command) -> Result<(), Errno> {
        match command {
            Command::AddBridge { id, engine } => {
                if self.find(id).is_some() {
                    return Err(Errno::EXIST);
                }
                place_in(&mut self.bridges, Served { id, engine, outlets: Outlets::new() });
            }
            Command::RemoveBridge(id) => {
                if let Some(bridge) = self.find(id) {
                    self.close_inlets(|inlet| inlet.bridge == bridge);
                    self.vacate(bridge);
                }
            }
            Command::AddPort { bridge, port, sources, medium } => {
                let bridge = self.find(bridge).ok_or(Errno::NOENT)?;
                if self.outlets(bridge).is_some_and(|outlets| outlets.has(port)) {
                    return Err(Errno::EXIST);
                }
                if let Err(errno) = self.listen_to_all(bridge, port, sources) {
                    self.close_inlets(|inlet| inlet.bridge == bridge && inlet.port == port);
                    return Err(errno);
                }
                if let Some(Some(served)) = self.bridges.get_mut(bridge) {
                    served.outlets.insert(port, served.engine.medium(medium));
                }
            }
            Command::RenewPort { bridge, port, sources, medium } => {
                let bridge = self.find(bridge).ok_or(Errno::NOENT)?;
                let outlets = self.outlets(bridge).filter(|outlets| outlets.has(port)).ok_or(Errno::NOENT)?;
                outlets.insert(port, medium);
                let stays = |inlet: &Inlet| sources.iter().any(|source| source.is(&inlet.source));
                self.close_inlets(|inlet| inlet.bridge == bridge && inlet.port == port && !stays(inlet));
                let served = |source: &Source| self.inlets.iter().flatten().any(|inlet| inlet.source.is(source));
                let others = sources.into_iter().filter(|source| !served(source)).collect();
                self.listen_to_all(bridge, port, others)?;
            }
            Command::RemovePort { bridge, port } => {
                if let Some(bridge) = self.find(bridge) {
                    self.close_inlets(|inlet| inlet.bridge == bridge && inlet.port == port);
                    if let Some(outlets) = self.outlets(bridge) {
                        outlets.remove(port);
                    }
                }
            }
            // Done after all commands: others stir links as well.
            Command::PollLinks | Command::Stop => {}
        }
        Ok(())
    }

    fn listen_to_all(&mut self, bridge: usize, port: PortId, sources: Vec<Source>) -> Result<(), Errno> {
        sources.into_iter().try_for_each(|source| self.listen(Inlet { bridge, port, source, state: State::Idle }))
    }

    fn listen(&mut self, inlet: Inlet) -> Result<(), Errno> {
        let place = place_in(&mut self.inlets, inlet);
        self.ready.reserve(self.inlets.len());
        let Some(Some(inlet)) = self.inlets.get(place) else {
            return Ok(());
        };
        let watched = self.watch.add(inlet.source.as_fd(), place as u64);
        if watched.is_err()
            && let Some(slot) = self.inlets.get_mut(place)
        {
            *slot = None;
        }
        watched
    }

    fn close_inlets(&mut self, which: impl Fn(&Inlet) -> bool) {
        for (place, slot) in self.inlets.iter_mut().enumerate() {
            if let Some(inlet) = slot
                && which(inlet)
            {
                if inlet.state != State::Failed {
                    self.watch.remove(inlet.source.as_fd());
                }
                *slot = None;
                self.ready.retain(|&ready| ready != place);
            }
        }
    }

    fn find(&self, id: BridgeId) -> Option<usize> {
        self.bridges.iter().position(|served| served.as_ref().is_some_and(|served| served.id == id))
    }

    fn outlets(&mut self, bridge: usize) -> Option<&mut Outlets> {
        self.bridges.get_mut(bridge)?.as_mut().map(|served| &mut served.outlets)
    }

    fn vacate(&mut self, bridge: usize) {
        if let Some(slot) = self.bridges.get_mut(bridge) {
            *slot = None;
        }
    }
}

/// Puts a value into the first free place.
fn place_in<T>(places: &mut Vec<Option<T>>, value: T) -> usize {
    match places.iter_mut().position(|place| place.is_none()) {
        Some(free) => {
            if let Some(place) = places.get_mut(free) {
                *place = Some(value);
            }
            free
        }
        None => {
            places.push(Some(value));
            places.len() - 1
        }
    }
}
