//! Packets: where their bytes lie, who shares them, and what is left in fields that nobody sets.

use super::{boot, end};
use haiku_abi::*;
use std::ptr::null_mut;

/// A packet, by the table.
struct Packet<'t> {
    table: &'t net_buffer_module_info,
    raw: *mut net_buffer,
}

impl<'t> Packet<'t> {
    fn new(table: &'t net_buffer_module_info, space: usize) -> Self {
        // SAFETY: the module is in use.
        Self { table, raw: unsafe { table.create.unwrap()(space) } }
    }

    fn of(&self, raw: *mut net_buffer) -> Self {
        assert!(!raw.is_null());
        Self { table: self.table, raw }
    }

    fn fields(&self) -> net_buffer {
        // SAFETY: the packet is ours.
        unsafe { self.raw.read() }
    }

    fn size(&self) -> u32 {
        self.fields().size
    }

    fn append(&self, bytes: &[u8]) -> status_t {
        // SAFETY: the packet is ours, the bytes may be read.
        unsafe { self.table.append.unwrap()(self.raw, bytes.as_ptr().cast(), bytes.len()) }
    }

    fn prepend(&self, bytes: &[u8]) -> status_t {
        // SAFETY: as above.
        unsafe { self.table.prepend.unwrap()(self.raw, bytes.as_ptr().cast(), bytes.len()) }
    }

    /// Grows at the end; says whether the new bytes lie together.
    fn append_size(&self, size: usize) -> bool {
        let mut at = null_mut();
        // SAFETY: as above.
        assert_eq!(unsafe { self.table.append_size.unwrap()(self.raw, size, &raw mut at) }, B_OK);
        !at.is_null()
    }

    fn prepend_size(&self, size: usize) -> bool {
        let mut at = null_mut();
        // SAFETY: as above.
        assert_eq!(unsafe { self.table.prepend_size.unwrap()(self.raw, size, &raw mut at) }, B_OK);
        !at.is_null()
    }

    fn write(&self, offset: usize, bytes: &[u8]) -> status_t {
        // SAFETY: as above.
        unsafe { self.table.write.unwrap()(self.raw, offset, bytes.as_ptr().cast(), bytes.len()) }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.size() as usize];
        // SAFETY: the vector has that many bytes.
        let status = unsafe { self.table.read.unwrap()(self.raw, 0, bytes.as_mut_ptr().cast(), bytes.len()) };
        assert_eq!(status, B_OK);
        bytes
    }

    fn trim(&self, size: usize) -> status_t {
        // SAFETY: as above.
        unsafe { self.table.trim.unwrap()(self.raw, size) }
    }

    fn remove_header(&self, size: usize) -> status_t {
        // SAFETY: as above.
        unsafe { self.table.remove_header.unwrap()(self.raw, size) }
    }

    fn direct_access(&self, offset: u32, size: usize) -> status_t {
        let mut at = null_mut();
        // SAFETY: as above.
        unsafe { self.table.direct_access.unwrap()(self.raw, offset, size, &raw mut at) }
    }

    fn parts(&self) -> Vec<usize> {
        let mut vectors = [iovec { iov_base: null_mut(), iov_len: 0 }; 16];
        // SAFETY: there is room for that many.
        let count = unsafe { self.table.get_iovecs.unwrap()(self.raw, vectors.as_mut_ptr(), 16) };
        // SAFETY: as above.
        assert_eq!(count, unsafe { self.table.count_iovecs.unwrap()(self.raw) });
        vectors[..count as usize].iter().map(|vector| vector.iov_len).collect()
    }

    fn clone(&self) -> Self {
        // SAFETY: as above.
        self.of(unsafe { self.table.clone.unwrap()(self.raw, false) })
    }

    fn duplicate(&self) -> Self {
        // SAFETY: as above.
        self.of(unsafe { self.table.duplicate.unwrap()(self.raw) })
    }

    fn checksum(&self, offset: u32, size: usize, finalize: bool) -> i32 {
        // SAFETY: as above.
        unsafe { self.table.checksum.unwrap()(self.raw, offset, size, finalize) }
    }
}

impl Drop for Packet<'_> {
    fn drop(&mut self) {
        if !self.raw.is_null() {
            // SAFETY: the packet is ours.
            unsafe { self.table.free.unwrap()(self.raw) };
        }
    }
}

fn numbers(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| at as u8).collect()
}

