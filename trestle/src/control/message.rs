//! Messages and their framing.

use super::{INTERFACE, hex};
use kernel_glue::admin::{
    self, AddressEntry, AdminError, Change, InterfaceReport, NeighbourEntry, Question, Request, Which,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::{self, BufRead, Write};

/// The longest message that either side takes. A bridge of 1,024 ports shows itself in about half of it.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// What a client can call.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Apply one command line, or answer a question.
    Admin(Request),
    /// Open a node; the socket that comes with the call is the application's side of the device.
    Open(Open),
    /// An ioctl of the application on a handle.
    Ioctl(Ioctl),
    /// Close a handle. One whose peer has no descriptor left closes by itself.
    CloseHandle {
        /// The handle.
        handle: u64,
    },
    /// Varlink's own: who is serving.
    Info,
    /// Varlink's own: the definition of an interface.
    Describe(String),
}

/// The opening of a node.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// What follows `/dev/`: `net/tun`, `tap`, `tap0`.
    pub node: String,
    /// The device that any attachment to one of its kind means, whatever name the application gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The process that opens, if it is not the caller. It is shown, and decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
}

/// An ioctl, as the application made it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ioctl {
    /// The handle.
    pub handle: u64,
    /// Linux's number of the request.
    pub number: u32,
    /// The argument: a number, or an address that means nothing here.
    pub value: u64,
    /// What the application has at that address, as far as the request reads it.
    #[serde(with = "hex")]
    pub memory: Vec<u8>,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Of a change or question; or why anything else was refused.
    Admin(admin::Reply),
    /// A node is open.
    Opened {
        /// What later calls name it by.
        handle: u64,
        /// The device to which it is attached, if it is.
        name: Option<String>,
    },
    /// An ioctl was executed.
    Ioctl(IoctlAnswer),
    /// A handle is closed.
    Closed,
    /// Anything that is not ours to interpret: replies and errors of `org.varlink.service`.
    Raw(Value),
}

/// What an ioctl came to.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct IoctlAnswer {
    /// Linux's number of the error, 0 for none.
    pub errno: i32,
    /// What the application is to find at its address, from there on.
    #[serde(default, with = "hex")]
    pub memory: Vec<u8>,
    /// Why it failed, for a person to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

