//! The directory of nodes as the daemon holds it.

use super::clerk::Clerk;
use super::helpers::Helpers;
use super::mount::{MountError, MountStep, errno, mount};
use super::packet::Pool;
use super::serve::Served;
use super::service::Service;
use super::tree::{Owner, Tree};
use super::wakeup;
use crate::linux::caps::keep_only;
use crate::linux::keeper::Link;
use rustix::fd::AsFd;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use tap::DeviceName;

/// Serves a directory of nodes while it lives.
///
/// Make it before privileges are dropped: mounting takes CAP_SYS_ADMIN, which only the keeper retains. When it goes, the
/// mount is gone as well; programs that still have a node open are the keeper's.
pub struct NodeServer {
    directory: PathBuf,
    served: Arc<Served>,
    threads: Vec<JoinHandle<()>>,
    pacer: Option<JoinHandle<()>>,
}

/// How nodes are served.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// Where; made if it is missing.
    pub directory: PathBuf,
    /// Who may open the nodes that clone.
    pub clones: Owner,
    /// The command line of a program that calls [`keeper::main`](crate::linux::keeper::main) with its standard input.
    /// Without one, nobody sees programs off when this process dies, and unmounting takes CAP_SYS_ADMIN to the end.
    pub keeper: Option<Vec<OsString>>,
    /// Threads that take requests, at least one.
    pub threads: usize,
    /// Where packets get their buffers.
    pub pool: Pool,
}

impl NodeServer {
    /// Mounts the directory and begins to serve it.
    ///
    /// # Errors
    /// [`MountError`]; nothing is left behind.
    pub fn mount(options: &NodeOptions, clerk: Arc<dyn Clerk>) -> Result<Self, MountError> {
        let directory = options.directory.as_path();
        let mounted = mount(directory)?;
        let start = |command: &Vec<OsString>| Link::start(command, mounted.channel.as_fd(), mounted.root.as_fd());
        let keeper = options.keeper.as_ref().map(start).transpose().map_err(MountStep::StartKeeper.on(directory));
        let keeper = keeper.inspect_err(|_| mounted.undo())?;
        let helpers = Helpers::start().map_err(|error| MountStep::StartThread.on(directory)(errno(&error)));
        let helpers = helpers.inspect_err(|_| mounted.undo())?;
        let service = Arc::new(Service::new(mounted.channel, options.pool.clone(), keeper));
        let served = Arc::new(Served::new(service, Tree::new(options.clones), clerk, helpers));
        let mut server = Self { directory: directory.to_owned(), served, threads: Vec::new(), pacer: None };
        server.start(options.threads.max(1)).map_err(|error| MountStep::StartThread.on(directory)(errno(&error)))?;
        Ok(server)
    }

    /// Returns where the nodes are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Shows a device's node, or changes who may open it from here on.
    pub fn publish(&self, name: DeviceName, owner: Owner) {
        self.served.tree.publish(name, owner);
    }

    /// Takes a device's node away; who has it open keeps it so.
    pub fn withdraw(&self, name: DeviceName) {
        self.served.tree.withdraw(name);
    }

    fn start(&mut self, threads: usize) -> std::io::Result<()> {
        wakeup::prepare();
        for number in 0..threads {
            let served = Arc::clone(&self.served);
            self.threads.push(spawn(&format!("nodes {number}"), move || {
                wakeup::listen();
                served.run();
            })?);
        }
        let served = Arc::clone(&self.served);
        self.pacer = Some(spawn("nodes pacer", move || served.service.run_pacer())?);
        Ok(())
    }
}

impl Drop for NodeServer {
    fn drop(&mut self) {
        let service = &self.served.service;
        // Served to the end, so that nobody waits for an answer while the mount goes.
        let keeper = service.take_keeper();
        let unmounted = match &keeper {
            Some(keeper) => keeper.unmount(),
            None => rustix::mount::unmount(&self.directory, rustix::mount::UnmountFlags::DETACH),
        };
        if let Err(errno) = unmounted {
            tracing::warn!("{}: {}: {errno}", self.directory.display(), MountStep::Unmount);
        }
        self.served.stop();
        self.threads.drain(..).for_each(wakeup::interrupt_until_it_ends);
        self.served.helpers.close();
        self.served.close_all();
        service.pacer.stop();
        self.pacer.take().into_iter().for_each(|thread| drop(thread.join()));
        keeper.into_iter().for_each(Link::part);
    }
}

impl fmt::Debug for NodeServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("NodeServer").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// Starts a thread that holds no capability.
fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        if let Err(error) = keep_only(&[]) {
            tracing::warn!("{error}");
        }
        run();
    })
}
