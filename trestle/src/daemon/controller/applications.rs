//! What applications do with nodes: open, set up, close.

use super::super::ask::{Ask, Refused};
use super::super::system::{Asked, Opener, System};
use super::Controller;
use crate::control::{Ioctl, IoctlAnswer, Open, Peer, Reply};
use kernel_glue::admin::{AdminError, Change, Errno, Verb};
use kernel_glue::linux::fuse::{Caller, Opened};
use std::os::fd::OwnedFd;
use tap::ioctl::{Answer, Attach, AttachFlags, Dialect, Request, Wanted};
use tap::{ControlError, Credentials, DeviceName, HandleId, Kind, Node, Opening, Standing, Transport};

impl<S: System> Controller<S> {
    /// Answers what the server of nodes asks.
    pub(crate) fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Open { node, caller, done } => {
                let opening = Opening { node, transport: Transport::Node, meant: None };
                let mut opener = Opener { credentials: of_caller(caller), pid: Some(caller.pid), socket: None };
                let opened = self.open(opening, &mut opener).and_then(|id| {
                    let descriptor = self.system.descriptor(id).ok_or(ControlError::NoHandle(id))?;
                    Ok(Opened { id: id.0, descriptor })
                });
                done(opened.map_err(|refused| refused.code()));
            }
            Ask::Ioctl { id, request, caller, done } => {
                let answer = self.control(HandleId(id), request, &of_caller(caller));
                done(answer.map_err(|refused| refused.code()));
            }
            Ask::Close { id } => {
                self.system.close(HandleId(id));
                self.settle_applications();
            }
        }
    }

    /// Opens a node for a program that is behind a socket.
    pub(super) fn open_by_socket(&mut self, open: &Open, socket: Option<OwnedFd>, peer: Peer) -> Reply {
        match self.try_open_by_socket(open, socket, peer) {
            Ok((handle, name)) => Reply::Opened { handle: handle.0, name },
            Err(error) => Reply::refused(error),
        }
    }

    fn try_open_by_socket(
        &mut self,
        open: &Open,
        socket: Option<OwnedFd>,
        peer: Peer,
    ) -> Result<(HandleId, Option<String>), AdminError> {
        let operation = || format!("open {}", open.node);
        let refuse = |errno, detail: String| AdminError { operation: operation(), errno: Some(errno), detail };
        let node: Node =
            open.node.parse().map_err(|error: tap::NameError| refuse(Errno::Invalid, error.to_string()))?;
        let meant = open.device.as_deref().map(str::parse::<DeviceName>).transpose();
        let meant = meant.map_err(|error| refuse(Errno::Invalid, error.to_string()))?;
        if socket.is_none() {
            return Err(refuse(Errno::Invalid, "no socket came with the call".into()));
        }
        let opening = Opening { node, transport: Transport::Socket, meant };
        let mut opener = Opener { credentials: of_peer(peer), pid: open.process.or(peer.pid()), socket };
        let id = self.open(opening, &mut opener).map_err(|refused| match refused {
            Refused::Rules(error) => error,
            Refused::Device(ControlError::NotPermitted) => refuse(
                Errno::NotPermitted,
                format!("user {} may not open it; see owner, group and mode in ifconfig", peer.uid()),
            ),
            refused @ (Refused::Device(_) | Refused::Unknown(_)) => refuse(refused.class(), refused.text()),
        })?;
        let name = self.system.descriptor(id).and_then(|handle| Some(handle.device()?.name().to_string()));
        Ok((id, name))
    }

    /// Carries out an ioctl for a program that is behind a socket.
    pub(super) fn ioctl(&mut self, call: &Ioctl, peer: Peer) -> IoctlAnswer {
        let mut memory = call.memory.clone();
        let request = tap::ioctl::decode(Dialect::Linux, call.number, call.value, &memory).map_err(Refused::Unknown);
        let (id, who) = (HandleId(call.handle), of_peer(peer));
        let request = request.and_then(|request| match self.system.is_opener(id, &who) {
            true => Ok(request),
            false => Err(Refused::Device(ControlError::NoHandle(id))),
        });
        match request.and_then(|request| self.control(id, request, &who)) {
            Ok(answer) => {
                let room = tap::ioctl::shape(Dialect::Linux, call.number).map_or(0, |shape| shape.write);
                memory.resize(room.max(memory.len()), 0);
                let bytes = tap::ioctl::encode(Dialect::Linux, call.number, &answer, &mut memory);
                memory.truncate(bytes);
                IoctlAnswer { errno: 0, memory, detail: None }
            }
            Err(refused) => {
                let detail = Some(refused.text());
                IoctlAnswer { errno: refused.code().raw_os_error(), memory: Vec::new(), detail }
            }
        }
    }

    /// Closes what a program behind a socket has open.
    pub(super) fn close_handle(&mut self, handle: u64, peer: Peer) -> Reply {
        let id = HandleId(handle);
        if !self.system.is_opener(id, &of_peer(peer)) {
            return Reply::refused(AdminError {
                operation: format!("close {handle}"),
                errno: Some(Errno::NotFound),
                detail: format!("user {} has nothing open by that number", peer.uid()),
            });
        }
        self.system.close(id);
        self.settle_applications();
        Reply::Closed
    }

    /// As [`Self::follow_applications`], where nobody waits for an answer.
    pub(crate) fn settle_applications(&mut self) {
        if let Err(error) = self.follow_applications() {
            tracing::error!("{error}");
        }
    }

    /// Follows what applications have brought about.
    ///
    /// # Errors
    /// The first change that the rules forbid; the device stays as it was.
    pub(super) fn follow_applications(&mut self) -> Result<(), AdminError> {
        let mut result = Ok(());
        while let Some(asked) = self.system.poll_asked() {
            match asked {
                Asked::Opened(device) => {
                    self.opened.insert(device);
                    self.follow();
                }
                Asked::Closed(device) => result = result.and(self.end_unopened(&device)),
                Asked::Settled(_) => {
                    self.flush_stopped();
                    self.publish_all();
                }
                Asked::Change { device, verb } => {
                    let changed = self.arrange(&device, vec![*verb]).map(drop);
                    if changed.is_err() {
                        self.system.restore(&device);
                    }
                    result = result.and(changed);
                }
            }
        }
        result
    }

    /// Destroys a device that lives as long as it is open, if it is not.
    pub(super) fn end_unopened(&mut self, device: &str) -> Result<(), AdminError> {
        let open = self.system.device(device).is_none_or(|live| !live.opens.is_empty());
        if open || self.state.device(device).is_none_or(|device| !device.transient) {
            return Ok(());
        }
        self.arrange(device, vec![Verb::Destroy]).map(drop)
    }

    fn open(&mut self, opening: Opening, opener: &mut Opener) -> Result<HandleId, Refused> {
        let opened = match self.system.open(opening, opener) {
            Err(ControlError::NoDevice(name)) => {
                let made = match opening.node {
                    Node::Clone(kind) if opening.meant.is_none() => self.make(kind, None, AttachFlags::empty())?,
                    Node::Clone(_) | Node::Unit(_) | Node::Any => {
                        self.make(name.kind, Some(name), AttachFlags::empty())?
                    }
                };
                self.system.open(Opening { node: Node::Unit(made), ..opening }, opener)
            }
            done => done,
        };
        self.follow_applications()?;
        Ok(opened?)
    }

    fn control(&mut self, id: HandleId, request: Request, who: &Credentials) -> Result<Answer, Refused> {
        let answer = match (self.system.control(id, request, who), request) {
            (Err(ControlError::NoDevice(name)), Request::Attach(Attach { kind, wanted, flags })) => {
                let made = match wanted {
                    Wanted::Any => self.make(kind, None, flags)?,
                    Wanted::Named(_) | Wanted::Foreign => self.make(kind, Some(name), flags)?,
                };
                self.system.reserve(id, made);
                let answer = self.system.control(id, request, who);
                if answer.is_err() {
                    // Nobody has opened what was made for this.
                    self.arrange(&made.to_string(), vec![Verb::Destroy])?;
                }
                answer
            }
            (answer, _) => answer,
        };
        self.follow_applications()?;
        answer.map_err(|error| match (error, request) {
            (ControlError::Invalid, Request::Attach(attach)) => Refused::Rules(self.mismatch(id, attach)),
            (error, _) => Refused::Device(error),
        })
    }

    /// Says why an attachment does not fit.
    fn mismatch(&self, id: HandleId, attach: Attach) -> AdminError {
        let device = match attach.wanted {
            Wanted::Named(name) => Some(name),
            Wanted::Any | Wanted::Foreign => {
                self.system.descriptor(id).and_then(|handle| Some(handle.device()?.name()))
            }
        };
        let word = attach.kind.word();
        let detail = match device {
            None => format!(
                "no device has such a name, they are {word}0, {word}1 …: give it one by trestle exec --{word} {word}0"
            ),
            Some(device) if device.kind != attach.kind => format!("{device} is no {word}"),
            Some(device) => match attach.flags.contains(AttachFlags::MULTI_QUEUE) {
                true => format!("{device} admits one at a time: ifconfig {device} multiqueue"),
                false => {
                    format!("{device} admits several, and this program asks to be alone: ifconfig {device} -multiqueue")
                }
            },
        };
        AdminError { operation: "TUNSETIFF".into(), errno: Some(Errno::Invalid), detail }
    }

    /// Makes a device that lives as long as it is open.
    fn make(&mut self, kind: Kind, name: Option<DeviceName>, flags: AttachFlags) -> Result<DeviceName, Refused> {
        let interface = name.map_or_else(|| kind.word().to_owned(), |name| name.to_string());
        let mut verbs = vec![Verb::CreateTransient];
        if flags.contains(AttachFlags::MULTI_QUEUE) {
            verbs.push(Verb::MultiQueue { on: true });
        }
        let created = self.arrange(&interface, verbs)?.unwrap_or(interface);
        created.parse().map_err(|_| Refused::Device(ControlError::Invalid))
    }

    /// Brings about what an application asked for, by the rules that hold for operators.
    fn arrange(&mut self, interface: &str, verbs: Vec<Verb>) -> Result<Option<String>, AdminError> {
        self.apply(&Change { interface: interface.to_owned(), verbs })
    }
}

