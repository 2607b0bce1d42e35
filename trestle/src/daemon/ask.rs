//! What the server of nodes asks of the control thread, and how an application hears of a refusal.

use super::inbox::Letterbox;
use kernel_glue::admin::{AdminError, Errno};
use kernel_glue::linux::fuse::{Caller, Clerk, Opened};
use rustix::io::Errno as Code;
use tap::ioctl::{Answer, Request, Unsupported};
use tap::{ControlError, Node};

type Done<T> = Box<dyn FnOnce(Result<T, Code>) + Send>;

/// One question, with the means to answer it from the control thread.
pub(super) enum Ask {
    Open { node: Node, caller: Caller, done: Done<Opened> },
    Ioctl { id: u64, request: Request, caller: Caller, done: Done<Answer> },
    Close { id: u64 },
}

/// The control thread, as the threads that serve nodes see it: they leave a note and go on.
impl Clerk for Letterbox {
    fn open(&self, node: Node, caller: Caller, done: Done<Opened>) {
        self.ask(Ask::Open { node, caller, done });
    }

    fn ioctl(&self, id: u64, request: Request, caller: Caller, done: Done<Answer>) {
        self.ask(Ask::Ioctl { id, request, caller, done });
    }

    fn close(&self, id: u64) {
        self.ask(Ask::Close { id });
    }
}

/// Why an application is refused something.
#[derive(Debug)]
pub(super) enum Refused {
    /// By the device.
    Device(ControlError),
    /// By the rules that hold for operators as well.
    Rules(AdminError),
    /// It asks what nobody knows.
    Unknown(Unsupported),
}

impl Refused {
    /// Returns what Linux would answer.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Device(error) => code_of(*error),
            Self::Rules(error) => error.errno.map_or(Code::INVAL, code_of_class),
            Self::Unknown(Unsupported::Unknown(_)) => Code::NOTTY,
            Self::Unknown(Unsupported::Short(_)) => Code::FAULT,
            Self::Unknown(_) => Code::INVAL,
        }
    }

    /// Returns the class by which an operator knows it.
    pub(super) fn class(&self) -> Errno {
        match self {
            Self::Device(error) => class_of(*error),
            Self::Rules(error) => error.errno.unwrap_or(Errno::Invalid),
            Self::Unknown(_) => Errno::Invalid,
        }
    }

    /// Says it to an operator.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Device(error) => error.to_string(),
            // The program that asked knows what it asked, and the class goes by its number.
            Self::Rules(error) if !error.detail.is_empty() => error.detail.clone(),
            Self::Rules(error) => error.to_string(),
            Self::Unknown(error) => error.to_string(),
        }
    }
}

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self::Device(error)
    }
}

impl From<AdminError> for Refused {
    fn from(error: AdminError) -> Self {
        Self::Rules(error)
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn code_of(error: ControlError) -> Code {
    match error {
        ControlError::NoHandle(_) => Code::BADF,
        ControlError::NoDevice(_) => Code::NODEV,
        ControlError::DeviceExists(_) | ControlError::Attached => Code::EXIST,
        ControlError::Detached | ControlError::Dead => Code::BADFD,
        ControlError::Busy(_) => Code::BUSY,
        ControlError::NotPermitted => Code::PERM,
        ControlError::TooManyDevices => Code::NOSPC,
        ControlError::TooManyHandles => Code::NFILE,
        ControlError::TooManyQueues(_) => Code::TOOBIG,
        // Invalid, refused, or of no known meaning.
        _ => Code::INVAL,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn class_of(error: ControlError) -> Errno {
    match error {
        ControlError::Busy(_) => Errno::Busy,
        ControlError::NotPermitted => Errno::NotPermitted,
        ControlError::TooManyDevices | ControlError::TooManyHandles | ControlError::TooManyQueues(_) => Errno::NoSpace,
        _ => Errno::Invalid,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the enum is another crate's, and may grow")]
fn code_of_class(class: Errno) -> Code {
    match class {
        Errno::NotFound => Code::NODEV,
        Errno::Exists => Code::EXIST,
        Errno::Busy => Code::BUSY,
        Errno::NotPermitted => Code::PERM,
        Errno::NoSpace => Code::NOSPC,
        Errno::NotAvailable => Code::ADDRNOTAVAIL,
        Errno::NotSupported => Code::OPNOTSUPP,
        Errno::Io => Code::IO,
        // Invalid, or of no known meaning.
        _ => Code::INVAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tap::{DeviceName, HandleId, Kind};

    #[test]
    fn a_refusal_by_the_device_as_programs_and_operators_hear_of_it() {
        use ControlError::*;
        let tap0 = DeviceName { kind: Kind::Tap, unit: 0 };
        #[rustfmt::skip]
        let rows = [
            (Busy(tap0),          Code::BUSY,  Errno::Busy),
            (NotPermitted,        Code::PERM,  Errno::NotPermitted),
            (TooManyDevices,      Code::NOSPC, Errno::NoSpace),
            (TooManyHandles,      Code::NFILE, Errno::NoSpace),
            (TooManyQueues(tap0), Code::TOOBIG, Errno::NoSpace),
            (Invalid,             Code::INVAL, Errno::Invalid),
            (Refused("so"),       Code::INVAL, Errno::Invalid),
            (Dead,                Code::BADFD, Errno::Invalid),
            (Detached,            Code::BADFD, Errno::Invalid),
            (NoHandle(HandleId(1)), Code::BADF, Errno::Invalid),
        ];
        for (error, code, class) in rows {
            let refused = super::Refused::Device(error);
            assert_eq!((refused.code(), refused.class()), (code, class), "{error}");
        }
    }
}
