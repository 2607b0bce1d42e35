use super::*;
use kernel_glue::admin::{Errno, NeighbourKind, NeighbourState, Verb};

fn calls() -> Vec<Call> {
    vec![
        Call::Admin(Request::Change(Change {
            interface: "bridge0".into(),
            verbs: vec![Verb::Create, Verb::AddMember { member: "eth1".into(), untagged: None, tagged: None }],
        })),
        Call::ask(Question::Show(Which::All)),
        Call::ask(Question::Show(Which::Named("bridge0".into()))),
        Call::ask(Question::Show(Which::Group("bridge".into()))),
        Call::ask(Question::Addresses("bridge0".into())),
        Call::ask(Question::Neighbours(None)),
        Call::ask(Question::Neighbours(Some("bridge0".into()))),
        Call::Open(Open { node: "net/tun".into(), device: None, process: None }),
        Call::Open(Open { node: "tap0".into(), device: Some("tap3".into()), process: Some(7) }),
        Call::Ioctl(Ioctl { handle: u64::MAX, number: 0x4004_54ca, value: u64::MAX, memory: vec![0, 0x7f, 0xff] }),
        Call::CloseHandle { handle: 5 },
        Call::Info,
        Call::Describe(INTERFACE.into()),
    ]
}

#[test]
fn calls_survive_the_wire() {
    for call in calls() {
        let mut wire = Vec::new();
        write(&mut wire, &call.to_json()).unwrap();
        let message = read(&mut wire.as_slice()).unwrap().unwrap();
        assert_eq!(Call::from_json(&message), Ok(call));
    }
}

#[test]
fn replies_survive_the_wire() {
    let refusal = AdminError { operation: "BRDGADD eth1".into(), errno: Some(Errno::Busy), detail: "why".into() };
    let [change, show, _, _, _, neighbours, _, open, _, ioctl, close, ..] = &calls()[..] else { unreachable!() };
    let binding = NeighbourEntry {
        interface: "bridge0".into(),
        member: Some("eth1".into()),
        vlan: 20,
        address: "fd00::1".parse().unwrap(),
        mac: "02:00:00:00:00:01".parse().ok(),
        kind: NeighbourKind::Binding,
        state: NeighbourState::Nd,
        age_seconds: 12,
    };
    let address = "10.8.0.0/24".parse().unwrap();
    let (kind, state) = (NeighbourKind::Answered, NeighbourState::Answered);
    let answered = NeighbourEntry { member: None, vlan: 0, address, mac: None, kind, state, ..binding.clone() };
    let rows = [
        (change, Reply::Admin(admin::Reply::Changed { created: Some("bridge0".into()) })),
        (change, Reply::Admin(admin::Reply::Changed { created: None })),
        (change, Reply::Admin(admin::Reply::Refused(refusal))),
        (show, Reply::Admin(admin::Reply::Interfaces(vec![]))),
        (neighbours, Reply::Admin(admin::Reply::Neighbours(vec![]))),
        (neighbours, Reply::Admin(admin::Reply::Neighbours(vec![binding, answered]))),
        (open, Reply::Opened { handle: 5, name: None }),
        (open, Reply::Opened { handle: 5, name: Some("tap0".into()) }),
        (ioctl, Reply::Ioctl(IoctlAnswer { errno: 0, memory: vec![1, 2], detail: None })),
        (ioctl, Reply::Ioctl(IoctlAnswer { errno: 16, memory: vec![], detail: Some("why".into()) })),
        (close, Reply::Closed),
    ];
    for (call, reply) in rows {
        let bytes = serde_json::to_vec(&reply.to_json()).unwrap();
        assert_eq!(Reply::from_json(call, &bytes).unwrap(), reply);
    }
}

#[test]
fn bad_calls_are_told_what_is_wrong() {
    #[rustfmt::skip]
    let rows = [
        ("not json",           "{",                                                                        "InvalidParameter", "not a Varlink call"),
        ("no method",          "{}",                                                                       "InvalidParameter", "method"),
        ("unknown method",     r#"{"method":"org.trestle.Control.Fly"}"#,                                  "MethodNotFound",   "Fly"),
        ("unknown parameter",  r#"{"method":"org.trestle.Control.Show","parameters":{"nmae":"x"}}"#,       "InvalidParameter", "nmae"),
        ("two selections",     r#"{"method":"org.trestle.Control.Show","parameters":{"name":"a","group":"b"}}"#, "InvalidParameter", "exclude"),
        ("odd digits",         r#"{"method":"org.trestle.Control.Ioctl","parameters":{"handle":1,"number":1,"value":1,"memory":"abc"}}"#, "InvalidParameter", "abc"),
        ("no digits",          r#"{"method":"org.trestle.Control.Ioctl","parameters":{"handle":1,"number":1,"value":1,"memory":"zz"}}"#, "InvalidParameter", "zz"),
        ("negative handle",    r#"{"method":"org.trestle.Control.CloseHandle","parameters":{"handle":-1}}"#, "InvalidParameter", "-1"),
        ("no node",            r#"{"method":"org.trestle.Control.Open","parameters":{}}"#,                 "InvalidParameter", "node"),
        ("missing parameter",  r#"{"method":"org.trestle.Control.Addresses"}"#,                            "InvalidParameter", "bridge"),
        ("unknown verb",       r#"{"method":"org.trestle.Control.Change","parameters":{"change":{"interface":"bridge0","verbs":[{"verb":"fly"}]}}}"#, "InvalidParameter", "fly"),
    ];
    for (name, text, error, mention) in rows {
        let answer = Call::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(answer.contains(error) && answer.contains(mention), "{name}: {answer}");
    }
}

#[test]
fn framing_is_bounded() {
    assert_eq!(read(&mut &b""[..]).unwrap(), None);
    assert_eq!(read(&mut &b"{}\0rest"[..]).unwrap(), Some(b"{}".to_vec()));
    assert_eq!(read(&mut &b"{}"[..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    let endless = vec![b' '; MAX_MESSAGE_BYTES + 10];
    let error = read(&mut endless.as_slice()).unwrap_err();
    assert!(error.to_string().contains("over"), "{error}");
}

#[test]
fn the_description_names_every_method() {
    for method in ["Change", "Show", "Addresses"] {
        assert!(crate::control::DESCRIPTION.contains(&format!("method {method}(")), "{method}");
    }
}
