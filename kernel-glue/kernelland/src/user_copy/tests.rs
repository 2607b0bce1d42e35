use super::{copy, copy_string, set};
use haiku_abi::{B_BAD_ADDRESS, B_OK};

#[test]
fn addresses_that_are_not_there_are_errors() {
    let mut here = [0u8; 4096];
    let kernels = std::ptr::without_provenance_mut::<u8>(crate::user::KERNEL_ADDRESS);
    let low = std::ptr::without_provenance_mut::<u8>(0x1000);
    for nowhere in [kernels, low] {
        for bytes in [1, 8, 100, 4096] {
            assert_eq!(copy(here.as_mut_ptr(), nowhere, bytes), B_BAD_ADDRESS);
            assert_eq!(copy(nowhere, here.as_ptr(), bytes), B_BAD_ADDRESS);
            assert_eq!(set(nowhere, 1, bytes), B_BAD_ADDRESS);
        }
        assert_eq!(copy_string(here.as_mut_ptr(), nowhere, 5), B_BAD_ADDRESS as isize);
    }
    // Nothing of it stays: the next one works.
    assert_eq!(copy(here.as_mut_ptr(), b"abcd".as_ptr(), 4), B_OK);
    assert_eq!(&here[..5], b"abcd\0");
    assert_eq!(set(here.as_mut_ptr(), 7, 2), B_OK);
    assert_eq!(&here[..5], b"\x07\x07cd\0");
}

#[test]
fn strings_are_cut_and_ended() {
    let mut to = [9u8; 4];
    assert_eq!(copy_string(to.as_mut_ptr(), c"ab".as_ptr().cast(), 4), 2);
    assert_eq!(&to, b"ab\0\x09");
    assert_eq!(copy_string(to.as_mut_ptr(), c"abcdef".as_ptr().cast(), 4), 6);
    assert_eq!(&to, b"abc\0");
}
