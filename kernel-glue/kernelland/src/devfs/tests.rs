use super::{Descriptor, Disconnect, Hooks, directory, nodes, publish, unpublish};
use crate::test;
use crate::user::{CallingThread, DISCONNECTED, INVALID, Interest, Process, READ, Status, poll};
use haiku_abi::{
    B_BAD_ADDRESS, B_BAD_TYPE, B_BAD_VALUE, B_DEV_INVALID_IOCTL, B_ENTRY_NOT_FOUND, B_FILE_ERROR, B_FILE_EXISTS,
    B_INTERRUPTED, B_OK, B_SELECT_DISCONNECTED, B_SET_NONBLOCKING_IO, ENOTTY, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY,
    device_hooks, off_t, selectsync, status_t,
};
use std::ffi::{CStr, c_char, c_void};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::thread::{scope, yield_now};

/// What the driver saw, in its order.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// On what the driver's reader sleeps.
static BELL: AtomicI32 = AtomicI32::new(0);
static SELECTED: Mutex<usize> = Mutex::new(0);

fn see(what: impl Into<String>) {
    SEEN.lock().unwrap().push(what.into());
}

fn seen() -> Vec<String> {
    std::mem::take(&mut SEEN.lock().unwrap())
}

unsafe extern "C" fn open(name: *const c_char, mode: u32, cookie: *mut *mut c_void) -> status_t {
    // SAFETY: devfs gives the name.
    see(format!("open {} {mode}", unsafe { CStr::from_ptr(name) }.to_str().unwrap()));
    // SAFETY: devfs gives room for the cookie.
    unsafe { cookie.write(std::ptr::without_provenance_mut(77)) };
    B_OK
}

