extern crate std;
use super::*;
use crate::admin::Change;
use std::string::ToString;

/// Every verb, as it is written.
const VERBS: &[&str] = &[
    r#"{"verb":"create"}"#,
    r#"{"verb":"destroy"}"#,
    r#"{"verb":"up"}"#,
    r#"{"verb":"down"}"#,
    r#"{"verb":"mtu","bytes":1500}"#,
    r#"{"verb":"ether","address":"02:00:00:00:00:01"}"#,
    r#"{"verb":"description","text":"the \"LAN\""}"#,
    r#"{"verb":"add-address","address":{"address":"10.0.0.1","prefix":24}}"#,
    r#"{"verb":"add-address","address":{"address":"10.0.0.1","prefix":32,"destination":"10.0.0.2"}}"#,
    r#"{"verb":"delete-address","address":"fd00::1"}"#,
    r#"{"verb":"add-member","member":"eth0"}"#,
    r#"{"verb":"add-member","member":"eth0","untagged":20,"tagged":"30-40"}"#,
    r#"{"verb":"delete-member","member":"eth0"}"#,
    r#"{"verb":"add-span","member":"eth0"}"#,
    r#"{"verb":"delete-span","member":"eth0"}"#,
    r#"{"verb":"set-flag","member":"eth0","flag":"discover","on":true}"#,
    r#"{"verb":"suppress","member":"eth0","vlans":"20","on":false}"#,
    r#"{"verb":"suppress","member":"eth0","on":true}"#,
    r#"{"verb":"protected","member":"eth0","groups":[1,2]}"#,
    r#"{"verb":"protected","member":"eth0","groups":[]}"#,
    r#"{"verb":"if-max-addresses","member":"eth0","addresses":4294967295}"#,
    r#"{"verb":"if-priority","member":"eth0","priority":240}"#,
    r#"{"verb":"if-path-cost","member":"eth0","cost":55}"#,
    r#"{"verb":"if-untagged","member":"eth0","vid":20}"#,
    r#"{"verb":"if-untagged","member":"eth0","vid":null}"#,
    r#"{"verb":"if-tagged","member":"eth0","set":"none"}"#,
    r#"{"verb":"if-tagged-add","member":"eth0","set":"20,100-199"}"#,
    r#"{"verb":"if-tagged-remove","member":"eth0","set":"1-4094"}"#,
    r#"{"verb":"if-vlan-protocol","member":"eth0","protocol":"802.1ad"}"#,
    r#"{"verb":"storm","member":"eth0","class":"unknown","frames_per_second":100}"#,
    r#"{"verb":"storm","member":"eth0","class":"broadcast","frames_per_second":null}"#,
    r#"{"verb":"max-addresses","addresses":0}"#,
    r#"{"verb":"timeout","seconds":1200}"#,
    r#"{"verb":"priority","priority":32768}"#,
    r#"{"verb":"hello-time","seconds":2}"#,
    r#"{"verb":"forward-delay","seconds":15}"#,
    r#"{"verb":"max-age","seconds":20}"#,
    r#"{"verb":"hold-count","frames":6}"#,
    r#"{"verb":"protocol","protocol":"stp"}"#,
    r#"{"verb":"vlan-filter","on":true}"#,
    r#"{"verb":"default-untagged","vid":null}"#,
    r#"{"verb":"default-qinq","on":false}"#,
    r#"{"verb":"static","member":"eth0","address":"02:00:00:00:00:01","vid":20}"#,
    r#"{"verb":"delete-mac","address":"02:00:00:00:00:01"}"#,
    r#"{"verb":"owner","uid":1000}"#,
    r#"{"verb":"group","gid":null}"#,
    r#"{"verb":"mode","mode":432}"#,
    r#"{"verb":"multi-queue","on":true}"#,
    r#"{"verb":"carrier","carrier":"auto"}"#,
    r#"{"verb":"queue","packets":512}"#,
    r#"{"verb":"persist","on":true}"#,
    r#"{"verb":"add-peer","prefix":"10.8.0.0/24"}"#,
    r#"{"verb":"delete-peer","prefix":"10.8.0.1"}"#,
    r#"{"verb":"topology","topology":"p2p"}"#,
    r#"{"verb":"topology","topology":null}"#,
    r#"{"verb":"mss","mss":1400}"#,
    r#"{"verb":"mss","mss":"auto"}"#,
    r#"{"verb":"set-gateway","address":"10.0.0.1"}"#,
    r#"{"verb":"delete-gateway","address":"10.0.0.1"}"#,
    r#"{"verb":"add-on-link","prefix":"fd00::/64"}"#,
    r#"{"verb":"delete-on-link","prefix":"fd00::/64"}"#,
    r#"{"verb":"dhcp","on":true}"#,
    r#"{"verb":"flush"}"#,
    r#"{"verb":"flush-all"}"#,
];

