//! Time (`OS.h`).

use crate::clock;
use crate::thread::{Deadline, Wait, WaitKind, current};
use haiku_abi::{B_OK, B_TIMED_OUT, bigtime_t, status_t};

/// Sleeps; a time-out is how a sleep ends.
fn sleep(deadline: Deadline) -> status_t {
    crate::lock::check_may_block(WaitKind::Snooze, "");
    let this = current();
    this.prepare(0, Wait { kind: WaitKind::Snooze, object: 0, name: String::new() });
    match this.block(deadline) {
        B_TIMED_OUT => B_OK,
        status => status,
    }
}

exports! {
    fn system_time() -> bigtime_t {
        clock::now()
    }

    fn real_time_clock_usecs() -> bigtime_t {
        clock::since_epoch()
    }

    fn snooze(micros: bigtime_t) -> status_t {
        crate::depth::check(current());
        if micros <= 0 { B_OK } else { sleep(Deadline::after(micros)) }
    }

    fn snooze_until(time: bigtime_t, _time_base: i32) -> status_t {
        sleep(Deadline::At(time))
    }
}
