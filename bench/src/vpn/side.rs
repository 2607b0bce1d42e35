//! Those that are compared.

use crate::named;

/// A VPN program whose near end has its device in one way.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Side {
    /// Whose tunnel it is.
    pub(super) program: Program,
    /// How its near end comes to its device.
    pub(super) way: Way,
}

/// A VPN program.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Program {
    /// OpenVPN without cipher, between two equals.
    OpenVpn,
    /// WireGuard in Go.
    WireguardGo,
    /// WireGuard in Rust.
    Boringtun,
}

/// How a program comes to its device.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Way {
    /// The kernel's `/dev/net/tun`.
    Kernel,
    /// `/dev/net/tun` under `trestle exec`.
    Exec,
    /// `trestle plug unix` at the other end of its socket.
    Plug,
    /// The node that Trestle serves.
    Node,
}

impl named::Subject for Side {
    fn name(self) -> &'static str {
        match (self.program, self.way) {
            (Program::OpenVpn, Way::Kernel) => "openvpn-kernel",
            (Program::OpenVpn, Way::Exec) => "openvpn-exec",
            (Program::OpenVpn, Way::Plug) => "openvpn-plug",
            (Program::OpenVpn, Way::Node) => "openvpn-node",
            (Program::WireguardGo, Way::Kernel) => "wireguard-go-kernel",
            (Program::WireguardGo, Way::Exec) => "wireguard-go-exec",
            (Program::WireguardGo, Way::Plug) => "wireguard-go-plug",
            (Program::WireguardGo, Way::Node) => "wireguard-go-node",
            (Program::Boringtun, Way::Kernel) => "boringtun-kernel",
            (Program::Boringtun, Way::Exec) => "boringtun-exec",
            (Program::Boringtun, Way::Plug) => "boringtun-plug",
            (Program::Boringtun, Way::Node) => "boringtun-node",
        }
    }
}

impl Side {
    /// All, in the order of a round.
    pub(crate) const ALL: [Self; 8] = [
        Self::new(Program::OpenVpn, Way::Kernel),
        Self::new(Program::OpenVpn, Way::Exec),
        Self::new(Program::OpenVpn, Way::Plug),
        Self::new(Program::OpenVpn, Way::Node),
        Self::new(Program::WireguardGo, Way::Kernel),
        Self::new(Program::WireguardGo, Way::Exec),
        Self::new(Program::Boringtun, Way::Kernel),
        Self::new(Program::Boringtun, Way::Exec),
    ];

    pub(super) const fn new(program: Program, way: Way) -> Self {
        Self { program, way }
    }

    /// Returns what it is compared with: the same program on the kernel's TUN.
    pub(crate) const fn peer(self) -> Self {
        Self::new(self.program, Way::Kernel)
    }
}