#[derive(Deserialize)]
struct WireCall {
    method: String,
    #[serde(default)]
    parameters: Value,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ShowParameters {
    name: Option<String>,
    group: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeParameters {
    change: Change,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressesParameters {
    bridge: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct NeighboursParameters {
    interface: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CloseParameters {
    handle: u64,
}

#[derive(Deserialize)]
struct DescribeParameters {
    interface: String,
}

impl Call {
    /// Asks something of whoever administers.
    pub fn ask(question: Question) -> Self {
        Self::Admin(Request::Ask(question))
    }

    /// Encodes the call.
    pub fn to_json(&self) -> Value {
        let (method, parameters) = match self {
            Self::Admin(request) => request_to_json(request),
            Self::Open(open) => (format!("{INTERFACE}.Open"), json!(open)),
            Self::Ioctl(ioctl) => (format!("{INTERFACE}.Ioctl"), json!(ioctl)),
            Self::CloseHandle { handle } => (format!("{INTERFACE}.CloseHandle"), json!({ "handle": handle })),
            Self::Info => ("org.varlink.service.GetInfo".to_owned(), json!({})),
            Self::Describe(name) => {
                ("org.varlink.service.GetInterfaceDescription".to_owned(), json!({ "interface": name }))
            }
        };
        json!({ "method": method, "parameters": parameters })
    }

    /// Decodes a call.
    ///
    /// # Errors
    /// The Varlink error to send back: not a call, no such method, or parameters that are not the method's.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Value> {
        let wire: WireCall = serde_json::from_slice(bytes)
            .map_err(|error| invalid_parameter(&format!("not a Varlink call: {error}")))?;
        let parameters = if wire.parameters.is_null() { json!({}) } else { wire.parameters };
        let wrong = |error: serde_json::Error| invalid_parameter(&error.to_string());
        let show = |which| Ok(Self::ask(Question::Show(which)));
        match wire.method.as_str() {
            "org.trestle.Control.Change" => serde_json::from_value(parameters)
                .map(|p: ChangeParameters| Self::Admin(Request::Change(p.change)))
                .map_err(wrong),
            "org.trestle.Control.Show" => {
                let p: ShowParameters = serde_json::from_value(parameters).map_err(wrong)?;
                match (p.name, p.group) {
                    (Some(name), None) => show(Which::Named(name)),
                    (None, Some(group)) => show(Which::Group(group)),
                    (None, None) => show(Which::All),
                    (Some(_), Some(_)) => Err(invalid_parameter("name and group exclude each other")),
                }
            }
            "org.trestle.Control.Addresses" => serde_json::from_value(parameters)
                .map(|p: AddressesParameters| Self::ask(Question::Addresses(p.bridge)))
                .map_err(wrong),
            "org.trestle.Control.Neighbours" => serde_json::from_value(parameters)
                .map(|p: NeighboursParameters| Self::ask(Question::Neighbours(p.interface)))
                .map_err(wrong),
            "org.trestle.Control.Open" => serde_json::from_value(parameters).map(Self::Open).map_err(wrong),
            "org.trestle.Control.Ioctl" => serde_json::from_value(parameters).map(Self::Ioctl).map_err(wrong),
            "org.trestle.Control.CloseHandle" => serde_json::from_value(parameters)
                .map(|p: CloseParameters| Self::CloseHandle { handle: p.handle })
                .map_err(wrong),
            "org.varlink.service.GetInfo" => Ok(Self::Info),
            "org.varlink.service.GetInterfaceDescription" => serde_json::from_value(parameters)
                .map(|p: DescribeParameters| Self::Describe(p.interface))
                .map_err(wrong),
            method => Err(json!({
                "error": "org.varlink.service.MethodNotFound",
                "parameters": { "method": method },
            })),
        }
    }
}

fn request_to_json(request: &Request) -> (String, Value) {
    let (method, parameters) = match request {
        Request::Change(change) => ("Change", json!({ "change": change })),
        Request::Ask(Question::Show(Which::Named(name))) => ("Show", json!({ "name": name })),
        Request::Ask(Question::Show(Which::Group(group))) => ("Show", json!({ "group": group })),
        Request::Ask(Question::Show(Which::All)) => ("Show", json!({})),
        Request::Ask(Question::Addresses(bridge)) => ("Addresses", json!({ "bridge": bridge })),
        Request::Ask(Question::Neighbours(None)) => ("Neighbours", json!({})),
        Request::Ask(Question::Neighbours(Some(name))) => ("Neighbours", json!({ "interface": name })),
    };
    (format!("{INTERFACE}.{method}"), parameters)
}

fn invalid_parameter(what: &str) -> Value {
    json!({ "error": "org.varlink.service.InvalidParameter", "parameters": { "parameter": what } })
}

#[derive(Deserialize, Serialize)]
struct Refusal {
    error: AdminError,
}

impl Reply {
    /// Refuses a call.
    pub fn refused(error: AdminError) -> Self {
        Self::Admin(admin::Reply::Refused(error))
    }

    /// Returns why a call came to nothing: the daemon's refusal, or in words that this is no reply to it.
    pub(crate) fn unexpected(self) -> Result<AdminError, String> {
        match self {
            Self::Admin(admin::Reply::Refused(error)) => Ok(error),
            Self::Raw(value) => Err(value.to_string()),
            Self::Admin(_) | Self::Opened { .. } | Self::Ioctl(_) | Self::Closed => {
                Err("a reply to another call".into())
            }
        }
    }

    /// Encodes the reply.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Admin(reply) => reply_to_json(reply),
            Self::Opened { handle, name: Some(name) } => json!({ "parameters": { "handle": handle, "name": name } }),
            Self::Opened { handle, name: None } => json!({ "parameters": { "handle": handle } }),
            Self::Ioctl(answer) => json!({ "parameters": answer }),
            Self::Closed => json!({ "parameters": {} }),
            Self::Raw(value) => value.clone(),
        }
    }

    /// Decodes the reply to `call`.
    ///
    /// # Errors
    /// The decoder's complaint when the reply is not one to such a call.
    pub fn from_json(call: &Call, bytes: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Wire {
            error: Option<String>,
            #[serde(default)]
            parameters: Value,
        }
        #[derive(Deserialize)]
        struct Opened {
            handle: u64,
            name: Option<String>,
        }
        let wire: Wire = serde_json::from_slice(bytes)?;
        if let Some(error) = wire.error {
            if error == format!("{INTERFACE}.Refused") {
                return serde_json::from_value(wire.parameters).map(|r: Refusal| Self::refused(r.error));
            }
            return Ok(Self::Raw(json!({ "error": error, "parameters": wire.parameters })));
        }
        match call {
            Call::Admin(request) => admin_from_json(request, wire.parameters).map(Self::Admin),
            Call::Open(_) => {
                serde_json::from_value(wire.parameters).map(|r: Opened| Self::Opened { handle: r.handle, name: r.name })
            }
            Call::Ioctl(_) => serde_json::from_value(wire.parameters).map(Self::Ioctl),
            Call::CloseHandle { .. } => Ok(Self::Closed),
            Call::Info | Call::Describe(_) => Ok(Self::Raw(wire.parameters)),
        }
    }
}

fn reply_to_json(reply: &admin::Reply) -> Value {
    match reply {
        admin::Reply::Changed { created: Some(name) } => json!({ "parameters": { "created": name } }),
        admin::Reply::Changed { created: None } => json!({ "parameters": {} }),
        admin::Reply::Interfaces(interfaces) => json!({ "parameters": { "interfaces": interfaces } }),
        admin::Reply::Addresses(entries) => json!({ "parameters": { "entries": entries } }),
        admin::Reply::Neighbours(entries) => json!({ "parameters": { "neighbours": entries } }),
        admin::Reply::Refused(error) => {
            json!({ "error": format!("{INTERFACE}.Refused"), "parameters": Refusal { error: error.clone() } })
        }
    }
}

fn admin_from_json(request: &Request, parameters: Value) -> Result<admin::Reply, serde_json::Error> {
    #[derive(Deserialize)]
    struct Changed {
        created: Option<String>,
    }
    #[derive(Deserialize)]
    struct Interfaces {
        interfaces: Vec<InterfaceReport>,
    }
    #[derive(Deserialize)]
    struct Entries {
        entries: Vec<AddressEntry>,
    }
    #[derive(Deserialize)]
    struct Neighbours {
        neighbours: Vec<NeighbourEntry>,
    }
    match request {
        Request::Change(_) => {
            serde_json::from_value(parameters).map(|r: Changed| admin::Reply::Changed { created: r.created })
        }
        Request::Ask(Question::Show(_)) => {
            serde_json::from_value(parameters).map(|r: Interfaces| admin::Reply::Interfaces(r.interfaces))
        }
        Request::Ask(Question::Addresses(_)) => {
            serde_json::from_value(parameters).map(|r: Entries| admin::Reply::Addresses(r.entries))
        }
        Request::Ask(Question::Neighbours(_)) => {
            serde_json::from_value(parameters).map(|r: Neighbours| admin::Reply::Neighbours(r.neighbours))
        }
    }
}

/// Reads one message, without its NUL; `None` at the end of the stream.
///
/// # Errors
/// The stream's, or `InvalidData` for a message over [`MAX_MESSAGE_BYTES`] or cut off by the end.
pub(super) fn read(from: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    io::Read::take(&mut *from, MAX_MESSAGE_BYTES as u64 + 1).read_until(0, &mut bytes)?;
    match bytes.pop() {
        None => Ok(None),
        Some(0) => Ok(Some(bytes)),
        Some(_) if bytes.len() >= MAX_MESSAGE_BYTES => {
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("message over {MAX_MESSAGE_BYTES} bytes")))
        }
        Some(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "message cut off")),
    }
}

/// Writes one message and its NUL.
pub(super) fn write(to: &mut impl Write, message: &Value) -> io::Result<()> {
    let mut bytes = serde_json::to_vec(message)?;
    bytes.push(0);
    to.write_all(&bytes)?;
    to.flush()
}

#[cfg(test)]
mod tests;
