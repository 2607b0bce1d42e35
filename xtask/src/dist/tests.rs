use super::*;
use crate::folder::Folder;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

#[test]
fn what_failed_leaves_no_older_file() {
    let folder = Folder::new("dist");
    let (out, built) = (folder.path().join("out"), folder.path().join("built"));
    fs::create_dir(&out).unwrap();
    fs::write(&built, "built").unwrap();
    let there = || fs::read_dir(&out).unwrap().count();
    put(Ok([built.clone(), built]), &out).unwrap();
    assert_eq!(there(), 2);
    assert!(put(Err(Failure::Usage("no".into())), &out).is_err());
    assert_eq!(there(), 0);
}

#[test]
fn what_the_guide_refers_to_is_carried_along() {
    for guide in FILES.iter().filter(|file| file.ends_with(".md")) {
        let text = fs::read_to_string(root().join(guide)).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(FILES.contains(&format!("docs/{link}").as_str()), "{guide}: {link}");
        }
    }
}

/// A machine with Haiku, as far as the scripts see it: a folder for the system, and one with commands.
struct Machine(Folder);

impl Machine {
    fn new(name: &str) -> Self {
        let machine = Self(Folder::new(name));
        for folder in ["bin", "dist"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        machine.command("uname", "echo Haiku");
        machine.command("getarch", "echo x86_64");
        for (name, text) in [("trestle", "program"), ("trestle-add-on", "add-on")] {
            fs::write(machine.path("dist").join(name), text).unwrap();
        }
        for file in FILES {
            let from = root().join(file);
            let text = ["system", "home"].iter().fold(fs::read_to_string(&from).unwrap(), |text, folder| {
                text.replace(&format!("/boot/{folder}"), machine.path(folder).to_str().unwrap())
            });
            fs::write(machine.path("dist").join(from.file_name().unwrap()), text).unwrap();
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, name: &str, script: &str) {
        let file = self.path("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Runs a script of the folder, and returns how it ended.
    fn run(&self, script: &str, words: &[&str]) -> Output {
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let mut command = Command::new("/bin/sh");
        command.arg(self.path("dist").join(script)).args(words).env("PATH", path).current_dir(self.0.path());
        command.output().unwrap()
    }

    /// Lists the files of the system.
    fn installed(&self) -> Vec<String> {
        let found = Command::new("find").arg(self.path("system")).args(["-type", "f", "-printf", "%P %m\\n"]).output();
        let mut found: Vec<_> = String::from_utf8(found.unwrap().stdout).unwrap().lines().map(str::to_owned).collect();
        found.sort();
        found
    }
}

#[test]
fn a_restart_is_asked_for_wherever_an_add_on_was() {
    let machine = Machine::new("install");
    let says_restart = |words: &[&str]| {
        let ended = machine.run("install.sh", words);
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8(ended.stdout).unwrap().contains("restart the system")
    };
    assert!(!says_restart(&[]));
    let files = ["non-packaged/add-ons/kernel/network/devices/trestle 644", "non-packaged/bin/trestle 755"];
    assert_eq!(machine.installed(), files);
    assert!(says_restart(&["install"]));
    assert_eq!(machine.installed(), files);
    assert!(says_restart(&["remove"]));
    assert_eq!(machine.installed(), [""; 0]);
    assert!(!says_restart(&["remove"]));
}

#[test]
fn a_machine_keeps_the_name_that_it_gets() {
    let machine = Machine::new("name");
    let name = || fs::read_to_string(machine.path("home/config/settings/kernel/drivers/trestle")).unwrap();
    assert!(machine.run("install.sh", &[]).status.success());
    let first = name();
    let digits = first.strip_prefix("machine ").and_then(|rest| rest.strip_suffix('\n')).unwrap();
    assert!(digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
    for words in [["remove"], ["install"]] {
        assert!(machine.run("install.sh", &words).status.success());
        assert_eq!(name(), first);
    }
}

#[test]
fn an_installation_that_fails_changes_nothing() {
    let machine = Machine::new("broken");
    machine.command("chmod", "exit 1");
    assert!(!machine.run("install.sh", &[]).status.success());
    assert_eq!(machine.installed(), [""; 0]);
}

#[test]
fn a_package_has_the_packager_as_he_is_written() {
    let machine = Machine::new("package");
    machine.command("package", "cp -R \"$3\" system");
    let packager = r"A & B \& C <a/b@example.org>";
    let ended = machine.run("make-package.sh", &["1.2.3", packager]);
    assert!(ended.status.success(), "{ended:?}");
    let info = fs::read_to_string(machine.path("system/.PackageInfo")).unwrap();
    assert!(info.contains("version\t\t\t1.2.3-1\n"), "{info}");
    assert!(info.contains(&format!("packager\t\t\"{packager}\"\n")), "{info}");
    let documents = fs::read_dir(machine.path("system/documentation/packages/trestle")).unwrap().count();
    assert_eq!(documents, FILES.iter().filter(|file| file.ends_with(".md")).count());
    assert!(machine.installed().contains(&"bin/trestle 755".to_owned()));
}
