//! Steps in the operator's words: the verb that a refused step belongs to, and log lines.

use super::picture::AdminStatus;
use super::plan::Step;
use super::system::SystemError;
use crate::control::Peer;
use crate::ifconfig::change_text;
use kernel_glue::admin::{AdminError, Change, Errno};

/// Says which part of a change the system refused.
pub(super) fn of(step: &Step, error: SystemError) -> AdminError {
    AdminError { operation: operation(step), errno: Some(error.errno), detail: error.detail }
}

/// Says who may do what was tried.
pub(super) fn not_permitted(change: &Change, peer: Peer) -> AdminError {
    AdminError {
        operation: change_text(change),
        errno: Some(Errno::NotPermitted),
        detail: format!("user {} may only read; root and the user that runs the daemon may change", peer.uid()),
    }
}

/// Describes a step that was performed.
pub(super) fn describe(step: &Step) -> String {
    match step {
        Step::Detach { bridge, port, what } => format!("{bridge}: {}: port {port} detached", what.interface()),
        Step::Attach { bridge, port, what } => format!("{bridge}: {}: port {port} attached", what.interface()),
        Step::AddEngine { bridge } => format!("{bridge}: forwarding engine made"),
        Step::RemoveEngine { bridge } => format!("{bridge}: forwarding engine removed"),
        Step::CreateInterface { name, mac } | Step::CreateDevice { name, mac, .. } => {
            format!("{name}: created with address {mac}")
        }
        Step::ConfigureDevice { name, .. } => format!("{name}: node configured"),
        Step::Join { device } => format!("{device}: joined to the host"),
        Step::Part { device } => format!("{device}: parted from the host"),
        Step::DestroyInterface { name } => format!("{name}: destroyed"),
        Step::SetMac { interface, mac } => format!("{interface}: ether {mac}"),
        Step::SetMtu { interface, bytes } => format!("{interface}: mtu {bytes}"),
        Step::SetDescription { interface, text } => format!("{interface}: description {text}"),
        Step::SetAdmin { interface, status: AdminStatus::Up } => format!("{interface}: up"),
        Step::SetAdmin { interface, status: AdminStatus::Down } => format!("{interface}: down"),
        Step::AddAddress { interface, address } => format!("{interface}: address {} added", address.address),
        Step::DeleteAddress { interface, address } => format!("{interface}: address {} deleted", address.address),
    }
}

/// FreeBSD's name of the request, as `ifconfig` prints it.
fn operation(step: &Step) -> String {
    match step {
        Step::Attach { what, .. } => format!("BRDGADD {}", what.interface()),
        Step::Detach { what, .. } => format!("BRDGDEL {}", what.interface()),
        Step::AddEngine { bridge } => format!("SIOCIFCREATE {bridge}"),
        Step::RemoveEngine { bridge } => format!("SIOCIFDESTROY {bridge}"),
        Step::CreateInterface { name, .. } | Step::CreateDevice { name, .. } => format!("SIOCIFCREATE {name}"),
        Step::ConfigureDevice { name, .. } => format!("configure the node of {name}"),
        Step::Join { device } | Step::Part { device } => format!("ioctl TUNSETCARRIER {device}"),
        Step::DestroyInterface { name } => format!("SIOCIFDESTROY {name}"),
        Step::SetMac { interface, mac } => format!("ioctl SIOCSIFLLADDR {interface} {mac}"),
        Step::SetMtu { interface, bytes } => format!("ioctl SIOCSIFMTU {interface} {bytes}"),
        Step::SetDescription { interface, .. } => format!("ioctl SIOCSIFDESCR {interface}"),
        Step::SetAdmin { interface, .. } => format!("ioctl SIOCSIFFLAGS {interface}"),
        Step::AddAddress { interface, address } => format!("ioctl SIOCAIFADDR {interface} {}", address.address),
        Step::DeleteAddress { interface, address } => format!("ioctl SIOCDIFADDR {interface} {}", address.address),
    }
}
