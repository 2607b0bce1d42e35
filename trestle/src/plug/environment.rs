//! What OpenVPN 2.7 tells the program of `--dev-node unix:PROG` in its environment.

use core::net::Ipv4Addr;
use frame::Mac;
use kernel_glue::admin::InetAddress;
use rustix::fd::RawFd;
use std::str::FromStr;
use tap::{DeviceName, Kind};

/// The side of the device that is not packets.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Environment {
    /// `TUNTAP_SOCKET_FD`: the descriptor.
    pub(super) fd: Option<RawFd>,
    /// `TUNTAP_DEV_TYPE`.
    pub(super) kind: Option<Kind>,
    /// `TRESTLE_DEVICE`, which is ours: `setenv TRESTLE_DEVICE tap0` in OpenVPN's configuration.
    pub(super) device: Option<DeviceName>,
    /// `TUNTAP_MTU`.
    pub(super) mtu_bytes: Option<u32>,
    /// `TUNTAP_LLADDR`.
    pub(super) ether: Option<Mac>,
    /// `ifconfig_local` with `ifconfig_netmask`, or with `ifconfig_remote` where there is no network but only the two;
    /// `ifconfig_ipv6_local` with `ifconfig_ipv6_netbits`.
    pub(super) addresses: Vec<InetAddress>,
}

/// A variable that cannot be what it says it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct BadVariable {
    name: &'static str,
    value: String,
}

impl std::fmt::Display for BadVariable {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}={}: not what this variable can be", self.name, self.value)
    }
}

impl Environment {
    /// Reads the variables that there are.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BadVariable> {
        let variables = Variables(&variable);
        let kind = match variable("TUNTAP_DEV_TYPE").as_deref() {
            None => None,
            Some("tap") => Some(Kind::Tap),
            Some("tun") => Some(Kind::Tun),
            Some(other) => return Err(BadVariable { name: "TUNTAP_DEV_TYPE", value: other.into() }),
        };
        Ok(Self {
            fd: variables.get("TUNTAP_SOCKET_FD")?,
            kind,
            device: variables.get("TRESTLE_DEVICE")?,
            mtu_bytes: variables.get("TUNTAP_MTU")?,
            ether: variables.get("TUNTAP_LLADDR")?,
            addresses: [variables.inet()?, variables.inet6()?].into_iter().flatten().collect(),
        })
    }
}

struct Variables<'f>(&'f dyn Fn(&str) -> Option<String>);

impl Variables<'_> {
    fn get<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, BadVariable> {
        let Some(value) = (self.0)(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| BadVariable { name, value })
    }

    fn inet(&self) -> Result<Option<InetAddress>, BadVariable> {
        let Some(address) = self.get::<Ipv4Addr>("ifconfig_local")? else { return Ok(None) };
        if let Some(remote) = self.get::<Ipv4Addr>("ifconfig_remote")? {
            return Ok(Some(InetAddress::point_to_point(address.into(), remote.into())));
        }
        let mask = self.get::<Ipv4Addr>("ifconfig_netmask")?.unwrap_or(Ipv4Addr::BROADCAST);
        let prefix = mask.to_bits().leading_ones();
        if mask.to_bits().checked_shl(prefix).unwrap_or(0) != 0 {
            return Err(BadVariable { name: "ifconfig_netmask", value: mask.to_string() });
        }
        Ok(Some(InetAddress::new(address.into(), prefix as u8)))
    }

    fn inet6(&self) -> Result<Option<InetAddress>, BadVariable> {
        let Some(address) = self.get::<core::net::Ipv6Addr>("ifconfig_ipv6_local")? else { return Ok(None) };
        let prefix = self.get("ifconfig_ipv6_netbits")?.unwrap_or(128);
        if prefix > 128 {
            return Err(BadVariable { name: "ifconfig_ipv6_netbits", value: prefix.to_string() });
        }
        Ok(Some(InetAddress::new(address.into(), prefix)))
    }
}

#[cfg(test)]
mod tests;
