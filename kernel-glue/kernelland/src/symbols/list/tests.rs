use super::*;

/// Something with its link in the middle.
#[repr(C)]
struct Item {
    number: u64,
    link: list_link,
}

fn item(number: u64) -> Box<Item> {
    Box::new(Item { number, link: list_link::new() })
}

fn at(item: &mut Item) -> *mut c_void {
    std::ptr::from_mut(item).cast()
}

/// Walks a list in both directions; they must agree.
fn numbers(list: &mut list) -> Vec<u64> {
    let mut forth = Vec::new();
    let mut now = null_mut();
    loop {
        // SAFETY: a list of the test, of items that live.
        now = unsafe { list_get_next_item(list, now) };
        if now.is_null() {
            break;
        }
        // SAFETY: as above.
        forth.push(unsafe { &*now.cast::<Item>() }.number);
    }
    let mut back = Vec::new();
    loop {
        // SAFETY: as above.
        now = unsafe { list_get_prev_item(list, now) };
        if now.is_null() {
            break;
        }
        // SAFETY: as above.
        back.insert(0, unsafe { &*now.cast::<Item>() }.number);
    }
    assert_eq!(forth, back);
    forth
}

#[test]
fn items_come_and_go_at_every_place() {
    let mut list = list { link: list_link::new(), offset: 0 };
    // SAFETY: a list of the test.
    unsafe { list_init_etc(&raw mut list, 8) };
    let [mut one, mut two, mut three, mut four] = [1, 2, 3, 4].map(item);
    // SAFETY: items that live, each in the list once.
    unsafe { list_add_item(&raw mut list, at(&mut two)) };
    // SAFETY: as above.
    unsafe { list_add_item(&raw mut list, at(&mut four)) };
    // SAFETY: as above.
    unsafe { list_insert_item_before(&raw mut list, at(&mut four), at(&mut three)) };
    // SAFETY: as above.
    unsafe { list_insert_item_before(&raw mut list, at(&mut two), at(&mut one)) };
    assert_eq!(numbers(&mut list), [1, 2, 3, 4]);
    // SAFETY: as above.
    assert_eq!(unsafe { list_get_last_item(&raw mut list) }, at(&mut four));
    // SAFETY: as above.
    unsafe { list_remove_item(&raw mut list, at(&mut two)) };
    assert_eq!(numbers(&mut list), [1, 3, 4]);
    // SAFETY: as above.
    assert_eq!(unsafe { list_remove_head_item(&raw mut list) }, at(&mut one));
    // SAFETY: as above.
    assert_eq!(unsafe { list_remove_tail_item(&raw mut list) }, at(&mut four));
    assert_eq!(numbers(&mut list), [3]);
    // SAFETY: as above.
    assert_eq!(unsafe { list_remove_head_item(&raw mut list) }, at(&mut three));
    // SAFETY: as above.
    assert_eq!(unsafe { list_remove_head_item(&raw mut list) }, null_mut());
    assert!(numbers(&mut list).is_empty());
}
