//! A device that is destroyed under its users.

use super::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{read, write};

fn hung_up(file: &OwnedFd) -> PollFlags {
    let mut fds = [PollFd::new(file, PollFlags::IN)];
    poll(&mut fds, Some(&Timespec { tv_sec: 5, tv_nsec: 0 })).unwrap();
    fds[0].revents()
}

#[test]
fn destroying_frees_who_reads_who_writes_and_who_polls() {
    in_namespace(|| {
        let scene = Scene::with(Settings { queue_packets: 16 }, None);
        let files = [(); 3].map(|()| Scene::open(OFlags::empty()));
        (0..16).for_each(|mark| assert_eq!(write(&files[0], &frame(mark)), Ok(60)));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| read(&files[0], &mut [0; 100]));
            let writer = scope.spawn(|| write(&files[1], &frame(0)));
            let sleeper = scope.spawn(|| hung_up(&files[2]));
            scene.await_waiters(3);
            let (took, ()) = timed(|| scene.desk.queues.destroy(&mut Waiter::woken));
            assert!(took < AT_ONCE, "{took:?}");
            let (took, outcomes) = timed(|| (reader.join().unwrap(), writer.join().unwrap(), sleeper.join().unwrap()));
            assert_eq!(outcomes, (Err(Errno::BADFD), Err(Errno::BADFD), PollFlags::ERR | PollFlags::HUP));
            assert!(took < AT_ONCE, "{took:?}");
        });
        // Closing is not paced.
        let (took, ()) = timed(|| drop(files));
        assert!(took < AT_ONCE, "{took:?}");
    });
}

/// A program that takes no hint: poll, read, write, and again.
pub(super) fn turns_in_two_seconds(file: &OwnedFd) -> usize {
    let (start, mut turns) = (monotonic(), 0);
    while monotonic().since(start) < Duration::from_secs(2) {
        assert_eq!(hung_up(file), PollFlags::ERR | PollFlags::HUP);
        assert!(read(file, &mut [0; 100]).is_err());
        assert!(write(file, &frame(0)).is_err());
        turns += 1;
    }
    turns
}

#[test]
fn a_program_that_ignores_the_end_does_not_spin() {
    in_namespace(|| {
        let scene = Scene::new();
        let file = Scene::open(OFlags::NONBLOCK);
        scene.desk.queues.destroy(&mut Waiter::woken);
        let (took, events) = timed(|| hung_up(&file));
        assert_eq!(events, PollFlags::ERR | PollFlags::HUP);
        assert!(took < AT_ONCE, "the first is told at once: {took:?}");
        let turns = turns_in_two_seconds(&file);
        assert!((1..=10).contains(&turns), "{turns} turns of three calls in two seconds");
    });
}

#[test]
fn a_paced_answer_is_given_up_for_a_signal() {
    in_namespace(|| {
        let scene = Scene::new();
        let node = Scene::node();
        let script = format!("exec 3<>{}; echo; while :; do head -c 1 <&3; done", node.display());
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script]).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut shell = command.spawn().unwrap();
        scene.await_waiters(1);
        scene.desk.queues.destroy(&mut Waiter::woken);
        std::thread::sleep(Duration::from_millis(250));
        let (took, _) = timed(|| {
            shell.kill().unwrap();
            shell.wait().unwrap()
        });
        assert!(took < AT_ONCE, "{took:?}");
        eventually("closed", || scene.desk.descriptors.lock().unwrap().is_empty());
    });
}
