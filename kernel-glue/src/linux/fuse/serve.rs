//! Requests of the kernel, and who answers them.

use super::channel::{Received, RequestBuffer};
use super::clerk::{Clerk, Opened};
use super::device::Waiting;
use super::farewell::Farewell;
use super::flights::{Flights, TooLate};
use super::helpers::Helpers;
use super::open::{Open, Patience};
use super::protocol::answer;
use super::protocol::request::{Init, Operation, Request};
use super::protocol::{
    INIT_BIG_WRITES, INIT_EXT, INIT_HAS_RESEND, INIT_MAX_PAGES, INIT_PARALLEL_DIROPS, MAJOR, MINOR, OPEN_NODE,
};
use super::service::Service;
use super::tree::Tree;
use crate::linux::clock::monotonic;
use rustix::io::Errno;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tap::Node;

/// A mounted directory of nodes, as the threads that serve it share it.
pub(super) struct Served {
    pub(super) service: Arc<Service>,
    pub(super) tree: Tree,
    pub(super) clerk: Arc<dyn Clerk>,
    pub(super) helpers: Arc<Helpers>,
    /// Open files by the number that the kernel calls them by.
    opens: RwLock<HashMap<u64, Arc<Open>>>,
    next_handle: AtomicU64,
    stopping: AtomicBool,
}

impl Served {
    pub(super) fn new(service: Arc<Service>, tree: Tree, clerk: Arc<dyn Clerk>, helpers: Arc<Helpers>) -> Self {
        let (next_handle, stopping) = (AtomicU64::new(1), AtomicBool::new(false));
        Self { service, tree, clerk, helpers, opens: RwLock::default(), next_handle, stopping }
    }

    /// Serves until told to stop, or until the last user of the mount is gone.
    pub(super) fn run(self: &Arc<Self>) {
        let mut buffer = RequestBuffer::new();
        while !self.stopping.load(Ordering::Acquire) {
            match self.service.channel.receive(&mut buffer) {
                Received::Request(bytes) => self.on_bytes(bytes),
                Received::Nothing => {}
                Received::Gone => break,
            }
        }
    }

    /// Has every thread return from [`Self::run`] as soon as it is [interrupted](super::wakeup).
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Lets go of every open file.
    pub(super) fn close_all(&self) {
        let opens = core::mem::take(&mut *self.opens.write().unwrap_or_else(PoisonError::into_inner));
        opens.values().for_each(|open| self.close(open));
    }

    fn on_bytes(self: &Arc<Self>, bytes: &[u8]) {
        match Request::parse(bytes) {
            Ok(request) => self.on_request(request),
            Err(malformed) => {
                tracing::warn!("{malformed}");
                malformed.unique.into_iter().for_each(|unique| self.service.channel.refuse(unique, Errno::IO));
            }
        }
    }

    fn on_request(self: &Arc<Self>, request: Request<'_>) {
        let (unique, channel) = (request.unique, &self.service.channel);
        match request.operation {
            Operation::Read { handle, size, flags } => {
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                self.with(handle, unique, |open| open.on_read(Waiting { unique, size }, Patience::of(flags)));
            }
            Operation::Write { handle, flags, data } => {
                self.with(handle, unique, |open| open.on_write(unique, data, Patience::of(flags)));
            }
            Operation::Poll(poll) => self.with(poll.handle, unique, |open| open.on_poll(unique, poll)),
            Operation::Ioctl(ioctl) => self.with(ioctl.handle, unique, |open| self.on_ioctl(&request, &ioctl, open)),
            Operation::Interrupt { unique: interrupted } => self.on_interrupt(unique, interrupted),
            Operation::Open => self.on_open(&request),
            Operation::Release { handle } => {
                let open = self.opens.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
                open.iter().for_each(|open| self.close(open));
                channel.done(unique);
            }
            Operation::Lookup { name } => match self.tree.look_up(name) {
                Some(attributes) => channel.answer(unique, &answer::entry(attributes), &[]),
                None => channel.refuse(unique, Errno::NOENT),
            },
            Operation::Forget { lookups } => self.tree.forget(request.node, lookups),
            Operation::BatchForget(forgets) => forgets.for_each(|(node, lookups)| self.tree.forget(node, lookups)),
            Operation::GetAttr => self.attributes(unique, request.node),
            // Owner and mode are the daemon's. Times there are none, and `> node` may cut what has no length.
            Operation::SetAttr { valid } if valid & SET_OWNER_OR_MODE != 0 => channel.refuse(unique, Errno::PERM),
            Operation::SetAttr { .. } => self.attributes(unique, request.node),
            Operation::OpenDir => channel.answer(unique, &answer::opened(0, 0), &[]),
            Operation::ReadDir { offset, size } => {
                let listing = self.tree.list(offset, usize::try_from(size).unwrap_or(0));
                channel.answer(unique, &listing, &[]);
            }
            Operation::StatFs => channel.answer(unique, &answer::statfs(self.tree.count()), &[]),
            Operation::Init(init) => self.on_init(unique, init),
            Operation::Flush
            | Operation::Fsync
            | Operation::FsyncDir
            | Operation::ReleaseDir
            | Operation::Access
            | Operation::Destroy => channel.done(unique),
            Operation::Change => channel.refuse(unique, Errno::PERM),
            Operation::Lseek => channel.refuse(unique, Errno::SPIPE),
            Operation::Unknown(opcode) => {
                tracing::debug!("FUSE operation {opcode} is not served");
                channel.refuse(unique, Errno::NOSYS);
            }
        }
    }

