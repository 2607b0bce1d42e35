//! The words after a verb, read as what the verb takes.

use super::error::{UsageError, What};
use super::keywords::{Keyword, Shape, U32_RANGE};
use super::number::base_zero;
use arp::{ParsePrefixError, Prefix};
use core::net::IpAddr;
use frame::{Mac, Vid, VidSet};
use kernel_glue::admin::{Carrier, Mss, StormClass, Topology};

/// The words of a line that are still to be read.
pub(super) struct Words<'a>(&'a [&'a str]);

impl<'a> Words<'a> {
    /// Reads `words` from the first on.
    pub(super) fn new(words: &'a [&'a str]) -> Self {
        Self(words)
    }

    /// Returns the next word and leaves it there.
    pub(super) fn peek(&self) -> Option<&'a str> {
        self.0.first().copied()
    }

    /// Returns the word after the next.
    pub(super) fn peek_second(&self) -> Option<&'a str> {
        self.0.get(1).copied()
    }

    /// Takes the next word if it is `word`.
    pub(super) fn take_if(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        if found {
            self.next();
        }
        found
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }
}

/// The arguments of one verb.
pub(super) struct Arguments<'w, 'a> {
    /// The words, from the first argument on.
    pub(super) words: &'w mut Words<'a>,
    /// The verb as it was written.
    pub(super) verb: &'a str,
    /// Its row.
    pub(super) keyword: &'static Keyword,
}

