//! Members of structures that others share, by address: no reference to the whole is made, which somebody else may change.

/// The address of a member of a structure that is given by its address.
macro_rules! member {
    ($at:expr => $type:ty, $member:ident) => {{
        let whole: *mut $type = $at;
        let member = whole.cast::<u8>().wrapping_add(std::mem::offset_of!($type, $member));
        $crate::stack::member::typed(member, |whole: &$type| &whole.$member)
    }};
}

pub(crate) use member;

/// The address with the type of the member that the function shows.
pub(crate) fn typed<T, F>(at: *mut u8, _member: fn(&T) -> &F) -> *mut F {
    at.cast()
}
