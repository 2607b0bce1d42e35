//! A daemon without devices: it logs what it is asked, answers by rule, and echoes packets.

use kernel_glue::admin::{self, AdminError, Errno as Class, Request};
use rustix::fd::AsFd;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use trestle::control::{Call, Ioctl, IoctlAnswer, Listener, Open, Reply, Served};

/// Its books.
#[derive(Clone)]
pub(crate) struct Fake {
    log: Arc<dyn Fn(&str) + Send + Sync>,
    sockets: Arc<Mutex<Vec<Arc<OwnedFd>>>>,
}

impl Fake {
    pub(crate) fn new(log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { log: Arc::new(log), sockets: Arc::default() }
    }

    pub(crate) fn listen(&self, path: &Path) -> Listener {
        let listener = Listener::bind(path).unwrap();
        let this = self.clone();
        listener
            .serve(move |Served { call, fd, reply, .. }| {
                reply(this.answer(call, fd));
                true
            })
            .unwrap();
        listener
    }

    pub(crate) fn destroy(&self) {
        for socket in self.sockets.lock().unwrap().drain(..) {
            kernel_glue::linux::tell_end(socket.as_fd());
        }
    }

    fn answer(&self, call: Call, fd: Option<OwnedFd>) -> Reply {
        match call {
            Call::Open(open) => self.open(&open, fd),
            Call::Ioctl(ioctl) => Reply::Ioctl(self.ioctl(&ioctl)),
            Call::CloseHandle { .. } => {
                (self.log)("close");
                Reply::Closed
            }
            Call::Admin(Request::Change(change)) => {
                (self.log)(&format!("change {} {:?}", change.interface, change.verbs));
                Reply::Admin(admin::Reply::Changed { created: None })
            }
            Call::Admin(Request::Ask(_)) | Call::Info | Call::Describe(_) => Reply::Raw(serde_json::Value::Null),
        }
    }

    fn open(&self, open: &Open, fd: Option<OwnedFd>) -> Reply {
        let device = open.device.as_deref().unwrap_or("-");
        let by = if open.process.is_some() { "the program" } else { "the caller" };
        (self.log)(&format!("open {} {device} by {by}", open.node));
        let Some(socket) = fd.map(Arc::new) else {
            let detail = "no descriptor came".into();
            return Reply::refused(AdminError { operation: "open".into(), errno: Some(Class::Invalid), detail });
        };
        self.sockets.lock().unwrap().push(Arc::clone(&socket));
        let (log, sockets) = (Arc::clone(&self.log), Arc::clone(&self.sockets));
        thread::spawn(move || {
            echo(&socket);
            sockets.lock().unwrap().retain(|kept| !Arc::ptr_eq(kept, &socket));
            log("closed");
        });
        Reply::Opened { handle: 5, name: None }
    }

    fn ioctl(&self, ioctl: &Ioctl) -> IoctlAnswer {
        assert_eq!(ioctl.handle, 5);
        let done = |memory: Vec<u8>| IoctlAnswer { errno: 0, memory, detail: None };
        let fail = |errno: Errno, detail: &str| IoctlAnswer {
            errno: errno.raw_os_error(),
            memory: vec![],
            detail: Some(detail.into()),
        };
        let request = |name: &str, rest: &[u8]| {
            let mut memory = vec![0; 40];
            memory[..name.len()].copy_from_slice(name.as_bytes());
            memory[16..16 + rest.len()].copy_from_slice(rest);
            memory
        };
        match ioctl.number {
            0x4004_54ca => {
                let name = String::from_utf8_lossy(&ioctl.memory[..16]).trim_end_matches('\0').to_owned();
                let flags = u16::from_ne_bytes([ioctl.memory[16], ioctl.memory[17]]);
                (self.log)(&format!("TUNSETIFF {name} {flags:#x}"));
                match name.as_str() {
                    "busy0" => fail(Errno::BUSY, "another has it"),
                    "tap99" => fail(Errno::NODEV, "no tap99"),
                    "tap%d" | "" => done(request("tap7", &flags.to_ne_bytes())),
                    name => done(request(name, &flags.to_ne_bytes())),
                }
            }
            0x4004_54cb => {
                (self.log)(&format!("TUNSETPERSIST {}", ioctl.value));
                done(vec![])
            }
            0x8004_54d2 => {
                (self.log)("TUNGETIFF");
                done(request("tap7", &0x1002_u16.to_ne_bytes()))
            }
            0x8004_54cf => {
                (self.log)("TUNGETFEATURES");
                done(0x1003_u32.to_ne_bytes().to_vec())
            }
            0x8927 => {
                (self.log)("SIOCGIFHWADDR");
                done(request("tap7", &[1, 0, 2, 0, 0, 0, 0, 9]))
            }
            _ => fail(Errno::INVAL, "unknown"),
        }
    }
}

fn echo(socket: &OwnedFd) {
    let mut packet = [0; 2048];
    loop {
        match recv(socket, &mut packet[..], RecvFlags::empty()) {
            Ok((1.., count)) => drop(send(socket, &packet[..count], SendFlags::NOSIGNAL | SendFlags::DONTWAIT)),
            Ok((0, _)) | Err(_) => return,
        }
    }
}
