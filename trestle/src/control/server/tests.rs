use super::*;
use crate::control::Client;
use kernel_glue::admin::{self, Question, Which};
use std::io::Write;
use std::sync::atomic::AtomicU32;

fn temp_dir() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let unique = format!("trestle-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let dir = std::env::temp_dir().join(unique);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn echo_service(path: &Path) -> Listener {
    let listener = Listener::bind(path).unwrap();
    let service = |served: Served| {
        assert!(served.peer.may_change());
        (served.reply)(Reply::Admin(admin::Reply::Interfaces(vec![])));
        true
    };
    listener.serve(service).unwrap();
    listener
}

#[test]
fn a_call_is_answered_and_the_socket_goes_with_the_listener() {
    let dir = temp_dir();
    let path = dir.join("deep/control");
    let listener = echo_service(&path);
    let mut client = Client::connect(&path).unwrap();
    for _ in 0..3 {
        assert_eq!(
            client.call(&Call::ask(Question::Show(Which::All))).unwrap(),
            Reply::Admin(admin::Reply::Interfaces(vec![]))
        );
    }
    let Reply::Raw(info) = client.call(&Call::Info).unwrap() else { panic!() };
    assert_eq!(info["interfaces"][1], INTERFACE);
    drop(listener);
    assert!(!path.exists());
    assert_eq!(fs::read_dir(dir.join("deep")).unwrap().count(), 0);
    let error = Client::connect(&path).unwrap_err().to_string();
    assert!(error.contains("trestle run") && error.contains("TRESTLE_SOCKET"), "{error}");
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn one_daemon_at_a_time_and_a_dead_ones_socket_is_taken_over() {
    let dir = temp_dir();
    let path = dir.join("control");
    let listener = echo_service(&path);
    assert!(matches!(Listener::bind(&path), Err(ListenError::Held { .. })));
    drop(listener);
    // What SIGKILL leaves behind: both files, nobody holding the lock.
    drop(UnixListener::bind(&path).unwrap());
    File::create(path.with_extension("lock")).unwrap();
    drop(Listener::bind(&path).unwrap());
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn nonsense_gets_an_answer_and_the_next_client_is_served() {
    let dir = temp_dir();
    let path = dir.join("control");
    let _listener = echo_service(&path);
    let mut raw = UnixStream::connect(&path).unwrap();
    raw.write_all(b"\x01\x02 nonsense\0").unwrap();
    let answer = message::read(&mut BufReader::new(&raw)).unwrap().unwrap();
    assert!(String::from_utf8(answer).unwrap().contains("InvalidParameter"));
    let mut client = Client::connect(&path).unwrap();
    assert_eq!(
        client.call(&Call::ask(Question::Show(Which::All))).unwrap(),
        Reply::Admin(admin::Reply::Interfaces(vec![]))
    );
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn connections_are_bounded() {
    let dir = temp_dir();
    let path = dir.join("control");
    let _listener = echo_service(&path);
    let held: Vec<_> = (0..MAX_CONNECTIONS).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let further = UnixStream::connect(&path).unwrap();
    let answer = message::read(&mut BufReader::new(&further)).unwrap().unwrap();
    assert!(String::from_utf8(answer).unwrap().contains("Busy"));
    drop(held);
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_descriptor_comes_with_its_call_and_no_other() {
    use crate::control::Open;
    use std::os::fd::AsFd;

    let dir = temp_dir();
    let path = dir.join("control");
    let listener = Listener::bind(&path).unwrap();
    // Answers with the inode of what came.
    let service = |served: Served| {
        let name = served.fd.map(|fd| fstat(fd).unwrap().st_ino.to_string());
        (served.reply)(Reply::Opened { handle: 1, name });
        true
    };
    listener.serve(service).unwrap();
    let mut client = Client::connect(&path).unwrap();
    let file = File::open(dir.join("control.lock")).unwrap();
    let inode = fstat(&file).unwrap().st_ino.to_string();
    let open = Call::Open(Open { node: "tap0".into(), device: None, process: None });
    for _ in 0..3 {
        let with = client.call_with(&open, file.as_fd()).unwrap();
        assert_eq!(with, Reply::Opened { handle: 1, name: Some(inode.clone()) });
        assert_eq!(client.call(&open).unwrap(), Reply::Opened { handle: 1, name: None });
    }
    assert_eq!(client.server(), Some(std::process::id()));
    // Sent in two parts, with the descriptor on the first.
    let raw = UnixStream::connect(&path).unwrap();
    let text = format!("{}\0", open.to_json());
    let (first, second) = text.as_bytes().split_at(10);
    assert_eq!(crate::control::descriptor::send(&raw, first, Some(file.as_fd())).unwrap(), 10);
    (&raw).write_all(second).unwrap();
    let answer = message::read(&mut BufReader::new(&raw)).unwrap().unwrap();
    assert!(String::from_utf8(answer).unwrap().contains(&inode));
    fs::remove_dir_all(dir).unwrap();
}
