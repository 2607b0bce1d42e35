//! What several targets share.

pub mod checksum;
pub mod neighbours;
pub mod steps;
