//! OpenBSD: `net/if_tun.h` for tun(4) and tap(4).
//!
//! Packets of a tun always follow their address family there: a platform that speaks this dialect sets
//! [`crate::Header::AddressFamily`] at open.

use super::args::{Args, done, mac, mode, no_signals, nothing, number, put, refused};
use super::freebsd::{IFREQ, IN, OUT, VOID, addressing, io, r, set_mac};
use super::{Answer, Request, Row, Unsupported};
use crate::Kind;

#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    r(io(IN, b't', 91, 12),  "TUNSIFINFO", set_info,                                      done),
    r(io(OUT, b't', 92, 12), "TUNGIFINFO", |_| Ok(Request::GetInfo),                      info),
    r(io(IN, b't', 93, 4),   "TUNSIFMODE", addressing,                                    done),
    r(io(IN, b't', 94, 4),   "TUNSDEBUG",  nothing,                                       done),
    r(io(OUT, b't', 95, 4),  "TUNGDEBUG",  |_| Ok(Request::GetNothing),                   number),
    r(io(IN, b't', 196, 4),  "TUNSCAP",    refused!("packets follow no struct tun_hdr"),  done),
    r(io(OUT, b't', 196, 4), "TUNGCAP",    refused!("packets follow no struct tun_hdr"),  done),
    r(io(VOID, b't', 196, 0), "TUNDCAP",   nothing,                                       done),
    r(io(IN | OUT, b'i', 33, IFREQ), "SIOCGIFADDR", |_| Ok(Request::GetMac),              mac),
    r(io(IN, b'i', 12, IFREQ), "SIOCSIFADDR", set_mac,                                    done),
    r(io(OUT, b'f', 127, 4), "FIONREAD",   refused!("the size of a queued packet is not told"), done),
    r(io(IN, b'f', 126, 4),  "FIONBIO",    mode,                                          done),
    r(io(IN, b'f', 125, 4),  "FIOASYNC",   no_signals,                                    done),
];

/// `struct tuninfo`: `u_int mtu; u_short type; u_short flags; u_int baudrate`.
fn set_info(args: &Args<'_>) -> Result<Request, Unsupported> {
    let mtu_bytes = args.positive_at(0)?;
    let if_type = u16::from_ne_bytes(args.bytes(4)?);
    let kind = [Kind::Tap, Kind::Tun].into_iter().find(|&kind| self::if_type(kind) == if_type);
    Ok(Request::SetInfo { mtu_bytes, kind })
}

fn info(answer: &Answer, memory: &mut [u8]) -> Option<()> {
    let &Answer::Info(mtu, kind) = answer else { return None };
    memory.fill(0);
    put(memory, 0, &mtu.to_ne_bytes())?;
    put(memory, 4, &if_type(kind).to_ne_bytes())
}

/// `net/if_types.h`: `IFT_ETHER` and `IFT_TUNNEL`.
fn if_type(kind: Kind) -> u16 {
    match kind {
        Kind::Tap => 0x06,
        Kind::Tun => 0x83,
    }
}
