//! A kernel in user space that loads the network add-ons of Haiku.
