//! Signals to who waits in a read or a write.

use super::*;
use rustix::io::{read, write};
use std::os::unix::process::ExitStatusExt;
use std::os::unix::thread::JoinHandleExt;
use std::process::{Child, Command, Stdio};

/// Starts a program that blocks in a read of the node.
fn reader() -> Child {
    let input = format!("if={}", Scene::node().display());
    // What a shell starts in the background ignores SIGINT, and so does whatever that starts.
    let dd = ["--default-signal=INT", "dd", &input, "bs=2000", "count=1", "status=none"];
    Command::new("env").args(dd).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_signal_frees_a_blocked_reader_at_once() {
    in_namespace(|| {
        let scene = Scene::new();
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGKILL] {
            let mut reader = reader();
            scene.await_waiters(1);
            let pid = rustix::process::Pid::from_child(&reader);
            let (took, status) = timed(|| {
                let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
                rustix::process::kill_process(pid, signal).unwrap();
                reader.wait().unwrap()
            });
            assert_eq!(status.signal(), Some(signal));
            assert!(took < AT_ONCE, "{signal}: {took:?}");
            eventually("closed", || scene.desk.descriptors.lock().unwrap().is_empty());
        }
        // The device is as good as before.
        let file = Scene::open(OFlags::empty());
        scene.give(1);
        assert_eq!(read(&file, &mut [0; 100]), Ok(60));
    });
}

#[test]
fn a_handled_signal_interrupts_a_read_and_a_write() {
    in_namespace(|| {
        catch(libc::SIGUSR2);
        let scene = Scene::with(Settings { queue_packets: 16 }, None);
        let file = Arc::new(Scene::open(OFlags::empty()));
        let reading = file.clone();
        let reader = std::thread::spawn(move || read(&*reading, &mut [0; 100]));
        scene.await_waiters(1);
        interrupt(&reader);
        assert_eq!(reader.join().unwrap(), Err(Errno::INTR));

        for mark in 0..16 {
            assert_eq!(write(&*file, &frame(mark)), Ok(60));
        }
        let writing = file.clone();
        let writer = std::thread::spawn(move || write(&*writing, &frame(16)));
        scene.await_waiters(1);
        interrupt(&writer);
        assert_eq!(writer.join().unwrap(), Err(Errno::INTR));
        for mark in 0..16 {
            assert_eq!(scene.take(), Some(frame(mark)));
        }
        assert_eq!(scene.take(), None, "what was interrupted is not sent");
    });
}

/// Signals and packets at the same time: each read ends, by the one or by the other, and no packet is lost.
#[test]
fn interrupts_and_packets_cross() {
    in_namespace(|| {
        catch(libc::SIGUSR2);
        let scene = Scene::new();
        let file = Scene::open(OFlags::empty());
        let reader = std::thread::spawn(move || {
            let (mut packets, mut interrupts) = (0, 0);
            while packets < 500 {
                match read(&file, &mut [0; 100]) {
                    Ok(60) => packets += 1,
                    Err(Errno::INTR) => interrupts += 1,
                    other => panic!("{other:?}"),
                }
            }
            interrupts
        });
        for mark in 0..500 {
            if mark % 25 == 0 {
                // One that the packet does not overtake.
                scene.await_waiters(1);
                interrupt(&reader);
                std::thread::sleep(Duration::from_millis(5));
            }
            interrupt(&reader);
            scene.give(mark as u8);
        }
        assert!(reader.join().unwrap() > 0, "some reads were interrupted");
    });
}

/// Beyond the end of a file the kernel lets one write go on at a time, and the next waits where no signal reaches it.
#[test]
fn the_second_of_two_blocked_writers_can_be_killed() {
    in_namespace(|| {
        let scene = Scene::with(Settings { queue_packets: 16 }, None);
        let output = format!("of={}", Scene::node().display());
        let mut writer = Command::new("dd");
        writer.args(["if=/dev/zero", &output, "bs=60", "conv=notrunc", "status=none"]).stderr(Stdio::null());
        let first = writer.spawn().unwrap();
        scene.await_waiters(1);
        let second = writer.spawn().unwrap();
        scene.await_waiters(2);
        for mut writer in [second, first] {
            let (took, _) = timed(|| {
                writer.kill().unwrap();
                writer.wait().unwrap()
            });
            assert!(took < AT_ONCE, "{took:?}");
        }
    });
}

/// A server that ends without a keeper, under a reader and idle files.
#[test]
fn a_server_that_ends_frees_its_users() {
    in_namespace(|| {
        let scene = Scene::new();
        let idle = Scene::open(OFlags::empty());
        let file = Scene::open(OFlags::empty());
        let reader = std::thread::spawn(move || read(&file, &mut [0; 100]));
        scene.await_waiters(1);
        let (took, ()) = timed(|| drop(scene));
        assert!(took < AT_ONCE, "{took:?}");
        assert_eq!(reader.join().unwrap(), Err(Errno::BADFD));
        assert_eq!(read(&idle, &mut [0; 100]), Err(Errno::NOTCONN));
    });
}

fn interrupt<T>(thread: &std::thread::JoinHandle<T>) {
    // SAFETY: the thread has not been joined, so its identity is its own.
    let status = unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR2) };
    assert_eq!(status, 0);
}

fn catch(signal: libc::c_int) {
    extern "C" fn nothing(_: libc::c_int) {}
    let handler = nothing as extern "C" fn(libc::c_int);
    // SAFETY: the handler does nothing, which is safe at any point.
    unsafe { libc::signal(signal, handler as libc::sighandler_t) };
}