unsafe extern "C" fn close(cookie: *mut c_void) -> status_t {
    see(format!("close {}", cookie as usize));
    let bell = BELL.load(SeqCst);
    let is_waited_for = crate::sem::count(bell).is_ok_and(|count| count < 0);
    let _ = crate::sem::release(bell, 1, 0);
    // Whom this wakes has read before the hook is back.
    let has_read = || SEEN.lock().unwrap().iter().any(|what| what.starts_with("read at"));
    for _ in 0..10_000 {
        if !is_waited_for || has_read() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    see("closed");
    B_OK
}

unsafe extern "C" fn free(_cookie: *mut c_void) -> status_t {
    see("free");
    B_OK
}

unsafe extern "C" fn control(_cookie: *mut c_void, op: u32, argument: *mut c_void, bytes: usize) -> status_t {
    see(format!("control {op} {bytes}"));
    match op {
        B_SET_NONBLOCKING_IO => B_OK,
        1 => crate::user_copy::set(argument.cast(), 9, bytes),
        _ => B_DEV_INVALID_IOCTL,
    }
}

unsafe extern "C" fn read(_cookie: *mut c_void, at: off_t, to: *mut c_void, bytes: *mut usize) -> status_t {
    let status = crate::sem::acquire(BELL.load(SeqCst), 1, haiku_abi::B_CAN_INTERRUPT, i64::MAX);
    if let Err(status) = status {
        return status;
    }
    // SAFETY: devfs gives the length.
    let room = unsafe { bytes.read() };
    see(format!("read at {at} of {room}"));
    // SAFETY: as above.
    unsafe { bytes.write(room.min(3)) };
    crate::user_copy::copy(to.cast(), b"abc".as_ptr(), room.min(3))
}

unsafe extern "C" fn write(_cookie: *mut c_void, at: off_t, from: *const c_void, bytes: *mut usize) -> status_t {
    let mut data = [0u8; 64];
    // SAFETY: devfs gives the length.
    let length = unsafe { bytes.read() };
    let status = crate::user_copy::copy(data.as_mut_ptr(), from.cast(), length);
    see(format!("write at {at} {:?}", &data[..length]));
    status
}

unsafe extern "C" fn select(_cookie: *mut c_void, event: u8, _reference: u32, sync: *mut selectsync) -> status_t {
    see(format!("select {event}"));
    *SELECTED.lock().unwrap() = sync as usize;
    B_OK
}

unsafe extern "C" fn deselect(_cookie: *mut c_void, event: u8, _sync: *mut selectsync) -> status_t {
    see(format!("deselect {event}"));
    B_OK
}

static HOOKS: device_hooks = device_hooks {
    open: Some(open),
    close: Some(close),
    free: Some(free),
    control: Some(control),
    read: Some(read),
    write: Some(write),
    select: Some(select),
    deselect: Some(deselect),
    readv: None,
    writev: None,
};

fn hooks() -> Hooks {
    // SAFETY: a static.
    unsafe { Hooks::at(&raw const HOOKS) }
}

fn node(path: &str) -> Process {
    BELL.store(crate::sem::create(0, "bell", 0).unwrap(), SeqCst);
    publish(path, hooks(), 0).unwrap();
    Process::root()
}

#[test]
fn names_of_nodes_are_checked() {
    test(|| {
        let rows = [
            ("", Err(B_BAD_VALUE)),
            ("/x", Err(B_BAD_VALUE)),
            ("a/b/c", Ok(())),
            ("a/b/c", Err(B_FILE_EXISTS)),
            ("a/b", Err(B_FILE_EXISTS)),
            ("a/b/c/d", Err(haiku_abi::B_NOT_A_DIRECTORY)),
        ];
        for (path, want) in rows {
            assert_eq!(publish(path, hooks(), 0), want, "{path}");
        }
        assert_eq!(unpublish("a/b", Disconnect::No), Err(B_BAD_TYPE));
        assert_eq!(unpublish("a/x", Disconnect::No), Err(B_ENTRY_NOT_FOUND));
        assert_eq!(unpublish("a/b/c", Disconnect::No), Ok(()));
        assert_eq!(directory("a/b"), Err(B_FILE_EXISTS));
        assert_eq!(directory("a/e/f"), Ok(()));
        assert!(nodes().is_empty());
    });
}

#[test]
fn calls_reach_the_driver_with_position_and_pieces() {
    test(|| {
        let process = node("test/0");
        let node = process.open("/dev/test/0", O_RDWR).unwrap();
        crate::sem::release(BELL.load(SeqCst), 5, 0).unwrap();
        let mut data = [0; 8];
        assert_eq!(node.read(&mut data), Ok(3));
        assert_eq!(node.read(&mut []), Ok(0));
        assert_eq!(node.writev(&[b"one", b"two"]), Ok(6));
        assert_eq!(node.readv(&mut [&mut data[..3], &mut [0; 2], &mut [0; 2]]), Ok(3 + 2 + 2));
        assert_eq!(node.read_to_kernel_address(4), Err(Status(B_BAD_ADDRESS)));
        let mut argument = 0u32;
        assert_eq!(node.ioctl(1, &mut argument), Ok(()));
        assert_eq!(argument, 0x0909_0909);
        assert_eq!(node.ioctl(2, &mut argument), Err(Status(ENOTTY)));
        assert_eq!(node.ioctl_at_kernel_address(1, 4), Err(Status(B_BAD_ADDRESS)));
        assert_eq!(node.set_nonblocking(), Ok(()));
        assert_eq!(node.mode(), Ok(O_RDWR | O_NONBLOCK));
        node.close().unwrap();
        assert_eq!(node.close(), Err(Status(B_FILE_ERROR)));
        let want = [
            "open test/0 2",
            "read at 0 of 8",
            "write at 3 [111, 110, 101]",
            "write at 6 [116, 119, 111]",
            "read at 9 of 3",
            "read at 12 of 2",
            "read at 14 of 2",
        ];
        assert_eq!(seen()[..7], want);
    });
}

#[test]
fn a_descriptor_does_what_it_was_opened_for() {
    test(|| {
        let process = node("test/0");
        let reader = process.open("test/0", O_RDONLY).unwrap();
        let writer = process.open("test/0", O_WRONLY).unwrap();
        assert_eq!(reader.write(b"x"), Err(Status(B_FILE_ERROR)));
        assert_eq!(writer.read(&mut [0]), Err(Status(B_FILE_ERROR)));
        assert_eq!(process.open("test/1", O_RDONLY).err(), Some(Status(B_ENTRY_NOT_FOUND)));
    });
}

#[test]
fn close_comes_at_once_and_free_after_the_last_call() {
    test(|| {
        let process = node("test/0");
        let node = process.open("test/0", O_RDWR).unwrap();
        let copy = node.duplicate().unwrap();
        seen();
        scope(|scope| {
            let reader = scope.spawn(|| {
                let result = node.read(&mut [0; 3]);
                (result, CallingThread::this())
            });
            while crate::sem::count(BELL.load(SeqCst)) != Ok(-1) {
                yield_now();
            }
            node.close().unwrap();
            assert!(seen().is_empty());
            copy.close().unwrap();
            // The hook woke the reader; what it read is there.
            assert_eq!(reader.join().unwrap().0, Ok(3));
        });
        assert_eq!(seen(), ["close 77", "read at 0 of 3", "closed", "free"]);
    });
}

#[test]
fn a_node_that_is_taken_away_lets_descriptors_go_on() {
    test(|| {
        let process = node("test/0");
        let node = process.open("test/0", O_RDWR).unwrap();
        unpublish("test/0", Disconnect::No).unwrap();
        assert_eq!(process.open("test/0", O_RDWR).err(), Some(Status(B_ENTRY_NOT_FOUND)));
        publish("test/0", hooks(), 0).unwrap();
        assert_eq!(node.write(b"x"), Ok(1));
    });
}

#[test]
fn a_node_that_is_taken_away_with_force_is_closed_under_its_users() {
    test(|| {
        let process = node("test/0");
        let idle = process.open("test/0", O_RDWR).unwrap();
        let busy = process.open("test/0", O_RDWR).unwrap();
        scope(|scope| {
            let reader = scope.spawn(|| busy.read(&mut [0; 3]));
            while crate::sem::count(BELL.load(SeqCst)) != Ok(-1) {
                yield_now();
            }
            seen();
            crate::sem::delete(BELL.load(SeqCst)).unwrap();
            unpublish("test/0", Disconnect::Yes).unwrap();
            assert!(reader.join().unwrap().is_err());
        });
        assert_eq!(seen(), ["close 77", "closed", "free", "close 77", "closed", "free"]);
        for node in [&idle, &busy] {
            assert_eq!(node.write(b"x"), Err(Status(B_FILE_ERROR)));
            assert_eq!(poll(&[Interest::Node(node, READ)], 0), Ok(vec![INVALID]));
            assert_eq!(node.close(), Ok(()));
        }
        assert!(seen().is_empty());
    });
}

#[test]
fn closing_what_was_cut_off_under_a_poll_is_a_panic() {
    crate::test_that_fails("a kernel faults here", || {
        let process = node("test/0");
        let node = process.open("test/0", O_RDWR).unwrap();
        scope(|scope| {
            let (to, from) = std::sync::mpsc::channel();
            let node = &node;
            let poller = scope.spawn(move || {
                to.send(CallingThread::this()).unwrap();
                poll(&[Interest::Node(node, READ)], -1)
            });
            let thread = from.recv().unwrap();
            while !thread.waits() {
                yield_now();
            }
            unpublish("test/0", Disconnect::Yes).unwrap();
            thread.interrupt();
            assert_eq!(poller.join().unwrap(), Err(Status(B_INTERRUPTED)));
        });
        let _ = node.close();
    });
}

#[test]
fn closing_one_of_two_numbers_ends_the_polls_by_this_one() {
    test(|| {
        let process = node("test/0");
        let nodes = [process.open("test/0", O_RDWR).unwrap()];
        let nodes = [nodes[0].duplicate().unwrap(), nodes.into_iter().next().unwrap()];
        scope(|scope| {
            let pollers = nodes.each_ref().map(|node| {
                let (to, from) = std::sync::mpsc::channel();
                let poller = scope.spawn(move || {
                    to.send(CallingThread::this()).unwrap();
                    poll(&[Interest::Node(node, READ)], -1)
                });
                let thread = from.recv().unwrap();
                while !thread.waits() {
                    yield_now();
                }
                (thread, poller)
            });
            nodes[0].close().unwrap();
            let [(_, of_closed), (thread, of_other)] = pollers;
            assert_eq!(of_closed.join().unwrap(), Ok(vec![INVALID]));
            assert!(thread.waits());
            thread.interrupt();
            assert_eq!(of_other.join().unwrap(), Err(Status(B_INTERRUPTED)));
        });
    });
}

#[test]
fn a_poll_ends_by_event_by_time_and_by_interrupt() {
    test(|| {
        let process = node("test/0");
        let node = process.open("test/0", O_RDWR).unwrap();
        seen();
        assert_eq!(poll(&[Interest::Node(&node, READ)], 1000), Ok(vec![0]));
        assert_eq!(seen(), ["select 1", "select 3", "select 8", "deselect 1", "deselect 3", "deselect 8"]);
        *SELECTED.lock().unwrap() = 0;
        scope(|scope| {
            let poller = scope.spawn(|| poll(&[Interest::Node(&node, READ)], -1));
            let sync = loop {
                match std::mem::take(&mut *SELECTED.lock().unwrap()) {
                    0 => yield_now(),
                    sync => break std::ptr::without_provenance_mut::<c_void>(sync),
                }
            };
            crate::select::notify(sync, B_SELECT_DISCONNECTED).unwrap();
            assert_eq!(poller.join().unwrap(), Ok(vec![DISCONNECTED]));
            assert!(crate::select::notify(sync, B_SELECT_DISCONNECTED).is_err());
        });
        assert_eq!(crate::fault::reports().len(), 1);
        CallingThread::this().interrupt();
        assert_eq!(poll(&[Interest::Node(&node, READ)], -1), Err(Status(B_INTERRUPTED)));
        assert_eq!(poll(&[Interest::Node(&node, READ)], 1000), Ok(vec![0]));
    });
}

#[test]
fn the_kernel_has_descriptors_of_its_own() {
    test(|| {
        let process = node("test/0");
        let node = super::find("test/0").unwrap();
        let fd = crate::team::enter(crate::thread::KERNEL_TEAM, Descriptor::open(&node, O_RDWR).unwrap());
        let theirs = process.open("test/0", O_RDWR).unwrap();
        assert_eq!(fd, 0);
        // SAFETY: a descriptor of the kernel's, and bytes of ours.
        assert_eq!(unsafe { crate::symbols::write(fd, c"x".as_ptr().cast(), 1) }, 1);
        // SAFETY: as above.
        assert_eq!(unsafe { crate::symbols::close(fd) }, 0);
        // SAFETY: takes no memory.
        assert_eq!(unsafe { crate::symbols::close(fd) }, -1);
        assert_eq!(crate::thread::current().errno.load(SeqCst), B_FILE_ERROR);
        theirs.close().unwrap();
    });
}
