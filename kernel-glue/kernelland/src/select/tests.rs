use super::{Info, notify};
use crate::test;

#[test]
fn an_event_that_comes_late_reaches_nobody_else() {
    test(|| {
        let first = Info::new(1);
        let handle = first.handle();
        first.end();
        drop(first);
        let later = [(); 100].map(|()| Info::new(1));
        assert_eq!(notify(handle, 1), Err(haiku_abi::B_BAD_VALUE));
        assert!(later.iter().all(|info| info.result() == 0));
        assert_eq!(crate::fault::reports().len(), 1);
    });
}