    fn on_init(&self, unique: u64, init: Init) {
        if init.major != MAJOR || init.minor < MINOR {
            tracing::error!("the kernel speaks FUSE {}.{}, {MAJOR}.{MINOR} is needed", init.major, init.minor);
            return self.service.channel.refuse(unique, Errno::PROTO);
        }
        let wanted = INIT_MAX_PAGES | INIT_BIG_WRITES | INIT_PARALLEL_DIROPS | INIT_EXT | INIT_HAS_RESEND;
        self.service.channel.answer(unique, &answer::init(init.max_readahead, init.flags & wanted), &[]);
    }

    fn on_open(self: &Arc<Self>, request: &Request<'_>) {
        let unique = request.unique;
        let Some(node) = self.tree.node(request.node) else {
            return self.service.channel.refuse(unique, Errno::NXIO);
        };
        let owed = Owed(Some((Arc::clone(self), node, unique)));
        self.service.flights.depart(unique);
        self.clerk.open(node, request.caller, Box::new(move |opened| owed.opened(opened)));
    }

    fn on_interrupt(&self, unique: u64, interrupted: u64) {
        let channel = &self.service.channel;
        if let Some(farewell) = self.service.pacer.take(interrupted) {
            return match farewell {
                Farewell::HangUp => farewell.tell(channel, interrupted),
                Farewell::Refuse(_) => channel.refuse(interrupted, Errno::INTR),
            };
        }
        if self.service.flights.contains(interrupted) {
            let at = monotonic().plus(Flights::PATIENCE);
            return self.service.answer_later(at, interrupted, Farewell::Refuse(Errno::INTR));
        }
        let opens = self.opens.read().unwrap_or_else(PoisonError::into_inner);
        if opens.values().any(|open| open.interrupt(interrupted).is_some()) {
            return;
        }
        // Answered already, which the kernel knows; or in another thread's hands, and then it sends this once more.
        channel.refuse(unique, Errno::AGAIN);
    }

    fn attributes(&self, unique: u64, node: u64) {
        match self.tree.attributes(node) {
            Some(attributes) => self.service.channel.answer(unique, &answer::attributes(attributes), &[]),
            None => self.service.channel.refuse(unique, Errno::NOENT),
        }
    }

    fn with(&self, handle: u64, unique: u64, serve: impl FnOnce(&Arc<Open>)) {
        let open = self.opens.read().unwrap_or_else(PoisonError::into_inner).get(&handle).cloned();
        match open {
            Some(open) => serve(&open),
            None => self.service.channel.refuse(unique, Errno::BADF),
        }
    }

    fn close(&self, open: &Open) {
        open.close();
        self.clerk.close(open.id);
    }
}

/// An answer that is owed to a program that opens a node.
struct Owed(Option<(Arc<Served>, Node, u64)>);

impl Owed {
    fn opened(mut self, opened: Result<Opened, Errno>) {
        let Some((served, node, unique)) = self.0.take() else { return };
        let channel = &served.service.channel;
        let landed = served.service.flights.land(unique);
        let opened = match (opened, landed) {
            (Ok(opened), Ok(())) => opened,
            (Err(errno), Ok(())) => return channel.refuse(unique, errno),
            (Ok(opened), Err(TooLate)) => return served.clerk.close(opened.id),
            (Err(_), Err(TooLate)) => return,
        };
        let handle = served.next_handle.fetch_add(1, Ordering::Relaxed);
        let open = Arc::new(Open::new(node, opened, Arc::clone(&served.service)));
        served.opens.write().unwrap_or_else(PoisonError::into_inner).insert(handle, Arc::clone(&open));
        if channel.deliver(unique, &answer::opened(handle, OPEN_NODE), &[]).is_err() {
            // No file came of it, so none will be closed.
            served.opens.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
            served.close(&open);
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some((served, _, unique)) = self.0.take()
            && served.service.flights.land(unique).is_ok()
        {
            served.service.channel.refuse(unique, Errno::IO);
        }
    }
}

/// `FATTR_MODE`, `FATTR_UID`, `FATTR_GID`.
const SET_OWNER_OR_MODE: u32 = 0b111;