#[test]
fn room_is_as_the_header_space_says_and_what_does_not_fit_lies_apart() {
    crate::test(|| {
        let (kernel, tables) = boot();
        // Header space that is asked for, bytes that fit before, bytes that fit after.
        for (space, before, after) in [(0, 0, 1952), (56, 0, 1952), (256, 200, 1752), (250, 200, 1752), (9000, 1952, 0)]
        {
            let packet = Packet::new(tables.buffer, space);
            assert!(packet.append_size(after), "{space}: {after} bytes fit after");
            assert!(!packet.append_size(1), "{space}: one more does not");
            let packet = Packet::new(tables.buffer, space);
            assert!(packet.prepend_size(before), "{space}: {before} bytes fit before");
            assert!(!packet.prepend_size(1), "{space}: one more does not");
        }
        let frame = Packet::new(tables.buffer, 256);
        assert_eq!(frame.append(&numbers(1514)), B_OK);
        assert_eq!(frame.parts(), [1514]);
        drop(frame);
        let large = numbers(4000);
        let packet = Packet::new(tables.buffer, 256);
        assert_eq!(packet.append(&large), B_OK);
        assert_eq!(packet.parts(), [1752, 1952, 296]);
        assert_eq!(packet.bytes(), large);
        // The rest of a part is used first, also where one new part would hold all.
        let other = Packet::new(tables.buffer, 0);
        assert!(other.append_size(1900) && !other.append_size(100));
        assert_eq!(other.parts(), [1952, 48]);
        drop((packet, other));
        end(kernel);
    });
}

#[test]
fn bytes_are_reached_where_they_are_and_nowhere_else() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 0);
        assert_eq!(packet.direct_access(0, 0), B_BAD_VALUE, "an empty packet has no place");
        assert_eq!(packet.append(&numbers(2000)), B_OK);
        assert_eq!(packet.direct_access(0, 1952), B_OK);
        assert_eq!(packet.direct_access(1951, 2), B_ERROR, "across two parts");
        assert_eq!(packet.direct_access(1952, 48), B_OK);
        assert_eq!(packet.direct_access(2000, 0), B_BAD_VALUE, "the end is no place");
        assert_eq!(packet.direct_access(1999, 2), B_BAD_VALUE);
        assert_eq!((packet.write(1999, &[1, 2]), packet.write(2000, &[])), (B_BAD_VALUE, B_OK));
        assert_eq!((packet.trim(2001), packet.trim(2000), packet.trim(1999)), (B_BAD_VALUE, B_OK, B_OK));
        assert_eq!((packet.remove_header(2000), packet.remove_header(14)), (B_BAD_VALUE, B_OK));
        assert_eq!(packet.bytes(), numbers(2000)[14..1999]);
        assert_eq!(packet.parts(), [1938, 47]);
        // What was removed is room again.
        assert!(packet.prepend_size(14) && !packet.prepend_size(1));
        let odd = Packet::new(tables.buffer, 0);
        assert_eq!(odd.append(&[0, 1, 2, 3, 4]), B_OK);
        assert_eq!(odd.checksum(0, 5, false), i32::from(u16::from_be_bytes([6, 4]).swap_bytes()));
        assert_eq!(odd.checksum(0, 4, true), i32::from(!u16::from_ne_bytes([2, 4])));
        assert_eq!((odd.checksum(0, 0, true), odd.checksum(4, 2, true)), (B_BAD_VALUE, B_BAD_VALUE));
        drop((packet, odd));
        end(kernel);
    });
}

#[test]
fn a_clone_shows_the_same_bytes_and_a_duplicate_its_own() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 256);
        assert_eq!(packet.append(&numbers(100)), B_OK);
        let (clone, copy) = (packet.clone(), packet.duplicate());
        assert_eq!(packet.write(3, &[0xee]), B_OK);
        assert_eq!((clone.bytes()[3], copy.bytes()[3]), (0xee, 3));
        // A clone has room before its bytes, which are not the others'.
        assert!(clone.prepend_size(14));
        assert_eq!((clone.size(), packet.size()), (114, 100));
        assert!(!copy.prepend_size(1), "a duplicate has no room before");
        assert!(!clone.append_size(1), "nor a clone after");
        // A packet that is cut and grows again writes what its clones still show.
        assert_eq!((packet.trim(98), packet.append(&[0xaa, 0xbb])), (B_OK, B_OK));
        assert_eq!(clone.bytes()[112..114], [0xaa, 0xbb]);
        // Without its head a clone has no room of its own left.
        let other = packet.clone();
        assert_eq!(other.remove_header(14), B_OK);
        assert!(!other.prepend_size(14));
        drop((packet, clone, copy, other));
        end(kernel);
    });
}

