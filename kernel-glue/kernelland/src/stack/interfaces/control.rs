//! Requests about one interface, and what the stack answers itself before the device is asked.

use super::Interface;
use super::addresses::part_of;
use super::alias::{set_address, set_alias};
use crate::stack::address::{Part, Reference};
use crate::stack::domain::Domain;
use crate::stack::family::Port;
use crate::stack::routes;
use crate::stack::sockaddr::Sockaddr;
use crate::stack::user::{Place, done};
use haiku_abi::*;
use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Flags that the stack keeps, whatever a program asks for.
const KEPT: u32 = IFF_UP | IFF_LINK | IFF_BROADCAST;

impl Interface {
    /// Handles a request that came by a socket of that family.
    pub(crate) fn control(self: &Arc<Self>, domain: &'static Domain, option: u32, place: Place) -> status_t {
        match option {
            SIOCSIFFLAGS => self.set_flags(place),
            B_SOCKET_SET_ALIAS => set_alias(self, domain, place),
            SIOCSIFADDR | SIOCSIFNETMASK | SIOCSIFBRDADDR | SIOCSIFDSTADDR | SIOCDIFADDR => {
                set_address(self, domain, option, place)
            }
            _ => match self.link(domain.family()) {
                Some(link) => link.control(self, option, place),
                None => B_BAD_VALUE,
            },
        }
    }

    fn set_flags(self: &Arc<Self>, place: Place) -> status_t {
        if place.length() != size_of::<ifreq>() {
            return B_BAD_VALUE;
        }
        let Ok(wanted) = place.after(IF_NAMESIZE).read::<u32>() else { return B_BAD_ADDRESS };
        if (wanted ^ self.flags()) & IFF_UP != 0 {
            if wanted & IFF_UP == 0 {
                self.set_down();
            } else if let Err(failed) = self.set_up() {
                return failed;
            }
        }
        let new = |flags| Some((flags & KEPT) | (wanted & !KEPT));
        let _ = self.flags.fetch_update(Ordering::AcqRel, Ordering::Acquire, new);
        B_OK
    }

    /// The end of every way to the link: what the stack knows itself, and for the rest the device.
    pub(crate) fn answer(self: &Arc<Self>, domain: &'static Domain, option: u32, place: Place) -> status_t {
        match self.try_answer(domain, option, place) {
            Ok(()) => B_OK,
            Err(failed) => failed,
        }
    }

    fn try_answer(self: &Arc<Self>, domain: &'static Domain, option: u32, place: Place) -> Result<(), status_t> {
        let hardware = self.hardware();
        let argument = place.after(IF_NAMESIZE);
        match option {
            SIOCGIFADDR | SIOCGIFNETMASK | SIOCGIFBRDADDR | SIOCGIFDSTADDR => self.get_address(domain, option, place),
            B_SOCKET_COUNT_ALIASES => done(argument.write(&(self.addresses().len() as i32))),
            B_SOCKET_GET_ALIAS => self.get_alias(domain, place),
            SIOCGIFFLAGS => done(argument.write(&(self.flags() | hardware.flags()))),
            SIOCGIFSTATS => done(argument.write(&self.stats())),
            SIOCGIFTYPE => done(argument.write(&i32::from(self.kind))),
            SIOCGIFMTU => done(argument.write(&(hardware.mtu() as i32))),
            SIOCSIFMTU => {
                let mtu: i32 = read_argument(place)?;
                done(hardware.set_mtu(mtu as usize))
            }
            SIOCSIFMEDIA => self.set_media(place),
            SIOCGIFMEDIA => {
                if place.length() > 0 && place.length() < IF_NAMESIZE + size_of::<i32>() {
                    return Err(B_BAD_VALUE);
                }
                let _present: i32 = argument.read()?;
                done(argument.write(&hardware.media()))
            }
            SIOCGIFMETRIC => done(argument.write(&self.metric.load(Ordering::Relaxed))),
            SIOCSIFMETRIC => {
                self.metric.store(read_argument::<u32>(place)?, Ordering::Relaxed);
                Ok(())
            }
            SIOCADDRT | SIOCDELRT => done(routes::control(self, domain, option, place)),
            // SAFETY: the argument is what the caller of the socket gave for the device.
            _ => done(unsafe { hardware.control(option.cast_signed(), place.raw(), place.length()) }),
        }
    }