impl<'a> Arguments<'_, 'a> {
    /// Takes a word.
    pub(super) fn word(&mut self) -> Result<&'a str, UsageError> {
        self.words.next().ok_or_else(|| self.missing())
    }

    /// Takes the name of an interface.
    pub(super) fn interface(&mut self) -> Result<String, UsageError> {
        self.word().map(str::to_owned)
    }

    /// Takes a number that fits the type.
    pub(super) fn number<N: TryFrom<u64>>(&mut self) -> Result<N, UsageError> {
        let word = self.word()?;
        base_zero(word).and_then(|number| number.try_into().ok()).ok_or_else(|| {
            let range = self.keyword.shape.range().unwrap_or(U32_RANGE);
            bad(What::Value, word, format!("{} takes {range}", self.verb))
        })
    }

    /// Takes a VLAN ID, which is `what` in messages.
    pub(super) fn vlan(&mut self, what: What) -> Result<Vid, UsageError> {
        let word = self.word()?;
        vlan(word, what)
    }

    /// Takes a set of VLANs.
    pub(super) fn vlan_set(&mut self) -> Result<VidSet, UsageError> {
        let word = self.word()?;
        vlan_set(word)
    }

    /// Takes a set of VLANs if the next word is one: no verb begins with a digit but an IP address, nor is called as a
    /// set is.
    pub(super) fn optional_set(&mut self) -> Result<Option<VidSet>, UsageError> {
        let is_list = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains(['.', ':']);
        self.words
            .peek()
            .filter(|&word| is_list(word) || matches!(word, "all" | "none"))
            .map(|_| self.vlan_set())
            .transpose()
    }

    /// Takes a MAC address.
    pub(super) fn mac(&mut self) -> Result<Mac, UsageError> {
        let word = self.word()?;
        mac(word)
    }

    /// Takes `MAC`, `MAC vlan VID` or `MAC@VID`.
    pub(super) fn mac_in_vlan(&mut self) -> Result<(Mac, Option<Vid>), UsageError> {
        let word = self.word()?;
        if let Some((address, vid)) = word.split_once('@') {
            return Ok((mac(address)?, Some(vlan(vid, What::VlanId)?)));
        }
        let address = mac(word)?;
        let vid = if self.words.take_if("vlan") { Some(self.vlan(What::VlanId)?) } else { None };
        Ok((address, vid))
    }

    /// Takes a comma list of groups, ascending and once each in the result.
    pub(super) fn groups(&mut self) -> Result<Vec<u8>, UsageError> {
        let word = self.word()?;
        let group = |text: &str| base_zero(text).and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=31).contains(n));
        let mut groups: Vec<u8> = word
            .split(',')
            .map(group)
            .collect::<Option<_>>()
            .ok_or_else(|| bad(What::ProtectedGroups, word, "use a comma list of numbers in 1 to 31"))?;
        groups.sort_unstable();
        groups.dedup();
        Ok(groups)
    }

    /// Takes a class of traffic.
    pub(super) fn storm_class(&mut self) -> Result<StormClass, UsageError> {
        match self.word()? {
            "broadcast" => Ok(StormClass::Broadcast),
            "multicast" => Ok(StormClass::Multicast),
            "unknown" => Ok(StormClass::Unknown),
            word => Err(bad(What::StormClass, word, "use broadcast, multicast or unknown")),
        }
    }

    /// Takes permissions in octal.
    pub(super) fn mode(&mut self) -> Result<u16, UsageError> {
        let word = self.word()?;
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        let mode = u16::from_str_radix(word, 8).ok().filter(|_| digits);
        mode.ok_or_else(|| bad(What::Mode, word, "use octal digits in 0 to 777, as 660"))
    }

    /// Takes what decides on a medium.
    pub(super) fn carrier(&mut self) -> Result<Carrier, UsageError> {
        match self.word()? {
            "auto" => Ok(Carrier::Auto),
            "up" => Ok(Carrier::Up),
            "down" => Ok(Carrier::Down),
            word => Err(bad(What::Carrier, word, "use auto, up or down")),
        }
    }

    /// Takes a network, or a single address.
    pub(super) fn prefix(&mut self) -> Result<Prefix, UsageError> {
        let word = self.word()?;
        word.parse().map_err(|error| {
            let remedy = match error {
                ParsePrefixError::HostBits(network) => {
                    format!("its network is {network}; a single address has no length")
                }
                ParsePrefixError::Address | ParsePrefixError::Length | _ => PREFIXES.to_owned(),
            };
            bad(What::Prefix, word, remedy)
        })
    }

    /// Takes a single IP address.
    pub(super) fn ip(&mut self) -> Result<IpAddr, UsageError> {
        let word = self.word()?;
        word.parse().map_err(|_| bad(What::Address, word, "use a single address as 192.0.2.1 or fd00::1"))
    }

    /// Takes how addresses lie to each other.
    pub(super) fn topology(&mut self) -> Result<Topology, UsageError> {
        match self.word()? {
            "p2p" => Ok(Topology::P2p),
            "net30" => Ok(Topology::Net30),
            "subnet" => Ok(Topology::Subnet),
            word => Err(bad(What::Topology, word, "use p2p, net30 or subnet")),
        }
    }

    /// Takes a segment size.
    pub(super) fn mss(&mut self) -> Result<Mss, UsageError> {
        if self.words.take_if("auto") {
            return Ok(Mss::Auto);
        }
        let word = self.word()?;
        let bytes = base_zero(word).and_then(|number| number.try_into().ok());
        bytes.map(Mss::Bytes).ok_or_else(|| bad(What::Value, word, "mss takes 88 to 65495, or auto"))
    }

    /// Makes the error of a verb without all of its arguments.
    pub(super) fn missing(&self) -> UsageError {
        if let Shape::AddMember = self.keyword.shape {
            return UsageError::Usage("addm <interface> [opts ...]");
        }
        if let Shape::Static = self.keyword.shape {
            return UsageError::Usage("static <interface> <address> [vlan <id>]");
        }
        if let Shape::DeleteMac = self.keyword.shape {
            return UsageError::Usage("deladdr <address> [vlan <id>]");
        }
        UsageError::Missing {
            verb: self.verb.to_owned(),
            count: self.keyword.shape.required().len(),
            synopsis: self.keyword.synopsis(),
        }
    }
}

const PREFIXES: &str = "use an address as 192.0.2.1 or fd00::1, or a network as 192.0.2.0/24";

/// Reads a VLAN ID in base 0.
pub(super) fn vlan(word: &str, what: What) -> Result<Vid, UsageError> {
    let number = base_zero(word).and_then(|number| u16::try_from(number).ok());
    number.and_then(Vid::new).ok_or_else(|| bad(what, word, "a VLAN is a number in 1 to 4094"))
}

/// Reads a set of VLANs.
pub(super) fn vlan_set(word: &str) -> Result<VidSet, UsageError> {
    let remedy = "use none, all, or a comma list of VLANs in 1 to 4094 and ascending ranges, 10,100-199";
    word.parse().map_err(|_| bad(What::VlanSet, word, remedy))
}

fn mac(word: &str) -> Result<Mac, UsageError> {
    word.parse().map_err(|_| bad(What::Address, word, "a MAC address is six hexadecimal octets, 02:00:00:00:00:01"))
}

/// Makes the error of an argument that means nothing.
pub(super) fn bad(what: What, word: &str, remedy: impl Into<String>) -> UsageError {
    UsageError::Bad { what, word: word.to_owned(), remedy: remedy.into() }
}
