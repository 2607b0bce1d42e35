use super::*;
use haiku_abi::{AF_INET, AF_INET6};

const OWN: Mac = Mac([2, 0, 0, 0, 0, 1]);
const OTHER: Mac = Mac([2, 0, 0, 0, 0, 2]);
const GROUP: Mac = Mac([0x33, 0x33, 0, 0, 0, 1]);
const SPEAKS_NOT: Mac = Mac::BRIDGE_GROUP;

#[test]
fn directions() {
    use Direction::{Local, Received, Sent};
    // The family of a fresh packet is garbage: it must not be looked at.
    let rows = [
        (0, 0xcc, Received),
        (0, AF_LINK as u8, Received),
        (0, AF_INET as u8, Received),
        (20, AF_LINK as u8, Sent),
        (60, AF_LINK as u8, Sent),
        (16, AF_INET as u8, Local),
        (28, AF_INET6 as u8, Local),
    ];
    for (bytes, family, direction) in rows {
        assert_eq!(Direction::of(bytes, family), direction, "{bytes} {family}");
    }
}

#[test]
fn fates() {
    use Activity::{Idle, Mirror, Port};
    use Direction::{Local, Received, Sent};
    use Fate::{Discard, Overhear, Pass, Share, Take};
    use HostMode::{Bridge, Member};
    #[rustfmt::skip]
    let rows = [
        //                               own       other    broadcast  group   link-local
        (Port,   Received, Bridge,      [Take,     Take,    Take,      Take,   Take]),
        (Port,   Received, Member,      [Overhear, Take,    Share,     Share,  Share]),
        (Port,   Sent,     Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Port,   Sent,     Member,      [Share,    Share,   Share,     Share,  Share]),
        (Port,   Local,    Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Port,   Local,    Member,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Idle,   Received, Bridge,      [Pass,     Discard, Pass,      Pass,   Pass]),
        (Idle,   Received, Member,      [Pass,     Discard, Pass,      Pass,   Pass]),
        (Idle,   Sent,     Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Idle,   Sent,     Member,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Idle,   Local,    Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Idle,   Local,    Member,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Mirror, Received, Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Mirror, Sent,     Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
        (Mirror, Local,    Bridge,      [Pass,     Pass,    Pass,      Pass,   Pass]),
    ];
    for (activity, direction, host, fates) in rows {
        let policy = Policy { activity, host, mac: OWN };
        let to = [OWN, OTHER, Mac::BROADCAST, GROUP, SPEAKS_NOT];
        for (to, fate) in to.into_iter().zip(fates) {
            assert_eq!(policy.fate(direction, to), fate, "{activity:?} {direction:?} {host:?} {to}");
        }
    }
}

#[test]
fn a_policy_comes_back_as_it_was_published() {
    for activity in [Activity::Mirror, Activity::Idle, Activity::Port] {
        for host in [HostMode::Bridge, HostMode::Member] {
            for mac in [OWN, Mac::BROADCAST, Mac::ZERO] {
                let policy = Policy { activity, host, mac };
                let published =
                    Published::new(Policy { activity: Activity::Mirror, host: HostMode::Bridge, mac: OTHER });
                published.change(|to| *to = policy);
                assert_eq!(published.get(), policy);
            }
        }
    }
}