#[test]
fn every_verb_is_read_as_it_is_written() {
    for text in VERBS {
        let verb: Verb = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(serde_json::to_string(&verb).unwrap(), *text);
    }
}

#[test]
fn every_name_is_read() {
    let mut read: Vec<String> = VERBS.iter().map(|text| text.split('"').nth(3).unwrap().into()).collect();
    read.dedup();
    assert_eq!(read, NAMES);
}

#[test]
fn fields_come_in_any_order_and_optional_ones_may_be_missing() {
    for (text, same) in [
        (r#"{"bytes":1500,"verb":"mtu"}"#, r#"{"verb":"mtu","bytes":1500}"#),
        (r#"{"verb":"topology"}"#, r#"{"verb":"topology","topology":null}"#),
        (r#"{"verb":"add-member","tagged":null,"member":"a"}"#, r#"{"verb":"add-member","member":"a"}"#),
    ] {
        let verb: Verb = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&verb).unwrap(), same);
    }
}

#[test]
fn what_is_no_verb_says_why() {
    #[rustfmt::skip]
    let rows = [
        (r#"{}"#,                                                  "missing field `verb`"),
        (r#"{"verb":"fly"}"#,                                      "unknown variant `fly`"),
        (r#"{"verb":7}"#,                                          "invalid type: integer `7`, expected a string"),
        (r#"{"verb":"mtu"}"#,                                      "missing field `bytes`"),
        (r#"{"verb":"mtu","bytes":-1}"#,                           "bytes: invalid value: integer `-1`, expected u32"),
        (r#"{"verb":"mtu","bytes":4294967296}"#,                   "bytes: invalid value: integer `4294967296`, expected u32"),
        (r#"{"verb":"mtu","bytes":1500,"bytes":1500}"#,            "duplicate field `bytes`"),
        (r#"{"verb":"mtu","bytes":1500,"frames":1}"#,              "unknown field `frames`"),
        (r#"{"verb":"up","member":"a"}"#,                          "unknown field `member`"),
        (r#"{"verb":"ether","address":{"address":"10.0.0.1","prefix":8}}"#, "address: no address with its prefix is expected"),
        (r#"{"verb":"add-address","address":"10.0.0.1"}"#,         "address: a map is expected, of an address and its prefix"),
        (r#"{"verb":"carrier","carrier":1}"#,                      "carrier: a word is expected"),
        (r#"{"verb":"carrier","carrier":"on"}"#,                   "carrier: unknown variant `on`, expected one of `auto`, `up`, `down`"),
        (r#"{"verb":"add-peer","prefix":"10"}"#,                   "\"10\" is not ADDRESS or ADDRESS/LENGTH"),
        (r#"{"verb":"create-transient"}"#,                         "unknown variant `create-transient`"),
        (r#"["up"]"#,                                              "invalid type: sequence, expected a verb with its arguments"),
    ];
    for (text, want) in rows {
        let got = serde_json::from_str::<Verb>(text).unwrap_err().to_string();
        assert!(got.starts_with(want), "{text}: {got}");
    }
}

#[test]
fn nothing_is_nested() {
    for open in ["[", r#"{"address":"#] {
        for depth in [2, 100, 50_000] {
            let text = open.repeat(depth);
            let text = std::format!(r#"{{"interface":"tap0","verbs":[{{"verb":"up","x":{text}"#);
            assert!(serde_json::from_str::<Change>(&text).is_err());
        }
    }
}
