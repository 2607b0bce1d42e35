//! The C types, constants and calls of Haiku on x86_64, as far as Trestle meets them.
#![no_std]
