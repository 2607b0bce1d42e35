//! Opening, attaching and closing descriptors.

use super::{ControlError, Credentials, Devices, Effect, HandleId, MAX_HANDLES, MAX_QUEUES, Sharing};
use crate::ioctl::{Attach, AttachFlags, Offloads, Part, Wanted};
use crate::{AttachError, Carrier, DeviceName, Families, Handle, Header, Kind, Node, VnetBytes};
use alloc::sync::Arc;

/// How a descriptor is opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Opening {
    /// By which node.
    pub node: Node,
    /// What its packets travel by.
    pub transport: Transport,
    /// What the operator has every attachment of a kind mean, whatever the application names.
    pub meant: Option<DeviceName>,
}

/// What a descriptor's packets travel by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    /// A socket, beside which every ioctl is answered.
    Socket,
    /// A node whose file system passes no ioctl that takes a value, so that `TUNSETOFFLOAD` cannot follow
    /// `IFF_VNET_HDR`: virtio-net headers are neither offered nor set.
    Node,
}

/// An open descriptor as the books know it.
pub(super) struct Open<P, W> {
    pub(super) handle: Arc<Handle<P, W>>,
    opening: Opening,
    /// The name that was suggested to the platform for an attachment that leaves the choice.
    made: Option<DeviceName>,
    /// `None` until the application attaches; opening a device's own node is not yet that.
    pub(super) flags: Option<AttachFlags>,
    pub(super) vnet_length: VnetBytes,
    /// FreeBSD's way to ask for a virtio-net header.
    pub(super) vnet: Option<VnetBytes>,
    pub(super) families: Option<Families>,
    pub(super) send_buffer: u32,
    pub(super) offloads: Offloads,
    /// Whether it takes its share of packets.
    pub(super) part: Part,
}

impl Transport {
    /// Returns the flags that an attachment may have.
    pub(super) const fn features(self) -> AttachFlags {
        let all = AttachFlags::PACKET_INFO
            .union(AttachFlags::MULTI_QUEUE)
            .union(AttachFlags::NO_CARRIER)
            .union(AttachFlags::ONE_QUEUE);
        match self {
            Self::Socket => all.union(AttachFlags::VNET),
            Self::Node => all,
        }
    }
}

impl<P, W> Open<P, W> {
    pub(super) fn transport(&self) -> Transport {
        self.opening.transport
    }

    /// Returns what precedes each packet.
    pub(super) fn header(&self, kind: Kind) -> Header {
        let flags = self.flags.unwrap_or_default();
        let vnet = if flags.contains(AttachFlags::VNET) { Some(self.vnet_length) } else { self.vnet };
        match (flags.contains(AttachFlags::PACKET_INFO), vnet, self.families, kind) {
            (true, Some(vnet), _, _) => Header::PacketInfoVnet(vnet),
            (true, None, _, _) => Header::PacketInfo,
            (false, Some(vnet), _, _) => Header::Vnet(vnet),
            (false, None, Some(families), Kind::Tun) => Header::AddressFamily(families),
            (false, None, _, Kind::Tap) | (false, None, None, Kind::Tun) => Header::None,
        }
    }
}

impl<P, W> Devices<P, W> {
    /// Opens a node.
    ///
    /// # Errors
    /// [`ControlError::NoDevice`] with the name that is to be made: the platform makes it and opens
    /// [`Node::Unit`]. Besides [`ControlError::Busy`], [`ControlError::NotPermitted`], [`ControlError::TooManyHandles`]
    /// and [`ControlError::TooManyQueues`]. Nothing is left open.
    pub fn open(
        &mut self,
        opening: Opening,
        who: &Credentials,
        wake: &mut dyn FnMut(W),
    ) -> Result<HandleId, ControlError> {
        if self.handles.len() >= MAX_HANDLES {
            return Err(ControlError::TooManyHandles);
        }
        let named = match opening.node {
            Node::Any => None,
            Node::Unit(name) => Some(name),
            Node::Clone(kind) => Some(match opening.meant {
                Some(name) if name.kind == kind => name,
                Some(_) | None => return Err(self.suggest(kind, who)),
            }),
        };
        let open = Open {
            handle: Arc::new(Handle::new()),
            opening,
            made: None,
            flags: None,
            vnet_length: VnetBytes::Ten,
            vnet: None,
            families: None,
            send_buffer: DEFAULT_SEND_BUFFER,
            offloads: Offloads::empty(),
            part: Part::In,
        };
        if let Some(name) = named {
            self.check_open(name, who)?;
            self.join(&open.handle, name, Carrier::FollowsOpen, wake)?;
        }
        let id = HandleId(self.next_handle);
        self.next_handle += 1;
        self.handles.insert(id, open);
        Ok(id)
    }

