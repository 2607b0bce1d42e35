use super::*;
use crate::linux::skip::tell;

#[test]
fn only_two_capabilities_stay() {
    let thread = std::thread::spawn(|| {
        let before = caps::read(None, CapSet::Permitted).unwrap();
        if before.len() <= KEPT.len() {
            return tell("only_two_capabilities_stay", "needs capabilities to drop");
        }
        drop_privileges().unwrap();
        let kept: caps::CapsHashSet = KEPT.into_iter().collect();
        let rows = [
            (CapSet::Effective, before.intersection(&kept).copied().collect()),
            (CapSet::Permitted, before.intersection(&kept).copied().collect()),
            (CapSet::Inheritable, caps::CapsHashSet::new()),
            (CapSet::Ambient, caps::CapsHashSet::new()),
        ];
        for (set, want) in rows {
            assert_eq!(caps::read(None, set).unwrap(), want, "{set:?}");
        }
        if before.contains(&Capability::CAP_SETPCAP) {
            assert_eq!(caps::read(None, CapSet::Bounding).unwrap(), kept, "bounding");
        }
        // SAFETY: the call takes integers only.
        assert_eq!(unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) }, 1);
        drop_privileges().unwrap();
    });
    thread.join().unwrap();
}
