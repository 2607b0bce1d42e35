//! A naive bridge.
