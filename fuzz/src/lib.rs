//! What several targets share.

pub mod neighbours;
pub mod steps;