    fn get_address(&self, domain: &Domain, option: u32, place: Place) -> Result<(), status_t> {
        let length = if place.length() == 0 { size_of::<ifreq>() } else { place.length() };
        if length < size_of::<ifreq>() {
            return Err(B_BAD_VALUE);
        }
        let request = place.after(IF_NAMESIZE);
        let asked: Sockaddr = request.read_some(size_of::<sockaddr>())?;
        let found = super::local_address(&asked).or_else(|| self.first_of(domain.family())).ok_or(B_BAD_VALUE)?;
        let part = part_of(option).unwrap_or(Part::Local);
        done(request.write_address(found.get(part).as_ref(), length - IF_NAMESIZE))
    }

    fn get_alias(&self, domain: &Domain, place: Place) -> Result<(), status_t> {
        let family = domain.family();
        let request: ifaliasreq = place.read()?;
        let asked = Sockaddr::from(request.ifra_addr);
        let address: Option<Reference> = match usize::try_from(request.ifra_index) {
            Ok(index) => self.address_at(index),
            Err(_) if family.is_empty(Some(&asked), Port::Ignored) => self.first_of(family),
            Err(_) => self.address_for_local(domain, &asked),
        };
        let address = address.ok_or(B_BAD_VALUE)?;
        let index = self.index_of(&address).map_or(-1, |at| at as i32);
        let storage = size_of::<sockaddr_storage>();
        done(place.after(offset_of!(ifaliasreq, ifra_index)).write(&index))?;
        for (offset, part) in [
            (offset_of!(ifaliasreq, ifra_addr), Part::Local),
            (offset_of!(ifaliasreq, ifra_mask), Part::Mask),
            (offset_of!(ifaliasreq, ifra_destination), Part::Destination),
        ] {
            done(place.after(offset).write_address(address.get(part).as_ref(), storage))?;
        }
        Ok(())
    }

    /// What the stack counted, with what the driver knows better if it counts.
    fn stats(&self) -> ifreq_stats {
        let hardware = self.hardware();
        let mut stats = hardware.stats();
        let mut driver = ifreq_stats::default();
        let (at, length) = (std::ptr::from_mut(&mut driver).cast(), size_of::<ifreq_stats>());
        // SAFETY: this request has that structure as its argument.
        if unsafe { hardware.control(SIOCGIFSTATS.cast_signed(), at, length) } == B_OK {
            stats.receive.dropped += driver.receive.dropped;
            stats.receive.errors += driver.receive.errors;
            stats.send = driver.send;
            stats.collisions += driver.collisions;
        }
        stats
    }

    /// Sets the media by the device's hook, or by its driver if it has none.
    fn set_media(&self, place: Place) -> Result<(), status_t> {
        let mut request: ifreq = place.read()?;
        let media: u32 = read_argument(place)?;
        match self.hardware().set_media(media) {
            B_NOT_SUPPORTED => {
                let at = std::ptr::from_mut(&mut request).cast();
                // SAFETY: this request has that structure as its argument.
                done(unsafe { self.hardware().control(SIOCSIFMEDIA.cast_signed(), at, size_of::<ifreq>()) })
            }
            status => done(status),
        }
    }
}

/// The argument of a whole request.
fn read_argument<T: crate::stack::user::Plain>(place: Place) -> Result<T, status_t> {
    let _whole: ifreq = place.read()?;
    place.after(IF_NAMESIZE).read()
}
