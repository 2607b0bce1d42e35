//! Carrying out ioctls.

use super::open::Open;
use super::{ControlError, Credentials, DeviceSettings, Devices, Effect, HandleId, Transport, rules};
use crate::ioctl::{Addressing, Answer, AttachFlags, Lifetime, Offloads, Part, Request};
use crate::{Device, DeviceName, Kind, Ready};
use alloc::sync::Arc;
use frame::Mac;

impl<P, W> Devices<P, W> {
    /// Carries out a request on an open descriptor.
    ///
    /// # Errors
    /// [`ControlError::NoDevice`] when an attachment names, or leaves the choice of, a device that is to be made: the
    /// platform makes it, transient and with the sharing that the flags ask for, and asks again.
    pub fn control(
        &mut self,
        id: HandleId,
        request: Request,
        who: &Credentials,
        wake: &mut dyn FnMut(W),
    ) -> Result<Answer, ControlError> {
        if let Request::Attach(attach) = request {
            let (name, flags) = self.attach(id, attach, who, wake)?;
            return Ok(Answer::Attached(name, flags));
        }
        let open = self.handles.get(&id).ok_or(ControlError::NoHandle(id))?;
        if let Some(answer) = answer_unattached(open, request) {
            return Ok(answer);
        }
        let device = Arc::clone(open.handle.device().ok_or(ControlError::Detached)?);
        self.control_attached(id, &device, request, who, wake)
    }

    fn control_attached(
        &mut self,
        id: HandleId,
        device: &Arc<Device<P, W>>,
        request: Request,
        who: &Credentials,
        wake: &mut dyn FnMut(W),
    ) -> Result<Answer, ControlError> {
        let name = device.name();
        let open = self.handles.get_mut(&id).ok_or(ControlError::NoHandle(id))?;
        let entry = self.devices.get_mut(&name).filter(|entry| Arc::ptr_eq(&entry.device, device));
        let entry = entry.ok_or(ControlError::Dead)?;
        let settings = &mut entry.settings;
        let effect = match request {
            // An application which opened the device's own node is asked for no attachment.
            Request::Attachment => {
                let mut flags = open.flags.unwrap_or_default();
                flags.set(AttachFlags::PERSISTENT, settings.lifetime == Lifetime::Persistent);
                return Ok(Answer::Attached(name, flags));
            }
            Request::GetLifetime => return Ok(truth(settings.lifetime == Lifetime::Transient)),
            Request::GetSendBuffer => return Ok(Answer::Number(open.send_buffer)),
            Request::GetVnetLength => return Ok(Answer::Number(open.vnet_length.bytes() as u32)),
            Request::GetVnet => return Ok(Answer::Number(open.vnet.map_or(0, |vnet| vnet.bytes() as u32))),
            Request::GetAddressFamily => return Ok(truth(open.families.is_some())),
            Request::GetMac => return Ok(Answer::Hardware((name.kind == Kind::Tap).then_some(settings.mac))),
            Request::GetMtu => return Ok(Answer::Number(settings.mtu_bytes)),
            Request::GetFrameSize => return Ok(Answer::Number(settings.mtu_bytes + head_bytes(name.kind))),
            Request::GetName => return Ok(Answer::Name(name)),
            Request::GetInfo => return Ok(Answer::Info(settings.mtu_bytes, name.kind)),
            Request::GetNothing => return Ok(Answer::Number(0)),
            Request::Nothing | Request::Addressing(Addressing::PointToPoint) => return Ok(Answer::Done),
            Request::Addressing(Addressing::Broadcast) => {
                return Err(ControlError::Refused("a tun is point-to-point"));
            }

            Request::Lifetime(lifetime) => {
                permit(who.may_give(settings))?;
                settings.lifetime = lifetime;
                Effect::Lifetime(name, lifetime)
            }
            Request::Owner(owner) => {
                permit(who.may_give(settings))?;
                settings.owner = owner;
                Effect::Owner(name, owner)
            }
            Request::Group(group) => {
                permit(who.may_give(settings))?;
                settings.group = group;
                // A group that is named is admitted, as by Linux.
                settings.mode |= 0o060;
                Effect::Group(name, group)
            }
            Request::Offload(offloads) => {
                check_offload(open, offloads)?;
                open.offloads = offloads;
                Effect::Offload(id, offloads)
            }
            Request::SendBuffer(bytes) => {
                open.send_buffer = bytes;
                Effect::SendBuffer(id, bytes)
            }
            Request::VnetLength(length) => {
                open.vnet_length = length;
                self.set_header(id, name.kind);
                return Ok(Answer::Done);
            }
            Request::Vnet(vnet) => {
                if name.kind == Kind::Tun {
                    return Err(ControlError::Refused("virtio-net headers are a tap's"));
                }
                open.vnet = vnet;
                self.set_header(id, name.kind);
                return Ok(Answer::Done);
            }
            Request::AddressFamily(families) => {
                if name.kind == Kind::Tap {
                    return Err(ControlError::Refused("address families are a tun's"));
                }
                open.families = families;
                self.set_header(id, name.kind);
                return Ok(Answer::Done);
            }
            Request::Queue(part) => {
                let handle = Arc::clone(&open.handle);
                // One queue alone has nobody to leave its packets to.
                if !open.flags.is_some_and(|flags| flags.contains(AttachFlags::MULTI_QUEUE)) {
                    return Err(ControlError::Invalid);
                }
                if open.part == part {
                    return Err(ControlError::Invalid);
                }
                // Behind a socket the platform has the queue, and the handle none.
                let moved = match (open.transport(), part) {
                    (Transport::Socket, Part::In | Part::Aside) => Ok(()),
                    (Transport::Node, Part::In) => handle.step_in(wake),
                    (Transport::Node, Part::Aside) => handle.stand_aside(wake),
                };
                moved.map_err(|_| ControlError::Invalid)?;
                open.part = part;
                Effect::Queue(id, part)
            }
            Request::Carrier(carrier) => {
                device.set_carrier(carrier);
                self.follow_carrier(name);
                return Ok(Answer::Done);
            }
            Request::SetMac(mac) => set_mac(name, settings, mac)?,
            Request::SetMtu(mtu_bytes) => set_mtu(name, settings, mtu_bytes)?,
            Request::SetInfo { mtu_bytes, kind } => {
                if kind != Some(name.kind) {
                    return Err(ControlError::Invalid);
                }
                set_mtu(name, settings, mtu_bytes)?
            }
            // Carried out before a device is needed.
            Request::Attach(_) | Request::Features | Request::Mode(_) | Request::GetReadable | Request::GetWritable => {
                return Ok(Answer::Done);
            }
        };
        self.effects.push_back(effect);
        Ok(Answer::Done)
    }
}

