//! Point-to-point links where only Ethernet exists: IP packets as Ethernet frames, and frames as packets.
//!
//! Nothing here allocates, blocks or reads a clock, and no payload is copied: the caller is told which bytes of a frame
//! are the packet, and which header goes before a packet. Who is asked for the header's addresses, and what becomes of
//! neighbours' messages, is the business of whoever binds this to a link.
//!
//! - [`shim`]: a frame's packet, a packet's header.
//! - [`path_mtu`] and [`fragment`]: packets larger than the tunnel.
//! - [`mss`]: TCP kept within the tunnel from the start.
//!
//! ```
//! use frame::{Mac, offload::Offload};
//! use ppp_shim::shim::{Destination, Stripped, classify, header, strip};
//!
//! // A packet as an application writes it, behind room for the header.
//! let packet = [
//!     0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253, 0x66, 0xd9, 10, 8, 0, 1, 10, 8, 0, 2,
//! ];
//! let mut buffer = [0; 60];
//! buffer[14..34].copy_from_slice(&packet);
//!
//! // Wrapping writes 14 bytes and moves none.
//! let kind = classify(&buffer[14..34])?;
//! assert_eq!(kind.destination, Destination::Unicast([10, 8, 0, 2].into()));
//! let (host, peer) = (Mac([2, 0, 0, 0, 0, 2]), Mac([2, 0, 0, 0, 0, 1]));
//! buffer[..14].copy_from_slice(&header(host, peer, kind.version));
//!
//! // Stripping finds the packet again; what pads the frame to Ethernet's least size is left out.
//! let Stripped::Packet(found) = strip(&buffer, 60, None, &Offload::default())? else { panic!() };
//! assert_eq!(buffer[found.start..found.start + found.bytes], packet);
//! # Ok::<(), frame::DropReason>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

pub mod dhcp;
pub mod fragment;
mod ip;
pub mod mss;
pub mod path_mtu;
pub mod shim;
mod upper;
