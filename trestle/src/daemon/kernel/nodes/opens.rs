//! Descriptors: opened, set up by ioctls, closed.

use super::super::super::system::{Asked, Opener};
use super::{Nodes, Open, Served};
use kernel_glue::admin::Verb;
use kernel_glue::linux::Plane;
use kernel_glue::linux::fuse::{Descriptor, Waiter};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use tap::ioctl::{Answer, Lifetime, Part, Request};
use tap::{ControlError, Credentials, DeviceName, Effect, HandleId, Opening, Standing, Transport};

impl Nodes {
    /// Opens a node.
    pub(in super::super) fn open(
        &mut self,
        opening: Opening,
        opener: &mut Opener,
        plane: &Plane,
    ) -> Result<HandleId, ControlError> {
        let who = &opener.credentials;
        let waits = |open: &&Open| open.uid == who.uid && open.socket.is_some();
        if who.standing == Standing::User && self.opens.values().filter(waits).count() >= MAX_WAITING {
            return Err(ControlError::Refused("this user has 64 opens that wait for a device; close some"));
        }
        let id = self.books.open(opening, &opener.credentials, &mut Waiter::woken)?;
        let open = Open {
            transport: opening.transport,
            uid: opener.credentials.uid,
            pid: opener.pid,
            socket: opener.socket.take(),
        };
        self.opens.insert(id, open);
        match self.seat(id, plane) {
            Ok(()) => {
                self.bring_about(plane);
                Ok(id)
            }
            Err(error) => {
                self.close(id, plane);
                Err(error)
            }
        }
    }

    /// Carries out an ioctl.
    pub(in super::super) fn control(
        &mut self,
        id: HandleId,
        request: Request,
        who: &Credentials,
        plane: &Plane,
    ) -> Result<Answer, ControlError> {
        let answer = self.books.control(id, request, who, &mut Waiter::woken)?;
        if let Err(error) = self.seat(id, plane) {
            // Its socket is gone: nothing could pass, and nobody would notice the program's end.
            self.close(id, plane);
            return Err(error);
        }
        self.bring_about(plane);
        Ok(answer)
    }

    /// Returns whether a caller opened that by a socket, or may do anything.
    pub(in super::super) fn is_opener(&self, id: HandleId, who: &Credentials) -> bool {
        let open = self.opens.get(&id).filter(|open| open.transport == Transport::Socket);
        open.is_some_and(|open| open.uid == who.uid || who.standing == Standing::Administrator)
    }

    /// Says which device was made for an attachment that left the choice.
    pub(in super::super) fn reserve(&mut self, id: HandleId, made: DeviceName) {
        // One that has been closed since needs none.
        let _ = self.books.reserve(id, made);
    }

    /// Lets go of everything without telling the programs behind sockets.
    pub(in super::super) fn leave(&mut self) {
        self.opens.clear();
        self.devices.clear();
        self.server = None;
    }

    /// Closes a descriptor.
    pub(in super::super) fn close(&mut self, id: HandleId, plane: &Plane) {
        let device = self.device_of(id);
        self.opens.remove(&id);
        if let Some((_, served)) = device.and_then(|name| self.devices.get_key_value(&name)) {
            served.port.unseat(id.0);
            sync(served, plane);
        }
        // The plane or the program may have been first.
        let _ = self.books.close(id, &mut Waiter::woken);
        self.bring_about(plane);
    }

    /// Returns the sockets that wait for a device: nobody but the control side would notice their end.
    pub(in super::super) fn waiting(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.opens.values().filter_map(|open| open.socket.as_ref()).map(AsFd::as_fd)
    }

    /// Closes those whose program has closed its end.
    pub(in super::super) fn close_abandoned(&mut self, plane: &Plane) {
        let over = |socket: &OwnedFd| {
            let mut asked = [PollFd::new(socket, PollFlags::empty())];
            let found = poll(&mut asked, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
            found.is_ok_and(|count| count > 0)
        };
        let abandoned = self.opens.iter().filter(|(_, open)| open.socket.as_ref().is_some_and(over));
        for id in abandoned.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.close(id, plane);
        }
    }

    /// Returns a descriptor as the nodes serve it.
    pub(in super::super) fn descriptor(&self, id: HandleId) -> Option<Arc<Descriptor>> {
        self.books.handle(id).cloned()
    }

