use super::Ring;

#[test]
fn the_first_comes_first_and_what_has_no_room_comes_back() {
    let ring = Ring::new(2);
    assert!(ring.is_empty() && !ring.is_full());
    assert_eq!((ring.push(1), ring.push(2), ring.push(3)), (Ok(()), Ok(()), Err(3)));
    assert!(ring.is_full());
    assert_eq!(ring.pop(), Some(1));
    assert_eq!(ring.push(4), Ok(()));
    assert_eq!([ring.pop(), ring.pop(), ring.pop()], [Some(2), Some(4), None]);
    assert!(ring.is_empty());
}