#[test]
fn packets_are_cut_in_two_and_put_together() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 0);
        assert_eq!(packet.append(&numbers(3000)), B_OK);
        // SAFETY: the packet is ours.
        let front = packet.of(unsafe { tables.buffer.split.unwrap()(packet.raw, 1000) });
        assert_eq!((front.bytes(), packet.bytes()), (numbers(1000), numbers(3000)[1000..].to_vec()));
        // SAFETY: as above.
        assert!(unsafe { tables.buffer.split.unwrap()(packet.raw, 2000) }.is_null(), "not at its end");
        let after = Packet::new(tables.buffer, 0);
        assert_eq!(after.append(&[1, 2, 3]), B_OK);
        for (with, is_after) in [(front, false), (after, true)] {
            let mut with = with;
            // SAFETY: both packets are ours, and one is the other's now.
            assert_eq!(unsafe { tables.buffer.merge.unwrap()(packet.raw, with.raw, is_after) }, B_OK);
            with.raw = null_mut();
        }
        assert_eq!(packet.bytes(), [numbers(3000), vec![1, 2, 3]].concat());
        drop(packet);
        end(kernel);
    });
}

/// Reads the one byte that was added to a packet that had been cut down to nothing.
fn read_what_was_added(packet: &Packet<'_>) {
    let mut byte = 0_u8;
    // SAFETY: the packet is ours, and so is the byte.
    let status = unsafe { packet.table.read.unwrap()(packet.raw, 0, (&raw mut byte).cast(), 1) };
    assert_eq!(status, B_OK, "of a packet that was cut down to nothing the size grows, and no byte is there");
}

#[test]
fn a_packet_that_was_trimmed_to_nothing_loses_what_is_appended() {
    crate::test_that_fails("cut down to nothing", || {
        let (_kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 0);
        assert_eq!((packet.append(&[1, 2, 3]), packet.trim(0)), (B_OK, B_OK));
        packet.append_size(1);
        read_what_was_added(&packet);
    });
}

#[test]
fn a_packet_whose_header_was_all_loses_what_is_appended() {
    crate::test_that_fails("cut down to nothing", || {
        let (_kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 0);
        assert_eq!((packet.append(&[1, 2, 3]), packet.remove_header(3)), (B_OK, B_OK));
        packet.append(&[4]);
        read_what_was_added(&packet);
    });
}

#[test]
fn a_header_that_was_stored_can_be_read_again() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 256);
        assert_eq!(packet.append(&numbers(60)), B_OK);
        let stored = |packet: &Packet<'_>| {
            // SAFETY: the packet is ours.
            unsafe { tables.buffer.stored_header_length.unwrap()(packet.raw) }
        };
        assert_eq!(stored(&packet), B_BAD_VALUE as isize);
        // SAFETY: as above.
        assert_eq!(unsafe { tables.buffer.store_header.unwrap()(packet.raw) }, B_OK);
        assert_eq!((packet.remove_header(20), packet.remove_header(8), stored(&packet)), (B_OK, B_OK, 28));
        let mut bytes = [0; 30];
        // SAFETY: there is room for the bytes.
        let status = unsafe { tables.buffer.restore_header.unwrap()(packet.raw, 10, bytes.as_mut_ptr().cast(), 30) };
        assert_eq!((status, &bytes[..]), (B_OK, &numbers(60)[10..40]));
        let other = Packet::new(tables.buffer, 0);
        // SAFETY: both packets are ours.
        let status = unsafe { tables.buffer.append_restored_header.unwrap()(other.raw, packet.raw, 0, 40) };
        assert_eq!((status, other.bytes()), (B_OK, numbers(40)));
        // What is prepended takes its place.
        assert_eq!((packet.prepend(&[9]), stored(&packet)), (B_OK, B_BAD_VALUE as isize));
        drop((packet, other));
        end(kernel);
    });
}

#[test]
fn a_fresh_packet_has_no_addresses_and_garbage_where_nobody_wrote() {
    crate::test(|| {
        let (kernel, tables) = boot();
        let packet = Packet::new(tables.buffer, 0);
        let fields = packet.fields();
        // SAFETY: both lead to storages of the packet.
        let [source, destination] = [fields.source, fields.destination].map(|at| unsafe { at.read() });
        assert_eq!((source.sa_len, destination.sa_len), (0, 0));
        assert_eq!((source.sa_family, destination.sa_family), (0xcc, 0xcc), "what the slab left there");
        assert_eq!((fields.size, fields.msg_flags, fields.buffer_flags, fields.index), (0, 0, 0, 0));
        assert!(fields.interface_address.is_null());
        // SAFETY: the packet is ours.
        unsafe { tables.buffer.swap_addresses.unwrap()(packet.raw) };
        assert_eq!((packet.fields().source, packet.fields().destination), (fields.destination, fields.source));
        assert!(tables.buffer.insert.is_none() && tables.buffer.remove.is_none());
        assert!(tables.buffer.associate_data.is_none() && tables.buffer.get_memory_map.is_none());
        drop(packet);
        end(kernel);
    });
}
