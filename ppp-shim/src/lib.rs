//! Point-to-point links where only Ethernet exists: IP packets as Ethernet frames, and frames as packets.
//!
//! Nothing here allocates, blocks or reads a clock, and no payload is copied: the caller is told which bytes of a frame
//! are the packet, and which header goes before a packet.
#![no_std]
#![forbid(unsafe_code)]

pub mod dhcp;
