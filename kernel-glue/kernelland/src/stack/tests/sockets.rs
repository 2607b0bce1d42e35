//! Sockets, by the table through which the kernel's system calls reach them: with arguments that no program of ours gives.

use super::{boot, end, eventually, fake_up, table};
use crate::modules;
use haiku_abi::*;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::ptr::{from_ref, null_mut};

const OURS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 2);

/// A socket for datagrams, freed when dropped, with its table.
struct Raw(&'static net_stack_interface_module_info, *mut net_socket);

impl Raw {
    fn open() -> Self {
        let table: &'static net_stack_interface_module_info = table(NET_STACK_INTERFACE_MODULE_NAME);
        let mut socket = null_mut();
        // SAFETY: the module is in use, the place is ours.
        assert_eq!(unsafe { table.open.unwrap()(AF_INET, SOCK_DGRAM, 0, &mut socket) }, B_OK);
        Self(table, socket)
    }

    /// Bytes that can be read.
    fn waiting(&self) -> i32 {
        let mut bytes = 0_i32;
        // SAFETY: the socket is open, and the argument is what the request has.
        let status = unsafe { self.0.ioctl.unwrap()(self.1, FIONREAD, (&raw mut bytes).cast(), size_of::<i32>()) };
        assert_eq!(status, B_OK);
        bytes
    }

    fn set_timeout(&self, seconds: i64, micros: i64) -> status_t {
        const SO_RCVTIMEO: i32 = 0x4000_0006;
        let value = [seconds, micros];
        // SAFETY: the socket is open, the value may be read.
        unsafe { self.0.setsockopt.unwrap()(self.1, -1, SO_RCVTIMEO, from_ref(&value).cast(), 16) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: the socket is open, and nobody is at it.
        unsafe { self.0.close.unwrap()(self.1) };
        // SAFETY: as above.
        unsafe { self.0.free.unwrap()(self.1) };
        modules::put(NET_STACK_INTERFACE_MODULE_NAME.to_str().unwrap()).unwrap();
    }
}

#[test]
fn an_address_is_read_as_far_as_its_caller_says() {
    crate::test(|| {
        let (kernel, _) = boot();
        let socket = Raw::open();
        const PAGE: usize = 4096;
        let (flags, protection) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: asks for memory of its own.
        let pages = unsafe { libc::mmap(null_mut(), 2 * PAGE, protection, flags, -1, 0) };
        assert_ne!(pages, libc::MAP_FAILED);
        // SAFETY: the second page is ours.
        assert_eq!(unsafe { libc::mprotect(pages.wrapping_byte_add(PAGE), PAGE, libc::PROT_NONE) }, 0);
        let address: *mut [u8; 2] = pages.wrapping_byte_add(PAGE - 2).cast();
        // SAFETY: the bytes are the first page's last ones.
        unsafe { address.write([32, AF_UNSPEC as u8]) };
        // SAFETY: the socket is open, the address has two bytes, whatever it says itself.
        unsafe { socket.0.connect.unwrap()(socket.1, address.cast(), 2) };
        drop(socket);
        end(kernel);
    });
}

#[test]
fn a_timeout_that_is_too_long_is_for_ever() {
    crate::test(|| {
        let (kernel, _) = boot();
        let interface = fake_up("fake1", OURS, 24);
        let socket = Raw::open();
        let ours = crate::user::inet(SocketAddrV4::new(OURS, 6000));
        let (at, bytes) = (from_ref(&ours).cast(), size_of_val(&ours) as u32);
        // SAFETY: the socket is open, the address may be read.
        assert_eq!(unsafe { socket.0.bind.unwrap()(socket.1, at, bytes) }, B_OK);
        for (seconds, micros) in [(i64::MAX, 0), (i64::MAX / 1_000_000, 0), (i64::MAX, i64::MAX)] {
            assert_eq!(socket.set_timeout(seconds, micros), B_OK);
            // SAFETY: as above, and so may the data.
            let sent = unsafe { socket.0.sendto.unwrap()(socket.1, c"late".as_ptr().cast(), 4, 0, at, bytes) };
            assert_eq!(sent, 4);
            // A reader that is just about to wait may miss what comes then, in Haiku too.
            eventually("the datagram is there", || socket.waiting() == 4);
            let mut data = [0_u8; 16];
            // SAFETY: there is room for that many.
            let received = unsafe { socket.0.recv.unwrap()(socket.1, data.as_mut_ptr().cast(), 16, 0) };
            assert_eq!((received, &data[..4]), (4, &b"late"[..]));
        }
        drop(socket);
        interface.down().unwrap();
        interface.delete().unwrap();
        end(kernel);
    });
}
