//! Unmodified programs that can only open `/dev/net/tun`, in the ways that do not ask them.

use crate::attachment::{Attachment, Site};
use crate::lab::Lab;
use crate::program::trestle;
use crate::run::run;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

impl Site {
    /// Returns a command that runs an unmodified program, which will open the existing device `device`, in the way of the
    /// attachment. Of `Attachment::Node` and `Attachment::Plug` the program must be told by arguments of its own.
    pub fn holder(&self, program: &str, device: &str) -> Command {
        if self.attachment() != Attachment::Bound {
            return self.command(program);
        }
        let mut command = self.command("unshare");
        let script = "mount --bind \"$0\" /dev/net/tun && exec \"$@\"";
        // What is unmounted elsewhere goes here too, so that no test keeps the mounts of another.
        command.args(["--mount", "--propagation", "slave", "sh", "-c", script]).arg(self.node(device)).arg(program);
        command
    }
}

/// What makes an OpenVPN before 2.7 do what `dev-node unix:PROG` does from 2.7 on.
///
/// In the place of `/dev/net/tun` it gets one end of a pair of datagram sockets, made by its own process. The program
/// that it starts when the device is open, with the addresses in its environment, is `trestle plug unix`; this finds the
/// other end as the descriptor that `TUNTAP_SOCKET_FD` names. OpenVPN itself configures nothing.
#[derive(Debug)]
pub(crate) struct Stand {
    library: PathBuf,
    script: PathBuf,
}

impl Stand {
    /// Builds it, with the C compiler, in the directory of the test.
    #[track_caller]
    pub(crate) fn build(lab: &Lab) -> Self {
        let at = |name: &str| lab.directory().join(name);
        let (source, library, script) = (at("pair.c"), at("pair.so"), at("plug.sh"));
        std::fs::write(&source, include_str!("pair.c")).expect("the directory is ours");
        let mut compile = Command::new("gcc");
        compile.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library).arg(&source).arg("-ldl");
        run(compile, Duration::from_secs(60)).ok();
        // OpenVPN 2.7 starts the program and goes on; its predecessors wait for theirs.
        let lines = format!("TUNTAP_MTU=$tun_mtu {} plug unix &\n", trestle().display());
        std::fs::write(&script, lines).expect("the directory is ours");
        Self { library, script }
    }

    /// Adds what `program` needs in its environment.
    pub(crate) fn hold(&self, program: &mut Command) {
        program.env("LD_PRELOAD", &self.library);
    }

    /// Returns lines of OpenVPN's configuration that plug its packets into `device`.
    pub(crate) fn lines(&self, site: &Site, device: &str) -> String {
        let daemon = site.daemon();
        let nodes = site.node(device).with_file_name("");
        format!(
            "script-security 2\nup \"/bin/sh {}\"\nifconfig-noexec\nroute-noexec\nsetenv TUNTAP_SOCKET_FD 99\n\
             setenv TUNTAP_DEV_TYPE tun\nsetenv TRESTLE_DEVICE {device}\nsetenv TRESTLE_SOCKET {}\n\
             setenv TRESTLE_DEV {}\n",
            self.script.display(),
            daemon.socket().display(),
            nodes.display(),
        )
    }
}
