//! Haiku: `Drivers.h`, `ether_driver.h`, `sys/sockio.h` and `sys/filio.h`.
//!
//! Its own driver knows the first two alone. Numbers have no structure, so each row says what it reads and writes.

use super::args::{Args, INT, done, mac, mode, number, number_at, put, refused};
use super::{Answer, Request, Row, Unsupported};
use crate::Mode;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    // number                                        read   write  what is asked
    row(3,           "B_SET_NONBLOCKING_IO",        (0,     0),     |_| Ok(Request::Mode(Mode::NonBlocking)), done),
    row(4,           "B_SET_BLOCKING_IO",           (0,     0),     |_| Ok(Request::Mode(Mode::Blocking)), done),
    row(5,           "B_GET_READ_STATUS",           (0,     1),     |_| Ok(Request::GetReadable), truth),
    row(6,           "B_GET_WRITE_STATUS",          (0,     1),     |_| Ok(Request::GetWritable), truth),
    row(8922,        "SIOCGIFMTU",                  (IFREQ, IFREQ), |_| Ok(Request::GetMtu), |a, m| number_at(IF_NAMESIZE, a, m)),
    row(8923,        "SIOCSIFMTU",                  (IFREQ, 0),     |a| a.positive_at(IF_NAMESIZE).map(Request::SetMtu), done),
    row(9999,        "ETHER_GETADDR",               (0,     6),     |_| Ok(Request::GetMac), mac),
    row(10001,       "ETHER_NONBLOCK",              (INT,   0),     mode, done),
    row(10005,       "ETHER_GETFRAMESIZE",          (0,     INT),   |_| Ok(Request::GetFrameSize), number),
    row(0xbe00_0000, "FIONBIO",                     (INT,   0),     mode, done),
    row(0xbe00_0001, "FIONREAD",                    (0,     INT),   refused!("the size of a queued packet is not told"), done),
];

const fn row(
    number: u32,
    name: &'static str,
    (read, write): (usize, usize),
    decode: fn(&Args<'_>) -> Result<Request, Unsupported>,
    encode: fn(&Answer, &mut [u8]) -> Option<()>,
) -> Row {
    Row { number, name, read, write, decode, encode }
}

/// A C++ `bool`.
fn truth(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Number(number) = answer else { return None };
    put(memory, 0, &[u8::from(number != 0)])
}

/// `sizeof(struct ifreq)` on 64-bit Haiku.
const IFREQ: usize = 88;
/// `net/if.h`.
const IF_NAMESIZE: usize = 32;
