//! Linux in QEMU, emulated, with one virtio network card: a virtual machine as people run it.

use crate::lab::{Lab, skip};
use crate::run::run;
use crate::running::Running;
use std::fs::{Permissions, create_dir_all, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A kernel and the file system that it starts with, made once and kept in the target directory.
#[derive(Clone, Debug)]
pub struct Image {
    kernel: PathBuf,
    files: PathBuf,
}

/// A virtual machine that runs.
#[derive(Debug)]
pub struct Guest {
    /// QEMU, whose log is the guest's console.
    pub qemu: Running,
}

impl Image {
    /// Returns the image, made of the packages `busybox-static` and `linux-image-*-cloud-amd64`, the latter as a file in
    /// `TARGET/guest`; says that the test `name` does not run if there is no such thing.
    #[track_caller]
    pub fn find(name: &str) -> Option<Self> {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = directory();
        let image = Self { kernel: directory.join("kernel"), files: directory.join("initramfs") };
        let Some(package) = package(&directory) else {
            let get = "apt-get download a linux-image-*-cloud-amd64 there";
            skip(name, &format!("needs a kernel in {}: {get}", directory.display()));
            return None;
        };
        let made = modified(&image.files);
        let ours = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        let sources = [package.clone(), ours.join("guest.init"), ours.join("guest.leased"), ours.join("guest.rs")];
        if made.is_none() || sources.iter().any(|source| modified(source) > made) {
            image.make(&directory, &package);
        }
        Some(image)
    }

    fn make(&self, directory: &Path, package: &Path) {
        let work = directory.join(format!("work-{}", std::process::id()));
        let (unpacked, root) = (work.join("unpacked"), work.join("tree"));
        create_dir_all(&root).expect("the target directory is writable");
        sh(&work, "dpkg-deb --extract \"$1\" unpacked", &[package]);
        let install = |name: &str, text: &str| {
            std::fs::write(root.join(name), text).expect("just made");
            set_permissions(root.join(name), Permissions::from_mode(0o755)).expect("ours");
        };
        install("init", include_str!("guest.init"));
        install("leased", include_str!("guest.leased"));
        create_dir_all(root.join("modules")).expect("just made");
        let order: String = MODULES.iter().map(|module| format!("{module}.ko\n")).collect();
        std::fs::write(root.join("modules/order"), &order).expect("just made");
        for module in order.lines() {
            sh(&unpacked, "cp \"$(find lib -name \"$1\")\" ../tree/modules/", &[Path::new(module)]);
        }
        sh(&root, "mkdir bin && cp /bin/busybox bin/ && ln -s busybox bin/sh", &[]);
        sh(&root, "find . | /bin/busybox cpio -o -H newc >../files", &[]);
        // By renaming: another process may do the same, and none may see half of it.
        sh(
            &work,
            "cp unpacked/boot/vmlinuz-* kernel && mv kernel \"$1\" && mv files \"$2\"",
            &[&self.kernel, &self.files],
        );
        std::fs::remove_dir_all(&work).expect("ours");
    }
}

impl Guest {
    /// Returns the options of QEMU for guest number `n`, whose MAC address ends in `n`, with a network card at the other
    /// end of `netdev`, such as `tap,ifname=tap0`. It asks for an address and pings `targets`, separated by commas.
    pub fn options(image: &Image, n: u8, netdev: &str, targets: &str) -> Vec<String> {
        let (kernel, files) = (image.kernel.to_string_lossy(), image.files.to_string_lossy());
        let append = format!("console=ttyS0 quiet panic=-1 mitigations=off guest.ping={targets}");
        let card = format!("virtio-net-pci,netdev=n0,romfile=,mac={}", Self::mac(n));
        let netdev = format!("{netdev},id=n0");
        let fixed = "-machine pc,accel=tcg -nodefaults -no-reboot -display none -serial stdio -m 128";
        let given = ["-kernel", &kernel, "-initrd", &files, "-append", &append, "-netdev", &netdev, "-device", &card];
        fixed.split(' ').chain(given).map(str::to_owned).collect()
    }

    /// Returns the MAC address of guest number `n`.
    pub fn mac(n: u8) -> String {
        format!("02:7e:00:00:01:{n:02x}")
    }

    /// Starts QEMU by a command that has [`Self::options`].
    pub fn start(lab: &Lab, n: u8, command: Command) -> Self {
        Self { qemu: Running::start(command, lab.directory().join(format!("guest{n}.log"))) }
    }

    /// Waits until the guest has done all that its init does; fails the test if that takes unreasonably long.
    #[track_caller]
    pub fn ready(&mut self) -> String {
        self.qemu.says("guest: ready", Duration::from_secs(60));
        self.qemu.log()
    }
}

/// Returns where the image is kept: `TARGET/guest`, above `TARGET/PROFILE/deps/NAME`.
fn directory() -> PathBuf {
    let test = std::env::current_exe().expect("/proc is there");
    let target = test.ancestors().nth(3).expect("cargo puts tests into TARGET/PROFILE/deps");
    target.join("guest")
}

fn package(directory: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(directory).ok()?.flatten().map(|entry| entry.path());
    let is_kernel = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("linux-image-") && name.contains("-cloud-amd64") && name.ends_with(".deb")
    };
    files.filter(is_kernel).max()
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    std::fs::metadata(path).and_then(|file| file.modified()).ok()
}

#[track_caller]
fn sh(directory: &Path, script: &str, arguments: &[&Path]) {
    let mut sh = Command::new("sh");
    sh.current_dir(directory).args(["-e", "-c", script, "sh"]).args(arguments);
    run(sh, Duration::from_secs(60)).ok();
}

/// What a virtio network card needs of Debian's cloud kernel, each after what it depends on.
const MODULES: [&str; 8] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "failover",
    "net_failover",
    "virtio_net",
];
