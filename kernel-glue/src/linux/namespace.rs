//! Network namespaces of our own, so that a bridge can be shown and tried without touching the host's network.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

/// What it took to leave the host's network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Isolation {
    /// A network namespace, made with the caller's own rights.
    Network,
    /// A network namespace inside a user namespace, where the caller is root.
    User,
}

/// Moves this process into a network namespace of its own, with a user namespace around it if need be.
///
/// Call it before any thread is started: a process with several threads cannot enter a user namespace.
///
/// # Errors
/// The system's, when neither is allowed.
pub fn isolate() -> io::Result<Isolation> {
    let (uid, gid) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    if unshare(libc::CLONE_NEWNET).is_ok() {
        return Ok(Isolation::Network);
    }
    unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET)?;
    // user_namespaces(7): without CAP_SETGID outside, setgroups must be denied before gid_map may be written.
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {gid} 1"))?;
    Ok(Isolation::User)
}

/// A network namespace with a thread that lives in it. Dropping it ends both.
#[derive(Debug)]
pub struct Namespace {
    file: File,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Namespace {
    /// Makes a namespace and its thread.
    ///
    /// # Errors
    /// The system's.
    pub fn new(name: &str) -> io::Result<Self> {
        let (jobs, inbox) = channel::<Job>();
        let (ready, made) = channel();
        let thread = thread::Builder::new().name(name.into()).spawn(move || {
            let opened = unshare(libc::CLONE_NEWNET).and_then(|()| File::open("/proc/thread-self/ns/net"));
            let failed = opened.is_err();
            if ready.send(opened).is_err() || failed {
                return;
            }
            for job in inbox {
                job();
            }
        })?;
        let file = made.recv().map_err(io::Error::other)??;
        Ok(Self { file, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs `job` in the namespace and waits for it. Sockets that it opens stay in the namespace wherever they go.
    ///
    /// # Errors
    /// `BrokenPipe` when an earlier job panicked.
    pub fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
        let (to, from) = channel();
        let job: Job = Box::new(move || drop(to.send(job())));
        let dead = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.jobs.as_ref().ok_or_else(dead)?.send(job).map_err(|_| dead())?;
        from.recv().map_err(|_| dead())
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: the flags name namespaces only, never CLONE_FILES or CLONE_FS, so no other thread's descriptors or
    // working directory are affected.
    match unsafe { libc::unshare(flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
