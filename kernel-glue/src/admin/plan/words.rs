//! Steps in the operator's words: the verb that a refused step belongs to, and what was done.

use super::{AdminStatus, Step, SystemError};
use crate::admin::AdminError;
use alloc::format;
use alloc::string::String;
use core::fmt;

impl Step {
    /// Says which part of a change the system refused.
    pub fn refused(&self, error: SystemError) -> AdminError {
        AdminError { operation: operation(self), errno: Some(error.errno), detail: error.detail }
    }
}

/// Describes the step as performed.
impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Detach { bridge, port, what } => write!(out, "{bridge}: {}: port {port} detached", what.interface()),
            Self::Attach { bridge, port, what } => write!(out, "{bridge}: {}: port {port} attached", what.interface()),
            Self::AddEngine { bridge } => write!(out, "{bridge}: forwarding engine made"),
            Self::RemoveEngine { bridge } => write!(out, "{bridge}: forwarding engine removed"),
            Self::CreateInterface { name, mac } | Self::CreateDevice { name, mac, .. } => {
                write!(out, "{name}: created with address {mac}")
            }
            Self::ConfigureDevice { name, .. } => write!(out, "{name}: node configured"),
            Self::Join { device } => write!(out, "{device}: joined to the host"),
            Self::Part { device } => write!(out, "{device}: parted from the host"),
            Self::DestroyInterface { name } => write!(out, "{name}: destroyed"),
            Self::SetMac { interface, mac } => write!(out, "{interface}: ether {mac}"),
            Self::SetMtu { interface, bytes } => write!(out, "{interface}: mtu {bytes}"),
            Self::SetDescription { interface, text } => write!(out, "{interface}: description {text}"),
            Self::SetAdmin { interface, status: AdminStatus::Up } => write!(out, "{interface}: up"),
            Self::SetAdmin { interface, status: AdminStatus::Down } => write!(out, "{interface}: down"),
            Self::AddAddress { interface, address } => write!(out, "{interface}: address {} added", address.address),
            Self::DeleteAddress { interface, address } => {
                write!(out, "{interface}: address {} deleted", address.address)
            }
        }
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
