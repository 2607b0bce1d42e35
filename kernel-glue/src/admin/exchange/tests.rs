use super::super::request::Verb;
use super::*;
use alloc::vec;

#[test]
fn as_json() {
    let change = Change { interface: "bridge0".into(), verbs: vec![Verb::Up] };
    let ask = |question| Request::Ask(question);
    #[rustfmt::skip]
    let rows = [
        (Request::Change(change),                            r#"{"change":{"interface":"bridge0","verbs":[{"verb":"up"}]}}"#),
        (ask(Question::Show(Which::All)),                    r#"{"ask":{"show":"all"}}"#),
        (ask(Question::Show(Which::Named("tap0".into()))),   r#"{"ask":{"show":{"named":"tap0"}}}"#),
        (ask(Question::Show(Which::Group("tap".into()))),    r#"{"ask":{"show":{"group":"tap"}}}"#),
        (ask(Question::Addresses("bridge0".into())),         r#"{"ask":{"addresses":"bridge0"}}"#),
        (ask(Question::Neighbours(None)),                    r#"{"ask":{"neighbours":null}}"#),
        (ask(Question::Neighbours(Some("tun0".into()))),     r#"{"ask":{"neighbours":"tun0"}}"#),
    ];
    for (request, json) in rows {
        assert_eq!(serde_json::to_string(&request).unwrap(), json);
        assert_eq!(serde_json::from_str::<Request>(json).unwrap(), request);
    }
    let refused = AdminError { operation: "BRDGADD eth1".into(), errno: None, detail: String::new() };
    let rows = [
        (Reply::Changed { created: None }, r#"{"changed":{}}"#),
        (Reply::Changed { created: Some("tap0".into()) }, r#"{"changed":{"created":"tap0"}}"#),
        (Reply::Interfaces(vec![]), r#"{"interfaces":[]}"#),
        (Reply::Addresses(vec![]), r#"{"addresses":[]}"#),
        (Reply::Neighbours(vec![]), r#"{"neighbours":[]}"#),
        (Reply::Refused(refused), r#"{"refused":{"operation":"BRDGADD eth1","errno":null,"detail":""}}"#),
    ];
    for (reply, json) in rows {
        assert_eq!(serde_json::to_string(&reply).unwrap(), json);
        assert_eq!(serde_json::from_str::<Reply>(json).unwrap(), reply);
    }
}

#[test]
fn a_device_that_only_the_system_makes_cannot_be_asked_for() {
    let json = r#"{"change":{"interface":"tap","verbs":[{"verb":"create-transient"}]}}"#;
    assert!(serde_json::from_str::<Request>(json).is_err());
}
