//! Several peers behind one device that is a member of a bridge: the clients of an OpenVPN server.

use tests::{Lab, Lan};

#[test]
fn clients_of_one_server_and_a_lan_host_all_reach_each_other() {
    let name = "clients_of_one_server_and_a_lan_host_all_reach_each_other";
    let Some(lab) = Lab::with_programs(name, &["openvpn", "openssl", "nsenter"]) else { return };
    let lan = Lan::new(&lab);
    let host = lan.host(2);
    lan.member(
        "tun0",
        &Lan::both(50).iter().chain(&Lan::both(51)).map(|address| format!("peer {address} ")).collect::<String>(),
    );
    let crowd = lan.crowd("tun0", &[50, 51]);
    lan.all_reach_each_other("tun0", &[(2, &host), (50, &crowd.hosts[0]), (51, &crowd.hosts[1])]);
}
