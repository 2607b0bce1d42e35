use super::*;

#[test]
fn paths_and_the_nodes_that_they_name() {
    let nodes = Nodes::new(Path::new("/run/x/../trestle/dev/"));
    #[rustfmt::skip]
    let rows = [
        ("/dev/net/tun",                  "",                 "net/tun"),
        ("/dev/tun",                      "",                 "tun"),
        ("/dev/tap",                      "",                 "tap"),
        ("/dev/tun0",                     "",                 "tun0"),
        ("/dev/tap12",                    "",                 "tap12"),
        ("/dev/tun/3",                    "",                 "tun3"),
        ("/dev/tap/0",                    "",                 "tap0"),
        ("//dev/./net//tun",              "",                 "net/tun"),
        ("/dev/shm/../net/tun",           "",                 "net/tun"),
        ("/../dev/net/tun",               "",                 "net/tun"),
        ("/run/trestle/dev/tap0",         "",                 "tap0"),
        ("/run/trestle/dev/tun",          "",                 "tun"),
        ("net/tun",                       "/dev",             "net/tun"),
        ("tun",                           "/dev/net",         "net/tun"),
        ("../dev/tap0",                   "/home",            "tap0"),
        ("0",                             "/dev/tap",         "tap0"),
        ("tap7",                          "/run/trestle/dev", "tap7"),
        // What is none.
        ("/dev/null",                     "",                 ""),
        ("/dev/net/tun0",                 "",                 ""),
        ("/dev/net/tun/",                 "",                 ""),
        ("/dev/net/tun/..",               "",                 ""),
        ("/dev/tap00",                    "",                 ""),
        ("/dev/tap32768",                 "",                 ""),
        ("/dev/tap0x",                    "",                 ""),
        ("/dev/pts/0",                    "",                 ""),
        ("/dev/tap/",                     "",                 ""),
        ("/run/trestle/dev/net/tun",      "",                 ""),
        ("/run/trestle/dev",              "",                 ""),
        ("/home/tun0",                    "",                 ""),
        ("/devices/tun0",                 "",                 ""),
        ("dev/net/tun",                   "/home",            ""),
        ("tun0",                          "/home",            ""),
        ("",                              "/dev/net/tun",     ""),
        ("/",                             "",                 ""),
    ];
    for (path, base, want) in rows {
        let found = nodes.find(path.as_bytes(), || (!base.is_empty()).then(|| base.into()));
        assert_eq!(found.map(|node| node.to_string()).unwrap_or_default(), want, "{path} in {base:?}");
    }
    assert_eq!(nodes.find(b"/dev/tun\xff", || None), None);
}

#[test]
fn the_base_is_asked_only_when_it_decides() {
    let nodes = Nodes::new(Path::new("/run/trestle/dev"));
    for path in ["libc.so.6", "/dev/net/tun", "etc/passwd", ""] {
        nodes.find(path.as_bytes(), || panic!("asked for {path}"));
    }
    assert_eq!(nodes.find(b"tun", || None), None, "no base to be had");
}