/// Answers what a descriptor without a device can be asked.
fn answer_unattached<P, W>(open: &Open<P, W>, request: Request) -> Option<Answer> {
    if let Request::Mode(mode) = request {
        open.handle.set_mode(mode);
        return Some(Answer::Done);
    }
    let ready = open.handle.ready();
    if request == Request::Features {
        // Packet information is the default, and its absence the flag.
        Some(Answer::Features(open.transport().features().difference(AttachFlags::PACKET_INFO)))
    } else if request == Request::GetReadable {
        Some(truth(ready.intersects(!Ready::WRITE)))
    } else if request == Request::GetWritable {
        Some(truth(ready.intersects(!Ready::READ)))
    } else {
        None
    }
}

fn permit(may: bool) -> Result<(), ControlError> {
    if may { Ok(()) } else { Err(ControlError::NotPermitted) }
}

/// Work that is left undone is told in a virtio-net header; without one there is nowhere to tell it.
fn check_offload<P, W>(open: &Open<P, W>, offloads: Offloads) -> Result<(), ControlError> {
    let vnet = open.vnet.is_some() || open.flags.is_some_and(|flags| flags.contains(AttachFlags::VNET));
    if offloads.is_empty() || vnet { Ok(()) } else { Err(ControlError::Invalid) }
}

fn set_mac(name: DeviceName, settings: &mut DeviceSettings, mac: Mac) -> Result<Effect, ControlError> {
    if name.kind == Kind::Tun || mac.is_group() || mac == Mac::ZERO {
        return Err(ControlError::Invalid);
    }
    settings.mac = mac;
    Ok(Effect::Mac(name, mac))
}

fn set_mtu(name: DeviceName, settings: &mut DeviceSettings, mtu_bytes: u32) -> Result<Effect, ControlError> {
    rules::check_mtu(name.kind, mtu_bytes)?;
    settings.mtu_bytes = mtu_bytes;
    Ok(Effect::Mtu(name, mtu_bytes))
}

fn head_bytes(kind: Kind) -> u32 {
    match kind {
        Kind::Tap => frame::HEADER_BYTES as u32,
        Kind::Tun => 0,
    }
}

fn truth(is: bool) -> Answer {
    Answer::Number(is.into())
}
