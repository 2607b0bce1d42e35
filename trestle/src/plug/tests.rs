use super::*;

fn plan(arguments: &str, variables: &str) -> Result<Plan, String> {
    let variables: Vec<_> = variables.split_whitespace().map(|word| word.split_once('=').unwrap()).collect();
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let words = arguments.split_whitespace().map(OsString::from).collect();
    Plan::make(words, variable).map_err(|error| error.to_string())
}

#[test]
fn arguments_and_environment() {
    let openvpn = "TUNTAP_SOCKET_FD=7 TUNTAP_DEV_TYPE=tap TUNTAP_MTU=1400";
    let made = |fd, device: &str, settings| {
        let device: Option<DeviceName> = device.parse().ok();
        Ok(Plan { fd, kind: Kind::Tap, device, settings, addresses: vec![] })
    };
    let mtu = || vec![Verb::Mtu { bytes: 1400 }];
    #[rustfmt::skip]
    let rows = [
        ("unix",                  openvpn,                          made(7, "", mtu())),
        ("unix --tap tap3",       openvpn,                          made(7, "tap3", mtu())),
        ("unix --fd 5",           openvpn,                          made(5, "", mtu())),
        ("unix --fd 5 --tap tap3", "",                              made(5, "tap3", vec![])),
        ("unix",                  "TRESTLE_DEVICE=tap3 TUNTAP_SOCKET_FD=7", made(7, "tap3", vec![])),
        ("unix --tap tap4",       "TRESTLE_DEVICE=tap3 TUNTAP_SOCKET_FD=7", made(7, "tap4", vec![])),
        ("unix --tun tun0",       openvpn,                          Err("tun0: TUNTAP_DEV_TYPE is tap")),
        ("unix --fd 5",           "",                               Err("neither --tap, --tun nor TUNTAP_DEV_TYPE")),
        ("unix --tap tap3",       "",                               Err("neither --fd nor TUNTAP_SOCKET_FD")),
        ("unix --fd x",           openvpn,                          Err("--fd x")),
        ("unix tap3",             openvpn,                          Err("tap3")),
        ("unix",                  "TUNTAP_DEV_TYPE=null",           Err("TUNTAP_DEV_TYPE=null")),
        ("",                      openvpn,                          Err("trestle plug unix")),
        ("tcp",                   openvpn,                          Err("trestle plug unix")),
    ];
    for (arguments, variables, want) in rows {
        match (plan(arguments, variables), want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want, "{arguments} with {variables}"),
            (Err(found), Err(want)) => assert!(found.contains(want), "{arguments} with {variables}: {found}"),
            (found, want) => panic!("{arguments} with {variables}: {found:?}, not {want:?}"),
        }
    }
}
