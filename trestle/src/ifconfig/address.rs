//! IP addresses on the line: `inet A/N broadcast B`, `inet A netmask M`, `inet6 A -alias`, `alias A/N`, `A/N`, `A B`.

use super::arguments::{Arguments, Words, bad};
use super::device::{is_device, is_tun};
use super::error::{UsageError, What};
use super::keywords::{self, Clause};
use super::netmask;
use core::net::{IpAddr, Ipv4Addr};
use kernel_glue::admin::{InetAddress, Verb};

/// Returns whether a word is an IP address, with a prefix length or without.
pub(super) fn is_address(word: &str) -> bool {
    let (address, _) = word.split_once('/').unwrap_or((word, ""));
    let (address, _) = address.split_once('%').unwrap_or((address, ""));
    address.parse::<IpAddr>().is_ok()
}

/// Reads one address with its options up to the first word that is neither.
pub(super) fn read(interface: &str, start: Clause, from: &mut Arguments<'_, '_>) -> Result<Verb, UsageError> {
    let mut address = None;
    let mut length = None;
    let mut broadcast = None;
    let mut destination = None;
    let mut delete = matches!(start, Clause::Delete);
    while let Some(word) = from.words.peek() {
        match word {
            "alias" | "add" if modifies(from.words, address) => delete = false,
            "-alias" | "delete" if modifies(from.words, address) => delete = true,
            "netmask" => {
                from.words.next();
                length = Some(Length::Mask(option(from, "netmask <mask>")?));
                continue;
            }
            "prefixlen" => {
                from.words.next();
                length = Some(Length::Prefix(option(from, "prefixlen <length>")?));
                continue;
            }
            "broadcast" => {
                from.words.next();
                broadcast = Some(option(from, "broadcast <address>")?);
                continue;
            }
            _ if address.is_none() && keywords::find(word).is_none() => address = Some(word),
            _ => match address {
                Some(source) if is_address(word) => {
                    if !is_tun(interface) {
                        return Err(bad(What::Destination, word, no_destination(interface, source)));
                    }
                    if destination.is_some() {
                        return Err(bad(What::Destination, word, "there is one already; inet or inet6 begins another"));
                    }
                    destination = Some(word);
                }
                Some(_) | None => break,
            },
        }
        from.words.next();
    }
    let Some(word) = address else {
        return Err(from.missing());
    };
    let (address, slash) = split(word, interface, start)?;
    let destination = destination.map(|word| destination_of(word, interface)).transpose()?;
    if delete {
        return Ok(Verb::DeleteAddress { address });
    }
    let default = match (address, destination) {
        (IpAddr::V4(_), Some(_)) => 32,
        (IpAddr::V6(_), Some(_)) => 128,
        (IpAddr::V4(address), None) => netmask::of_class(address),
        (IpAddr::V6(_), None) => 64,
    };
    let prefix = prefix(address, slash, length, default)?;
    let broadcast = broadcast.map(|word| broadcast_of(address, word)).transpose()?;
    Ok(Verb::AddAddress { address: InetAddress { address, prefix, broadcast, destination } })
}

/// Takes the mask of an address that has a destination, if other verbs stand between the two, as in OpenVPN's
/// `tun0 10.8.0.2 10.8.0.1 mtu 1500 netmask 255.255.255.255 up`. It can say nothing else than what holds.
pub(super) fn is_late_mask(from: &mut Arguments<'_, '_>, before: &[Verb]) -> Result<bool, UsageError> {
    let address =
        before.iter().rev().find_map(|verb| if let Verb::AddAddress { address } = verb { Some(address) } else { None });
    let Some(&InetAddress { address, prefix: have, destination: Some(far), .. }) = address else { return Ok(false) };
    let length = match from.verb {
        "netmask" => Length::Mask(from.word()?),
        "prefixlen" => Length::Prefix(from.word()?),
        _ => return Ok(false),
    };
    let (Length::Mask(word) | Length::Prefix(word)) = length;
    if prefix(address, None, Some(length), have)? == have {
        return Ok(true);
    }
    let what = if from.verb == "netmask" { What::Netmask } else { What::PrefixLength };
    Err(bad(what, word, format!("to the one destination {far} all {have} bits are the network's")))
}