    /// Closes a descriptor, whose tokens go to `wake`.
    ///
    /// # Errors
    /// [`ControlError::NoHandle`].
    pub fn close(&mut self, id: HandleId, wake: &mut dyn FnMut(W)) -> Result<(), ControlError> {
        let open = self.handles.remove(&id).ok_or(ControlError::NoHandle(id))?;
        open.handle.close(wake);
        let Some(device) = open.handle.device() else { return Ok(()) };
        let name = device.name();
        let Some(entry) = self.devices.get(&name).filter(|entry| Arc::ptr_eq(&entry.device, device)) else {
            return Ok(());
        };
        if !device.is_open() {
            // What an application said of the carrier went with it.
            device.set_carrier(entry.settings.carrier);
            self.effects.push_back(Effect::LastClosed(name, entry.settings.lifetime));
        }
        self.follow_carrier(name);
        Ok(())
    }

    /// Tells the books which device was made for a descriptor whose attachment leaves the choice, when it is another
    /// than [`ControlError::NoDevice`] suggested.
    ///
    /// # Errors
    /// [`ControlError::NoHandle`].
    pub fn reserve(&mut self, id: HandleId, name: DeviceName) -> Result<(), ControlError> {
        self.handles.get_mut(&id).ok_or(ControlError::NoHandle(id))?.made = Some(name);
        Ok(())
    }

    /// Carries out `TUNSETIFF`, by the rules and in the order of Linux's `tun_set_iff`.
    pub(super) fn attach(
        &mut self,
        id: HandleId,
        attach: Attach,
        who: &Credentials,
        wake: &mut dyn FnMut(W),
    ) -> Result<(DeviceName, AttachFlags), ControlError> {
        let open = self.handles.get(&id).ok_or(ControlError::NoHandle(id))?;
        if open.flags.is_some() {
            return Err(ControlError::Attached);
        }
        let flags = attach.flags.intersection(open.transport().features());
        let carrier = if flags.contains(AttachFlags::NO_CARRIER) { Carrier::Down } else { Carrier::FollowsOpen };
        let handle = Arc::clone(&open.handle);
        let name = if let Some(device) = handle.device() {
            // The node has chosen, and renames nothing; the application may only be of another mind about the kind.
            let name = device.name();
            let entry = self.devices.get(&name).filter(|entry| Arc::ptr_eq(&entry.device, device));
            let entry = entry.ok_or(ControlError::Dead)?;
            if name.kind != attach.kind || flags.sharing() != entry.settings.sharing {
                return Err(ControlError::Invalid);
            }
            if carrier == Carrier::Down {
                device.set_carrier(carrier);
            }
            name
        } else {
            let name = match (open.opening.meant, attach.wanted) {
                (Some(meant), _) if meant.kind == attach.kind => meant,
                (_, Wanted::Named(name)) if name.kind == attach.kind => name,
                (_, Wanted::Any) => match open.made.filter(|made| self.is_fresh(*made)) {
                    Some(made) => made,
                    None => {
                        let none = self.suggest(attach.kind, who);
                        if let (ControlError::NoDevice(name), Some(open)) = (none, self.handles.get_mut(&id)) {
                            open.made = Some(name);
                        }
                        return Err(none);
                    }
                },
                (_, Wanted::Named(_) | Wanted::Foreign) => return Err(ControlError::Invalid),
            };
            self.check_attach(name, attach.flags, who)?;
            self.join(&handle, name, carrier, wake)?;
            name
        };
        self.follow_carrier(name);
        if let Some(open) = self.handles.get_mut(&id) {
            open.flags = Some(flags);
        }
        self.set_header(id, name.kind);
        Ok((name, flags))
    }

