//! What a device is set to: as a state and a picture say it, and as the books of its descriptors do.

use super::picture::{Device, Life, LinkWish};
use super::request::Carrier;
use super::state::TapState;
use alloc::boxed::Box;
use tap::ioctl::Lifetime;
use tap::{DeviceSettings, Sharing};

impl Device {
    /// Returns what a state says of a device.
    pub fn of(kind: tap::Kind, state: &TapState, link: Option<Box<LinkWish>>) -> Self {
        Self {
            kind,
            owner: state.owner,
            group: state.group,
            mode: state.mode,
            multi_queue: state.multi_queue,
            carrier: state.carrier,
            queue_packets: state.queue_packets,
            life: if state.transient { Life::Transient } else { Life::Persistent },
            link,
        }
    }

    /// Writes what it says into the settings of the device, but for its life, address and MTU.
    pub fn configure(&self, settings: &mut DeviceSettings) {
        settings.queue_packets = self.queue_packets.into();
        settings.sharing = if self.multi_queue { Sharing::MultiQueue } else { Sharing::Exclusive };
        settings.owner = self.owner;
        settings.group = self.group.unwrap_or_default();
        settings.mode = self.mode;
        settings.carrier = match self.carrier {
            Carrier::Auto => tap::Carrier::FollowsOpen,
            Carrier::Up => tap::Carrier::Up,
            Carrier::Down => tap::Carrier::Down,
        };
    }
}

impl From<Life> for Lifetime {
    fn from(life: Life) -> Self {
        match life {
            Life::Persistent => Self::Persistent,
            Life::Transient => Self::Transient,
        }
    }
}

impl TapState {
    /// Takes over the settings of the device, but for its address and MTU.
    pub fn follow(&mut self, settings: &DeviceSettings) {
        self.owner = settings.owner;
        // Root's is the group of what has none.
        self.group = Some(settings.group).filter(|&group| group != 0);
        self.mode = settings.mode;
        self.multi_queue = settings.sharing == Sharing::MultiQueue;
        self.carrier = match settings.carrier {
            tap::Carrier::FollowsOpen => Carrier::Auto,
            tap::Carrier::Up => Carrier::Up,
            tap::Carrier::Down => Carrier::Down,
        };
        self.queue_packets = u16::try_from(settings.queue_packets).unwrap_or(u16::MAX);
        self.transient = settings.lifetime == Lifetime::Transient;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_device_is_what_it_is_set_to() {
        for (carrier, life) in
            [(Carrier::Auto, Life::Persistent), (Carrier::Up, Life::Transient), (Carrier::Down, Life::Persistent)]
        {
            let state = TapState {
                owner: 7,
                group: Some(8),
                mode: 0o660,
                multi_queue: life == Life::Transient,
                carrier,
                queue_packets: 99,
                transient: life == Life::Transient,
                ..TapState::default()
            };
            let device = Device::of(tap::Kind::Tap, &state, None);
            let mut settings = DeviceSettings { lifetime: device.life.into(), ..DeviceSettings::default() };
            device.configure(&mut settings);
            let mut again = TapState::default();
            again.follow(&settings);
            assert_eq!(again, state);
        }
    }
}