/// A prefix length that follows the address.
#[derive(Clone, Copy)]
enum Length<'a> {
    Mask(&'a str),
    Prefix(&'a str),
}

/// Returns whether the next word says something of this address, rather than beginning another.
fn modifies(words: &Words<'_>, address: Option<&str>) -> bool {
    match words.peek_second() {
        None => true,
        Some(next) if is_address(next) => address.is_none(),
        // `add tap0` after an address adds a member.
        Some(next) => words.peek() != Some("add") || keywords::find(next).is_some(),
    }
}

/// Returns what to write in place of a second address.
fn no_destination(interface: &str, source: &str) -> String {
    if !is_device(interface) {
        return "only a point-to-point link has one; a mask follows netmask".to_owned();
    }
    let (address, _) = source.split_once('/').unwrap_or((source, ""));
    let family = if address.contains(':') { "inet6" } else { "inet" };
    format!("give {interface} the network that both ends are in: {family} {address}/N")
}

fn destination_of(word: &str, interface: &str) -> Result<IpAddr, UsageError> {
    let text = word.strip_suffix(interface).and_then(|text| text.strip_suffix('%')).unwrap_or(word);
    text.parse().map_err(|_| bad(What::Destination, word, "the other end is a single address, without a length"))
}

fn option<'a>(from: &mut Arguments<'_, 'a>, synopsis: &str) -> Result<&'a str, UsageError> {
    let verb = synopsis.split(' ').next().unwrap_or_default();
    let missing = || UsageError::Missing { verb: verb.to_owned(), count: 1, synopsis: synopsis.to_owned() };
    from.words.next().ok_or_else(missing)
}

fn split<'a>(word: &'a str, interface: &str, start: Clause) -> Result<(IpAddr, Option<&'a str>), UsageError> {
    let (text, slash) = match word.split_once('/') {
        Some((text, length)) => (text, Some(length)),
        None => (word, None),
    };
    let text = match text.split_once('%') {
        Some((text, scope)) if scope == interface => text,
        Some(_) => return Err(bad(What::Address, word, format!("its scope is not {interface}"))),
        None => text,
    };
    let address =
        text.parse().map_err(|_| bad(What::Address, word, "use an address as 192.0.2.1/24 or 2001:db8::1/64"))?;
    match (start, address) {
        (Clause::Inet, IpAddr::V6(_)) => Err(bad(What::Address, word, "an IPv6 address follows inet6")),
        (Clause::Inet6, IpAddr::V4(_)) => Err(bad(What::Address, word, "an IPv4 address follows inet")),
        (Clause::Inet | Clause::Inet6 | Clause::Add | Clause::Delete, _) => Ok((address, slash)),
    }
}

fn prefix(address: IpAddr, slash: Option<&str>, length: Option<Length<'_>>, default: u8) -> Result<u8, UsageError> {
    let max = if address.is_ipv4() { 32 } else { 128 };
    let of_text = |text| {
        let remedy = || bad(What::PrefixLength, text, format!("use a number in 0 to {max}"));
        netmask::prefix_length(text, max).ok_or_else(remedy)
    };
    match (slash, length) {
        (None, None) => Ok(default),
        (Some(text), None) | (None, Some(Length::Prefix(text))) => of_text(text),
        (None, Some(Length::Mask(text))) if address.is_ipv4() => netmask::prefix_of(text)
            .ok_or_else(|| bad(What::Netmask, text, "use 0xffffff00, 255.255.255.0 or /24, ones before zeros")),
        (None, Some(Length::Mask(text))) => Err(bad(What::Netmask, text, "use prefixlen with an IPv6 address")),
        (Some(_), Some(Length::Mask(text))) => Err(bad(What::Netmask, text, "the address has a length already")),
        (Some(_), Some(Length::Prefix(text))) => Err(bad(What::PrefixLength, text, "the address has a length already")),
    }
}

fn broadcast_of(address: IpAddr, word: &str) -> Result<IpAddr, UsageError> {
    if address.is_ipv6() {
        return Err(bad(What::Broadcast, word, "IPv6 has none"));
    }
    let broadcast: Ipv4Addr =
        word.parse().map_err(|_| bad(What::Broadcast, word, "use an IPv4 address, 192.0.2.255"))?;
    Ok(broadcast.into())
}
