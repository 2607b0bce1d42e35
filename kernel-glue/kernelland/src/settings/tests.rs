use super::{Settings, set};

#[test]
fn a_driver_finds_its_lines() {
    assert!(Settings::load("nobody").is_none());
    set("somebody", "# a comment\nalone\nname  value # why\n\nempty ");
    let settings = Settings::load("somebody").unwrap();
    assert_eq!(settings.parameter("alone"), Some(None));
    assert_eq!(settings.parameter("name"), Some(Some(c"value")));
    assert_eq!(settings.parameter("empty"), Some(None));
    assert_eq!(settings.parameter("comment"), None);
}