    /// Lets a descriptor's header follow what is set for it.
    pub(super) fn set_header(&mut self, id: HandleId, kind: Kind) {
        let Some(open) = self.handles.get(&id) else { return };
        let header = open.header(kind);
        if open.handle.header() != header {
            open.handle.set_header(header);
            self.effects.push_back(Effect::Header(id, header));
        }
    }

    fn check_open(&self, name: DeviceName, who: &Credentials) -> Result<(), ControlError> {
        let Some(entry) = self.devices.get(&name) else {
            return Err(if who.is_administrator() { ControlError::NoDevice(name) } else { ControlError::NotPermitted });
        };
        if !who.may_open(&entry.settings) {
            return Err(ControlError::NotPermitted);
        }
        self.check_room(name)
    }

    fn check_attach(&self, name: DeviceName, flags: AttachFlags, who: &Credentials) -> Result<(), ControlError> {
        let Some(entry) = self.devices.get(&name) else { return self.check_open(name, who) };
        if flags.contains(AttachFlags::EXCLUSIVE) && !self.is_fresh(name) {
            return Err(ControlError::Busy(name));
        }
        if flags.sharing() != entry.settings.sharing {
            return Err(ControlError::Invalid);
        }
        self.check_open(name, who)
    }

    fn check_room(&self, name: DeviceName) -> Result<(), ControlError> {
        let Some(entry) = self.devices.get(&name) else { return Err(ControlError::NoDevice(name)) };
        match entry.settings.sharing {
            Sharing::Exclusive if entry.device.is_open() => Err(ControlError::Busy(name)),
            Sharing::MultiQueue if self.opens(name).count() >= MAX_QUEUES => Err(ControlError::TooManyQueues(name)),
            Sharing::Exclusive | Sharing::MultiQueue => Ok(()),
        }
    }

    /// Attaches a descriptor to a device that has room for it.
    fn join(
        &mut self,
        handle: &Handle<P, W>,
        name: DeviceName,
        carrier: Carrier,
        wake: &mut dyn FnMut(W),
    ) -> Result<(), ControlError> {
        let entry = self.entry(name)?;
        let first = !entry.device.is_open();
        handle.attach(&entry.device, wake).map_err(|why| match why {
            AttachError::Attached => ControlError::Attached,
            AttachError::Dead | AttachError::Closed | AttachError::Detached => ControlError::Dead,
        })?;
        entry.fresh = false;
        if carrier == Carrier::Down {
            entry.device.set_carrier(carrier);
        }
        if first {
            self.effects.push_back(Effect::FirstOpened(name));
        }
        self.follow_carrier(name);
        Ok(())
    }

    fn is_fresh(&self, name: DeviceName) -> bool {
        self.devices.get(&name).is_some_and(|entry| entry.fresh)
    }

    fn suggest(&self, kind: Kind, who: &Credentials) -> ControlError {
        if !who.is_administrator() {
            return ControlError::NotPermitted;
        }
        self.free_name(kind, |_| false).map_or(ControlError::TooManyDevices, ControlError::NoDevice)
    }
}

impl AttachFlags {
    /// Returns how a device must be shared for such an attachment.
    #[must_use]
    pub fn sharing(self) -> Sharing {
        if self.contains(Self::MULTI_QUEUE) { Sharing::MultiQueue } else { Sharing::Exclusive }
    }
}

/// Linux's: no limit (`INT_MAX`).
const DEFAULT_SEND_BUFFER: u32 = i32::MAX as u32;