    /// Returns the next thing that applications have asked of the control side.
    pub(in super::super) fn poll_asked(&mut self) -> Option<Asked> {
        self.asked.pop_front()
    }

    /// Gives a socket that waited for its device its place there.
    fn seat(&mut self, id: HandleId, plane: &Plane) -> Result<(), ControlError> {
        let Some(handle) = self.books.handle(id).cloned() else { return Ok(()) };
        let Some(served) = handle.device().and_then(|device| self.devices.get(&device.name())) else { return Ok(()) };
        let Some(socket) = self.opens.get_mut(&id).and_then(|open| open.socket.take()) else { return Ok(()) };
        // Its packets pass by the socket, not by the queues of a node.
        let _ = handle.stand_aside(&mut Waiter::woken);
        let seated = served.port.seat(id.0, socket, handle.header());
        seated.map_err(|_| ControlError::Refused("the socket carries neither packets nor datagrams"))?;
        sync(served, plane);
        Ok(())
    }

    /// Brings about what the books say, or asks the control side to.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
    fn bring_about(&mut self, plane: &Plane) {
        while let Some(effect) = self.books.poll_effect() {
            match effect {
                Effect::FirstOpened(name) => self.ask(name, Asked::Opened),
                Effect::LastClosed(name, Lifetime::Transient) => self.ask(name, Asked::Closed),
                Effect::LastClosed(name, Lifetime::Persistent) => self.ask(name, Asked::Settled),
                Effect::Carrier(name, _) => {
                    self.follow_carrier(name);
                    self.ask(name, Asked::Settled);
                }
                Effect::Lifetime(name, lifetime) => {
                    self.wish(name, Verb::Persist { on: lifetime == Lifetime::Persistent });
                }
                Effect::Owner(name, uid) => self.wish(name, Verb::Owner { uid }),
                Effect::Group(name, gid) => self.wish(name, Verb::Group { gid: Some(gid) }),
                Effect::Mac(name, address) => self.wish(name, Verb::Ether { address }),
                Effect::Mtu(name, bytes) => self.wish(name, Verb::Mtu { bytes }),
                Effect::Header(id, header) => {
                    if let Some(served) = self.device_of(id).and_then(|name| self.devices.get(&name)) {
                        served.port.set_header(id.0, header);
                    }
                }
                Effect::Offload(id, offloads) => self.take_offloads(id, offloads),
                Effect::Queue(id, part) => self.take_part(id, part, plane),
                // The socket's own bound holds; a program that asks for none is refused nothing.
                Effect::SendBuffer(..) => {}
                _ => tracing::warn!("not brought about: {effect:?}"),
            }
        }
    }

    fn take_offloads(&mut self, id: HandleId, offloads: tap::ioctl::Offloads) {
        if let Some(served) = self.device_of(id).and_then(|name| self.devices.get(&name)) {
            served.port.set_offload(id.0, offloads);
        }
    }

    fn take_part(&mut self, id: HandleId, part: Part, plane: &Plane) {
        let served = self.device_of(id).and_then(|name| self.devices.get(&name));
        let behind_socket = self.opens.get(&id).is_some_and(|open| open.transport == Transport::Socket);
        if let Some(served) = served.filter(|_| behind_socket) {
            served.port.set_part(id.0, part);
            sync(served, plane);
        }
    }

    fn ask(&mut self, name: DeviceName, what: fn(String) -> Asked) {
        if self.devices.contains_key(&name) {
            self.asked.push_back(what(name.to_string()));
        }
    }

    fn wish(&mut self, name: DeviceName, verb: Verb) {
        self.asked.push_back(Asked::Change { device: name.to_string(), verb: Box::new(verb) });
    }

    fn device_of(&self, id: HandleId) -> Option<DeviceName> {
        let handle = self.books.handle(id)?;
        let device = handle.device()?;
        // One of the same name may have been made since.
        let same = self.books.device(device.name()).is_some_and(|there| Arc::ptr_eq(there, device));
        same.then(|| device.name())
    }
}

/// Tells the plane that seats came or went.
fn sync(served: &Served, plane: &Plane) {
    if let Some((id, port)) = served.place
        && let Err(error) = plane.sync_node(id, port, &served.port)
    {
        tracing::error!("{error}");
    }
}

/// Descriptors that a user may keep this process holding without a device. Devices have bounds of their own.
const MAX_WAITING: usize = 64;
