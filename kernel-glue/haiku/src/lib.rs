//! Trestle as a kernel add-on of Haiku.
#![no_std]

extern crate alloc;
