#![cfg(not(loom))]

extern crate std;
use super::*;
use std::string::ToString;

#[test]
fn where_it_suppresses() {
    #[rustfmt::skip]
    let rows = [
        // text             vid  covered
        ("none",              0, false),
        ("none",              1, false),
        ("all",               0, true),
        ("all",            4094, true),
        ("all",            4095, false),
        ("20,30-40",         35, true),
        ("20,30-40",         21, false),
        ("1-4094",            0, false),
        ("untagged",          0, true),
        ("untagged",          1, false),
        ("untagged,20",      20, true),
        ("untagged,20",       0, true),
    ];
    for (text, vid, covered) in rows {
        let suppress: Suppress = text.parse().unwrap();
        assert_eq!(suppress.covers(vid), covered, "{text} {vid}");
        assert_eq!(suppress.is_off(), text == "none");
        assert_eq!(suppress.to_string(), text);
    }
    assert_eq!("untagged,1-4094".parse::<Suppress>().unwrap().to_string(), "all");
    for text in ["", "untagged,", "untagged,untagged", "20,untagged", "all,20", "untagged 20"] {
        assert_eq!(text.parse::<Suppress>(), Err(ParseVidSetError), "{text:?}");
    }
}