fn of_peer(peer: Peer) -> Credentials {
    let standing = if peer.may_change() { Standing::Administrator } else { Standing::User };
    credentials(peer.uid(), peer.gid(), peer.pid(), standing)
}

fn of_caller(caller: Caller) -> Credentials {
    let own = rustix::process::geteuid().as_raw();
    let standing = if caller.uid == 0 || caller.uid == own { Standing::Administrator } else { Standing::User };
    credentials(caller.uid, caller.gid, Some(caller.pid), standing)
}

fn credentials(uid: u32, gid: u32, pid: Option<u32>, standing: Standing) -> Credentials {
    let groups = match standing {
        // Their groups decide nothing.
        Standing::Administrator => Box::default(),
        Standing::User => groups(pid, uid),
    };
    Credentials { uid, gid, groups, standing }
}

/// Returns the supplementary groups of a process, none if it is not that user's any more.
fn groups(pid: Option<u32>, uid: u32) -> Box<[u32]> {
    let status = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/status")).ok()).unwrap_or_default();
    let line = |key| status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().split_whitespace();
    // Real, effective, saved, file system.
    if line("Uid:").nth(1).and_then(|text| text.parse().ok()) != Some(uid) {
        return Box::default();
    }
    line("Groups:").filter_map(|text| text.parse().ok()).collect()
}
