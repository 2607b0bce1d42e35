//! How the layout of a type is asserted, and listed for comparison.

/// Asserts size, alignment and the offset of each member, and lists them for the comparison with `abi.csv`.
macro_rules! layout {
    ($list:ident: $($type:ident $size:literal / $align:literal { $($member:ident $offset:literal,)* })*) => {
        $(const _: () = {
            assert!(size_of::<$type>() == $size);
            assert!(align_of::<$type>() == $align);
            $(assert!(core::mem::offset_of!($type, $member) == $offset);)*
        };)*
        #[cfg(test)]
        pub(crate) const $list: &[(&str, &str, usize)] = &[
            $(
                (stringify!($type), "__sizeof__", size_of::<$type>()),
                (stringify!($type), "__alignof__", align_of::<$type>()),
                $((stringify!($type), stringify!($member), core::mem::offset_of!($type, $member)),)*
            )*
        ];
    };
}

/// Defines a table of function pointers behind a module's header; any of them may be null.
macro_rules! hooks {
    ($(#[$doc:meta])* $name:ident { $(pub $before:ident: $type:ty,)* $(fn $hook:ident $arguments:tt $(-> $result:ty)?;)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name {
            $(pub $before: $type,)*
            $(pub $hook: Option<unsafe extern "C" fn $arguments $(-> $result)?>,)*
        }

        // SAFETY: the table is plain data; whoever calls through it keeps the contract of the hook.
        unsafe impl Sync for $name {}
        // SAFETY: as above.
        unsafe impl Send for $name {}
    };
}

pub(crate) use {hooks, layout};
