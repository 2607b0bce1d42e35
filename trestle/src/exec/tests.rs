use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(OsString::from).collect()
}

#[test]
fn arguments() {
    let tap3 = Some("tap3".parse().unwrap());
    let run = |device, fd, program: &str, arguments: &str| {
        Ok(Options { device, fd, program: program.into(), arguments: words(arguments) })
    };
    #[rustfmt::skip]
    let rows: [(&str, Result<Options, &str>); 14] = [
        ("openvpn --dev tap",               run(None, None, "openvpn", "--dev tap")),
        ("-- openvpn --dev tap",            run(None, None, "openvpn", "--dev tap")),
        ("--tap tap3 -- a --tap tap4",      run(tap3, None, "a", "--tap tap4")),
        ("--tap=tap3 --fd 7 a -- b",        run(tap3, Some(7), "a", "-- b")),
        ("",                                Err("no program given")),
        ("--tap tap3 --",                   Err("no program given")),
        ("--tap tun3 a",                    Err("--tap tun3: not tap0..tap32767")),
        ("--tun tap3 a",                    Err("--tun tap3: not tun0..tun32767")),
        ("--tap eth0 a",                    Err("--tap eth0")),
        ("--tap tap3 --tun tun0 a",         Err("tun0 and tap3: one device at most")),
        ("--fd 7 a",                        Err("--fd needs --tap or --tun")),
        ("--tap tap3 --fd -1 a",            Err("--fd -1: not a number")),
        ("--tap tap3 --fd 99999999 a",      Err("--fd 99999999: not a number")),
        ("--tpa tap3 a",                    Err("--tpa")),
    ];
    for (text, want) in rows {
        match (parse(words(text)), want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want, "{text}"),
            (Err(found), Err(want)) => assert!(found.to_string().contains(want), "{text}: {found}"),
            (found, want) => panic!("{text}: {found:?}, not {want:?}"),
        }
    }
}
