extern crate std;
use super::*;
use std::string::ToString;

#[test]
fn text_forms() {
    #[rustfmt::skip]
    let rows: &[(&str, Option<&str>)] = &[
        ("none",                 Some("none")),
        ("all",                  Some("1-4094")),
        ("1-4094",               Some("1-4094")),
        ("20,100-199",           Some("20,100-199")),
        ("199,100-198,20",       Some("20,100-199")),
        ("100-103,104",          Some("100-104")),
        ("63,64,65",             Some("63-65")),
        ("7-7",                  Some("7")),
        ("0",                    None),
        ("4095",                 None),
        ("10-4095",              None),
        ("20-10",                None),
        ("",                     None),
        ("10,",                  None),
        ("10-",                  None),
        ("0x10",                 None),
        ("+10",                  None),
        ("10 ",                  None),
        ("ALL",                  None),
        ("99999999999999999999", None),
    ];
    for &(text, want) in rows {
        let got = text.parse::<VidSet>().ok().map(|set| set.to_string());
        assert_eq!(got.as_deref(), want, "{text:?}");
    }
}

#[test]
fn union_and_minus() {
    let set = |text: &str| text.parse::<VidSet>().unwrap();
    assert_eq!(set("1-10").union(&set("11,20")), set("1-11,20"));
    assert_eq!(set("1-10").minus(&set("5")), set("1-4,6-10"));
    assert_eq!(VidSet::all().minus(&VidSet::all()), VidSet::EMPTY);
    assert_eq!(VidSet::all().iter().count(), 4094);
}
