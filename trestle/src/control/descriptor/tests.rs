use super::*;
use std::fs::File;
use std::os::fd::AsRawFd;

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn a_descriptor_arrives_with_the_first_octet() {
    let (near, far) = UnixStream::pair().unwrap();
    let file = File::open("/proc/self/status").unwrap();
    assert_eq!(send(&near, b"abc", Some(file.as_fd())).unwrap(), 3);
    let mut incoming = Incoming::new(&far);
    let mut one = [0];
    assert_eq!(incoming.read(&mut one).unwrap(), 1);
    let copy = File::from(incoming.take_descriptor().unwrap());
    assert_ne!(copy.as_raw_fd(), file.as_raw_fd());
    assert!(std::io::read_to_string(copy).unwrap().contains("Threads"));
    assert_eq!(incoming.read(&mut [0; 8]).unwrap(), 2);
    assert!(incoming.take_descriptor().is_none());
}

/// Runs alone in its process: other tests open and close descriptors meanwhile.
#[test]
fn none_is_left_open_whatever_is_sent() {
    const NAME: &str = "control::descriptor::tests::none_is_left_open_whatever_is_sent";
    if std::env::var_os("ALONE").is_none() {
        let alone = std::process::Command::new(std::env::current_exe().unwrap())
            .args([NAME, "--exact", "--test-threads=1"])
            .env("ALONE", "1")
            .status()
            .unwrap();
        assert!(alone.success());
        return;
    }
    let file = File::open("/proc/self/status").unwrap();
    let before = open_descriptors();
    for count in [1_usize, 2, 3, 8, 253] {
        let (near, far) = UnixStream::pair().unwrap();
        let descriptors = vec![file.as_fd(); count];
        let mut space = vec![MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(253))];
        for _ in 0..3 {
            let mut ancillary = SendAncillaryBuffer::new(&mut space);
            assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
            sendmsg(&near, &[IoSlice::new(b"x")], &mut ancillary, SendFlags::empty()).unwrap();
        }
        let held = open_descriptors();
        let mut incoming = Incoming::new(&far);
        for _ in 0..3 {
            assert_eq!(incoming.read(&mut [0; 8]).unwrap(), 1);
            assert_eq!(open_descriptors(), held + 1, "{count} sent, one kept");
        }
        drop(incoming);
        drop((near, far));
        assert_eq!(open_descriptors(), before, "{count}");
    }
}
