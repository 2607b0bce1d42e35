//! What several targets share.

pub mod neighbours;
