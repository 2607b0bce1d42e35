//! How constants are written down once, for use and for comparison.

/// Defines constants, and lists them for the comparison with `constants.csv`.
macro_rules! constants {
    ($($name:ident: $type:ty = $value:expr;)*) => {
        $(pub const $name: $type = $value;)*
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, i64)] = &[$((stringify!($name), $value as i64)),*];
    };
}

pub(crate) use constants;
