//! Programs that bring a socket of their own to the daemon, and bring a wrong one.

use std::process::Command;
use std::time::Duration;
use tests::{Daemon, Lab, run};

/// Opens with one end of a stream, asks for a device with what was opened, and reads the other end to its end.
const BRINGS_A_STREAM: &str = r#"
import json, socket, struct, sys
server = socket.socket(socket.AF_UNIX)
server.connect(sys.argv[1])
def call(method, parameters, descriptors=()):
    text = json.dumps({"method": "org.trestle.Control." + method, "parameters": parameters})
    socket.send_fds(server, [text.encode() + b"\0"], descriptors)
    answer = b""
    while not answer.endswith(b"\0"):
        answer += server.recv(65536)
    return json.loads(answer[:-1])["parameters"]
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
handle = call("Open", {"node": "net/tun"}, [theirs.fileno()])["handle"]
theirs.close()
memory = struct.pack("16sH22x", b"tap7", 0x1002).hex()
for _ in range(2):
    print(call("Ioctl", {"handle": handle, "number": 0x400454ca, "value": 0, "memory": memory})["errno"])
ours.settimeout(5)
print(ours.recv(1))
"#;

#[test]
fn a_socket_that_carries_no_packets_is_refused_and_let_go() {
    let Some(lab) = Lab::open("a_socket_that_carries_no_packets_is_refused_and_let_go") else { return };
    let daemon = Daemon::start(&lab, lab.ns("switch"));
    let mut program = Command::new("python3");
    program.args(["-c", BRINGS_A_STREAM]).arg(daemon.socket());
    // EINVAL, then EBADF: what was opened is closed with its socket.
    assert_eq!(run(program, Duration::from_secs(20)).ok(), "22\n9\nb''\n");
    assert_eq!(daemon.ok("-l").trim(), "", "the device that was made for it is gone");
}
