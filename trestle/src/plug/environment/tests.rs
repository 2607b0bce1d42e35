use super::*;

fn read(text: &str) -> Result<Environment, BadVariable> {
    let variables: Vec<_> = text.split_whitespace().map(|word| word.split_once('=').unwrap()).collect();
    Environment::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn what_openvpn_says() {
    let address = |address: &str, prefix| InetAddress::new(address.parse().unwrap(), prefix);
    let tap = read(
        "TUNTAP_SOCKET_FD=7 TUNTAP_DEV_TYPE=tap TUNTAP_MTU=1500 TUNTAP_LLADDR=02:00:00:00:00:07 \
         ifconfig_local=10.8.0.1 ifconfig_netmask=255.255.255.0 ifconfig_broadcast=10.8.0.255 \
         ifconfig_ipv6_local=fd00::1 ifconfig_ipv6_netbits=64 TRESTLE_DEVICE=tap3",
    );
    let want = Environment {
        fd: Some(7),
        kind: Some(Kind::Tap),
        device: Some("tap3".parse().unwrap()),
        mtu_bytes: Some(1500),
        ether: Some(Mac([2, 0, 0, 0, 0, 7])),
        addresses: vec![address("10.8.0.1", 24), address("fd00::1", 64)],
    };
    assert_eq!(tap, Ok(want));
    let tun = read("TUNTAP_SOCKET_FD=5 TUNTAP_DEV_TYPE=tun ifconfig_local=10.8.0.1 ifconfig_remote=10.8.0.2").unwrap();
    let pair = ["10.8.0.1", "10.8.0.2"].map(|address| address.parse().unwrap());
    assert_eq!(tun.addresses, [InetAddress::point_to_point(pair[0], pair[1])]);
    assert_eq!(read(""), Ok(Environment::default()));
}

#[test]
fn what_is_wrong_is_named() {
    #[rustfmt::skip]
    let rows = [
        "TUNTAP_SOCKET_FD=x",
        "TUNTAP_DEV_TYPE=null",
        "TUNTAP_MTU=-1",
        "TUNTAP_LLADDR=02:00",
        "TRESTLE_DEVICE=eth0",
        "ifconfig_local=10.8.0",
        "ifconfig_netmask=255.0.255.0",
        "ifconfig_ipv6_local=10.8.0.1",
        "ifconfig_ipv6_netbits=129",
        "ifconfig_remote=there",
    ];
    for row in rows {
        let text = match row.split_once('=').unwrap().0 {
            "ifconfig_netmask" | "ifconfig_remote" => format!("ifconfig_local=10.0.0.1 {row}"),
            "ifconfig_ipv6_netbits" => format!("ifconfig_ipv6_local=fd00::1 {row}"),
            _ => row.to_owned(),
        };
        assert!(read(&text).unwrap_err().to_string().starts_with(row), "{row}");
    }
}
