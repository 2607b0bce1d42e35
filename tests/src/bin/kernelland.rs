//! A Haiku kernel in user space, by hand: the add-on in it, network cards on Linux's TAP devices, and a prompt.
#![forbid(unsafe_code)]

use kernelland::user::{Interface, Process};
use kernelland::wire::{Nic, own_network};
use kernelland::{Config, Kernel};
use std::io::{BufRead, Write};
use std::net::IpAddr;
use std::process::{Command, ExitCode};
use tests::haiku::{Program, boot_by_hand};

const HELP: &str = "\
  ifconfig ...             Trestle's, by ioctl, to the add-on
  up IF [ADDRESS/PREFIX]   makes an interface of Haiku's stack if need be, gives it an address and brings it up
  down IF, delete IF       the opposite
  ! COMMAND ...            runs a Linux command in the namespace where the cards' TAP devices are
  nodes, threads, log      what the kernel has under /dev, which threads, what it logged
  quit
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kernelland: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: Vec<String>) -> Result<(), String> {
    if names.iter().any(|name| name.starts_with('-')) {
        return Err("usage: kernelland [NIC ...]: names of the TAP devices that its network cards are on".into());
    }
    own_network().map_err(|error| format!("a network namespace of its own: {error}; try as root"))?;
    let kernel = boot_by_hand(Config { time_limit: None, ..Config::default() })?;
    let names = if names.is_empty() { vec!["nic0".to_owned()] } else { names };
    let mut cards = Vec::new();
    for (number, name) in (0..).zip(&names) {
        let mac = [0x52, 0x54, 0, 0x12, 0x34, number];
        let nic = Nic::on_tap(&format!("tap/{number}"), mac, name).map_err(|error| format!("{name}: {error}"))?;
        linux(&format!("ip link set {name} up"))?;
        println!("{}: the other end of its wire is {name}", nic.path());
        cards.push(nic);
    }
    println!("type help; for example: up {} 10.9.0.2/24", cards.first().map(Nic::path).unwrap_or_default());
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("haiku> ");
        let _ = std::io::stdout().flush();
        let Some(Ok(line)) = lines.next() else { break };
        if line.trim() == "quit" {
            break;
        }
        match obey(&kernel, line.trim()) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => println!("{}", text.trim_end()),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}

fn obey(kernel: &Kernel, line: &str) -> Result<String, String> {
    let interface = |name: &str| Interface::named(Process::root(), name);
    let refused = |name: &str| {
        let name = name.to_owned();
        move |status| format!("{name}: {status}")
    };
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        [] => Ok(String::new()),
        ["help"] => Ok(HELP.into()),
        ["ifconfig", ..] => Program::root().ifconfig(line.trim_start_matches("ifconfig")),
        ["up", name, ref address @ ..] => {
            let interface = interface(name);
            if interface.flags().is_err() {
                interface.create().map_err(refused(name))?;
            }
            if let [address, ..] = address {
                let (address, prefix) = parse(address).ok_or_else(|| format!("{address}: not ADDRESS/PREFIX"))?;
                interface.set_address(address, prefix).map_err(refused(name))?;
            }
            interface.up().map(|()| String::new()).map_err(refused(name))
        }
        ["down", name] => interface(name).down().map(|()| String::new()).map_err(refused(name)),
        ["delete", name] => interface(name).delete().map(|()| String::new()).map_err(refused(name)),
        ["!", ..] => linux(line.trim_start_matches('!')),
        ["nodes"] => Ok(kernel.nodes().join("\n")),
        ["threads"] => Ok(kernel.threads()),
        ["log"] => Ok(kernel.syslog()),
        [word, ..] => Err(format!("no command {word}; type help")),
    }
}

fn parse(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    Some((address.parse().ok()?, prefix.parse().ok()?))
}

fn linux(line: &str) -> Result<String, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [program, ref arguments @ ..] = words[..] else { return Err("no command".into()) };
    let ran = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    let said = [&ran.stdout[..], &ran.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if ran.status.success() { Ok(said) } else { Err(format!("{said}{program} ended with {}", ran.status)) }
}
