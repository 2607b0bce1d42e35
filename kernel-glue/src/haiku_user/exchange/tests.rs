use super::super::{Blocking, Calls, Ready};
use super::*;
use alloc::string::String;
use alloc::sync::Arc;
use core::time::Duration;
use std::sync::Mutex;

/// A driver that answers every request with as many bytes as it is told to.
struct Driver {
    reply: usize,
    /// What it returns with it.
    status: i32,
    /// Which requests came, and the room that each gave.
    seen: Mutex<Vec<(u32, usize)>>,
}

impl Calls for Arc<Driver> {
    type Descriptor = Self;

    fn socket(&self) -> Result<Self, Status> {
        Ok(Self::clone(self))
    }

    fn open(&self, _path: &str, _blocking: Blocking) -> Result<Self, Status> {
        Err(Status::NO_DEVICE)
    }
}

impl Descriptor for Arc<Driver> {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn write(&self, _from: &[u8]) -> Result<usize, Status> {
        Err(Status::WOULD_BLOCK)
    }

    fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<(), Status> {
        assert_eq!(argument.len(), size_of::<ifdrv>());
        // SAFETY: the request is one of those whose argument is an `ifdrv`.
        let argument = unsafe { argument.as_ptr().cast::<ifdrv>().read_unaligned() };
        assert_eq!((argument.ifd_cmd, argument.ifd_len), (EXCHANGE_V1, size_of::<Exchange>()));
        // SAFETY: by the protocol's version, that is what the data is, lent over the call.
        let mut exchange = unsafe { argument.ifd_data.cast::<Exchange>().read_unaligned() };
        self.seen.lock().unwrap().push((request, exchange.reply_room as usize));
        exchange.reply_bytes = self.reply as u32;
        // SAFETY: as above.
        unsafe { argument.ifd_data.cast::<Exchange>().write_unaligned(exchange) };
        if self.reply > exchange.reply_room as usize {
            return Err(Status::NO_ROOM);
        }
        // SAFETY: the reply fits into the room, which the caller lends over the call.
        unsafe { exchange.reply.write_bytes(7, self.reply) };
        Status::check(self.status)
    }

    fn poll(&self, _wanted: Ready, _patience: Duration) -> Result<Ready, Status> {
        Ok(Ready::empty())
    }
}

type Room = (u32, usize);

fn exchange(reply: usize, asked: Asked, request: &[u8]) -> (Result<Vec<u8>, Status>, Vec<Room>) {
    let driver = Arc::new(Driver { reply, status: 0, seen: Mutex::default() });
    let answer = Socket::open(&driver).unwrap().exchange("bridge0", asked, request);
    let seen = driver.seen.lock().unwrap().clone();
    (answer, seen)
}

#[test]
fn a_question_is_asked_again_with_room_for_its_answer() {
    let room = FIRST_ROOM as usize;
    let (answer, seen) = exchange(100, Asked::Question, b"{}");
    assert_eq!((answer, seen), (Ok(vec![7; 100]), vec![(abi::SIOCGDRVSPEC, room)]));
    let (answer, seen) = exchange(room + 1, Asked::Question, b"{}");
    assert_eq!(answer.unwrap().len(), room + 1);
    assert_eq!(seen, [(abi::SIOCGDRVSPEC, room), (abi::SIOCGDRVSPEC, 2 * room + 2)]);
    let (answer, seen) = exchange(MAX_REPLY_BYTES as usize + 1, Asked::Question, b"{}");
    assert_eq!((answer, seen.len()), (Err(Status::NO_ROOM), 1));
}

#[test]
fn a_change_is_made_once() {
    let (answer, seen) = exchange(FIRST_ROOM as usize + 1, Asked::Change, b"{}");
    assert_eq!((answer, seen), (Err(Status::NO_ROOM), vec![(abi::SIOCSDRVSPEC, FIRST_ROOM as usize)]));
}

#[test]
fn what_is_out_of_bounds_is_not_sent() {
    let long = vec![b' '; MAX_REQUEST_BYTES as usize + 1];
    let (answer, seen) = exchange(0, Asked::Change, &long);
    assert_eq!((answer, seen.len()), (Err(Status::NO_ROOM), 0));
    let driver = Arc::new(Driver { reply: 0, status: 0, seen: Mutex::default() });
    let name: String = core::iter::repeat_n('x', 32).collect();
    let answer = Socket::open(&driver).unwrap().exchange(&name, Asked::Question, b"{}");
    assert_eq!((answer, driver.seen.lock().unwrap().len()), (Err(Status(abi::B_NAME_TOO_LONG)), 0));
}

#[test]
fn a_refusal_may_come_with_a_reply() {
    let ask = |reply, status| {
        let driver = Arc::new(Driver { reply, status, seen: Mutex::default() });
        Socket::open(&driver).unwrap().exchange("bridge0", Asked::Change, b"{}")
    };
    assert_eq!(ask(20, abi::B_NOT_ALLOWED), Ok(vec![7; 20]));
    assert_eq!(ask(0, abi::B_BAD_VALUE), Err(Status(abi::B_BAD_VALUE)));
}
