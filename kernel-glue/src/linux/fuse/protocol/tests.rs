use super::answer::{self, Attributes, Listed};
use super::request::{Malformed, Operation, Request};
use proptest::prelude::*;
use rustix::io::Errno;

/// A request as the kernel writes it.
fn request(opcode: u32, body: &[u8]) -> Vec<u8> {
    let length = 40 + body.len() as u32;
    let words = [&length.to_ne_bytes()[..], &opcode.to_ne_bytes(), &7_u64.to_ne_bytes(), &5_u64.to_ne_bytes()].concat();
    let caller = [1000_u32, 1001, 42, 0].map(u32::to_ne_bytes).concat();
    [words, caller, body.to_vec()].concat()
}

fn words(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// Two 32-bit fields in the order of memory.
fn pair(first: u32, second: u32) -> u64 {
    let mut bytes = [0; 8];
    bytes[..4].copy_from_slice(&first.to_ne_bytes());
    bytes[4..].copy_from_slice(&second.to_ne_bytes());
    u64::from_ne_bytes(bytes)
}

/// Each row: opcode, body with structures of `linux/fuse.h` field by field, what is read.
#[test]
fn requests() {
    let ioctl = [words(&[3, pair(1, 0x5401), 0x7fff_0000, pair(4, 8)]), b"tun0".to_vec()].concat();
    let write = [words(&[3, 0, pair(5, 0), 0, pair(0o4000, 0)]), b"hello".to_vec()].concat();
    let init = words(&[pair(7, 45), pair(131_072, 1 << 30), pair(1 << 7, 0), 0, 0, 0, 0, 0]);
    #[rustfmt::skip]
    let rows: &[(&str, u32, Vec<u8>, &str)] = &[
        ("lookup",   1, b"tap0\0".to_vec(),                     "Lookup { name: [116, 97, 112, 48] }"),
        ("forget",   2, words(&[3]),                            "Forget { lookups: 3 }"),
        ("getattr",  3, words(&[0, 0]),                         "GetAttr"),
        ("setattr",  4, words(&[8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "SetAttr { valid: 8 }"),
        ("open",    14, words(&[pair(2, 0)]),                   "Open"),
        ("read",    15, words(&[3, 0, pair(1500, 0), 0, pair(0o4000, 0)]), "Read { handle: 3, size: 1500, flags: 2048 }"),
        ("write",   16, write,                                  "Write { handle: 3, flags: 2048, data: [104, 101, 108, 108, 111] }"),
        ("statfs",  17, vec![],                                 "StatFs"),
        ("release", 18, words(&[3, 0, 0]),                      "Release { handle: 3 }"),
        ("fsync",   20, words(&[3, 0]),                         "Fsync"),
        ("flush",   25, words(&[3, 0, 0]),                      "Flush"),
        ("init",    26, init,                                   "Init(Init { major: 7, minor: 45, max_readahead: 131072, flags: 550829555712 })"),
        ("init 7.31", 26, words(&[pair(7, 31), pair(0, 1)]),    "Init(Init { major: 7, minor: 31, max_readahead: 0, flags: 1 })"),
        ("opendir", 27, words(&[0]),                            "OpenDir"),
        ("readdir", 28, words(&[0, 2, pair(4096, 0), 0, 0]),    "ReadDir { offset: 2, size: 4096 }"),
        ("access",  34, words(&[4]),                            "Access"),
        ("interrupt", 36, words(&[6]),                          "Interrupt { unique: 6 }"),
        ("destroy", 38, vec![],                                 "Destroy"),
        ("ioctl",   39, ioctl,                                  "Ioctl(Ioctl { handle: 3, flags: 1, number: 21505, value: 2147418112, data: [116, 117, 110, 48], out_bytes: 8 })"),
        ("poll",    40, words(&[3, 9, pair(1, 5)]),             "Poll(Poll { handle: 3, kernel_handle: 9, flags: 1, events: 5 })"),
        ("create",  35, words(&[0, 0]),                         "Change"),
        ("readlink", 5, vec![],                                 "Unknown(5)"),
        ("statx",   52, words(&[0, 0, 0, 0]),                   "Unknown(52)"),
    ];
    for (name, opcode, body, want) in rows {
        let bytes = request(*opcode, body);
        let parsed = Request::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(format!("{:?}", parsed.operation), *want, "{name}");
        assert_eq!((parsed.unique, parsed.node), (7, 5), "{name}");
        assert_eq!((parsed.caller.uid, parsed.caller.gid, parsed.caller.pid), (1000, 1001, 42), "{name}");
    }
}

#[test]
fn short_requests_are_refused_by_name() {
    #[rustfmt::skip]
    let rows: &[(&str, Vec<u8>, Option<u64>)] = &[
        ("nothing",             vec![],                                                 None),
        ("half a header",       request(3, &[])[..20].to_vec(),                         None),
        ("length of another",   [request(3, &[]), vec![0]].concat(),                    None),
        ("name without an end", request(1, b"tap0"),                                    Some(7)),
        ("half a read",         request(15, &words(&[3, 0])),                           Some(7)),
        ("write without data",  request(16, &words(&[3, 0, pair(5, 0), 0, 0])),         Some(7)),
        ("ioctl without data",  request(39, &words(&[3, 0, 0, pair(u32::MAX, 0)])),     Some(7)),
        ("second word missing", request(26, &words(&[pair(7, 36), pair(0, 1 << 30)])),  Some(7)),
    ];
    for (name, bytes, unique) in rows {
        let want = Malformed { unique: *unique, bytes: bytes.len() };
        assert_eq!(Request::parse(bytes).unwrap_err(), want, "{name}");
    }
}

#[test]
fn a_batch_is_forgotten_in_pairs() {
    let bytes = request(42, &words(&[pair(2, 0), 16, 1, 17, 3]));
    let Operation::BatchForget(forgets) = Request::parse(&bytes).unwrap().operation else { panic!("no batch") };
    assert_eq!(forgets.collect::<Vec<_>>(), [(16, 1), (17, 3)]);
}

/// Lengths by `sizeof` of `linux/fuse.h` 7.45.
#[test]
fn answers_have_the_lengths_of_the_kernel() {
    let node = Attributes { node: 5, mode: 0o100_600, uid: 1, gid: 2 };
    #[rustfmt::skip]
    let rows = [
        ("fuse_out_header",    answer::header(7, 0, None), 16),
        ("fuse_init_out",      answer::init(0, 0),         64),
        ("fuse_entry_out",     answer::entry(node),       128),
        ("fuse_attr_out",      answer::attributes(node),  104),
        ("fuse_open_out",      answer::opened(3, 0),       16),
        ("fuse_write_out",     answer::written(5),          8),
        ("fuse_poll_out",      answer::ready(1),            8),
        ("fuse_ioctl_out",     answer::ioctl(0),           16),
        ("fuse_statfs_out",    answer::statfs(4),          80),
        ("fuse_notify_poll_wakeup_out", answer::wakeup(9),  8),
    ];
    for (name, record, bytes) in rows {
        assert_eq!(record.len(), bytes, "{name}");
    }
}

#[test]
fn fields_of_answers_are_where_the_kernel_looks() {
    let node = Attributes { node: 5, mode: 0o100_600, uid: 1000, gid: 1001 };
    let word = |record: &[u8], at: usize| u32::from_ne_bytes(record[at..at + 4].try_into().unwrap());
    #[rustfmt::skip]
    let rows = [
        ("header length",      word(&answer::header(7, 8, None), 0),                     24),
        ("header error",       word(&answer::header(7, 0, Some(Errno::AGAIN)), 4),       (-11_i32).cast_unsigned()),
        ("header unique",      word(&answer::header(7, 0, None), 8),                     7),
        ("notice code",        word(&answer::notice(7, 0), 4),                           7),
        ("entry node",         word(&answer::entry(node), 0),                            5),
        ("entry mode",         word(&answer::entry(node), 40 + 60),                      0o100_600),
        ("entry links",        word(&answer::entry(node), 40 + 64),                      1),
        ("entry owner",        word(&answer::entry(node), 40 + 68),                      1000),
        ("entry group",        word(&answer::entry(node), 40 + 72),                      1001),
        ("attributes node",    word(&answer::attributes(node), 16),                      5),
        ("init flags",         word(&answer::init(9, 1 << 39 | 4), 12),                  4),
        ("init write",         word(&answer::init(9, 0), 20),                            128 << 10),
        ("init pages",         word(&answer::init(9, 0), 28) & 0xffff,                   64),
        ("init second flags",  word(&answer::init(9, 1 << 39 | 4), 32),                  1 << 7),
        ("statfs name length", word(&answer::statfs(4), 44),                             255),
    ];
    for (name, have, want) in rows {
        assert_eq!(have, want, "{name}");
    }
}

#[test]
fn a_listing_ends_where_the_reader_has_no_room() {
    let node = Attributes { node: 5, mode: 0o100_600, uid: 0, gid: 0 };
    let mut listing = Vec::new();
    assert_eq!(answer::list(&mut listing, 64, node, 6, b"tap0"), Listed::Yes);
    assert_eq!(answer::list(&mut listing, 64, node, 7, b"tap12345"), Listed::Yes);
    assert_eq!(answer::list(&mut listing, 64, node, 8, b"t"), Listed::Full);
    assert_eq!(listing.len(), 64);
    assert_eq!(listing[..32], [words(&[5, 6, pair(4, 8)]), b"tap0\0\0\0\0".to_vec()].concat()[..]);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = Request::parse(&bytes);
    }

    /// A true header, any opcode and any body.
    #[test]
    fn no_body_panics(opcode in 0_u32..64, body in prop::collection::vec(any::<u8>(), 0..160)) {
        let bytes = request(opcode, &body);
        match Request::parse(&bytes) {
            Ok(parsed) => {
                if let Operation::BatchForget(forgets) = parsed.operation {
                    prop_assert!(forgets.count() <= body.len() / 16);
                }
            }
            Err(malformed) => prop_assert_eq!(malformed.unique, Some(7)),
        }
    }
}
