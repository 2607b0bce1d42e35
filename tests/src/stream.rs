//! TCP streams of known content, compared byte for byte where they arrive.

use crate::clock::timed;
use crate::host::Host;
use crate::ns::Ns;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// An endless pseudo-random stream (xorshift64), which both ends can make from the seed.
#[derive(Clone, Debug)]
pub struct Bytes(u64);

impl Bytes {
    /// Starts the stream of a seed other than 0.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Fills `buffer` with what follows. Cut into multiples of 8 bytes, the stream is the same however it is cut.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            chunk.copy_from_slice(&self.0.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// Sends `mebibytes` by TCP from one host to another and compares every byte there. Returns the rate in Mbit/s; the test
/// fails on a difference, and if nothing moves for 20 seconds.
#[track_caller]
pub fn transfer(from: &Host, to: &Host, mebibytes: usize) -> f64 {
    carry(&from.ns, &to.ns, to.address.into(), mebibytes)
}

/// As [`transfer`], from one namespace to `address` in another.
#[track_caller]
pub fn carry(from: &Ns, to: &Ns, address: IpAddr, mebibytes: usize) -> f64 {
    static SEED: AtomicU64 = AtomicU64::new(8);
    let (blocks, seed) = (mebibytes * 1024 * 1024 / BLOCK, SEED.fetch_add(1, Ordering::Relaxed));
    let (port_is, port) = mpsc::channel();
    let ((), time) = timed(|| {
        std::thread::scope(|scope| {
            let receiver = scope.spawn(|| to.enter(|| receive(address, blocks, seed, &port_is)));
            let port = port.recv_timeout(PATIENCE).expect("a listening socket");
            from.enter(|| send((address, port).into(), blocks, seed));
            receiver.join().expect("every byte as it was sent");
        });
    });
    (blocks * BLOCK) as f64 * 8.0 / time.as_secs_f64() / 1e6
}

/// Sends `mebibytes` to the TCP echo service of `to` and compares every byte that comes back.
#[track_caller]
pub fn echo(from: &Host, to: Ipv4Addr, mebibytes: usize) {
    let blocks = mebibytes * 1024 * 1024 / BLOCK;
    from.ns.enter(|| {
        let out = connect((to, 7).into());
        let mut back = out.try_clone().expect("a second handle");
        std::thread::scope(|scope| {
            scope.spawn(|| compare(&mut back, blocks, 7));
            write(out, blocks, 7);
        });
    });
}

fn receive(address: IpAddr, blocks: usize, seed: u64, port_is: &mpsc::Sender<u16>) {
    let listener = TcpListener::bind((address, 0)).expect("the address is ours");
    port_is.send(listener.local_addr().expect("it is bound").port()).expect("the sender waits for it");
    let (mut stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    compare(&mut stream, blocks, seed);
    assert_eq!(stream.read(&mut [0]).expect("the end"), 0, "more than was sent");
}

fn send(to: SocketAddr, blocks: usize, seed: u64) {
    write(connect(to), blocks, seed);
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&to, PATIENCE).unwrap_or_else(|error| panic!("{to}: {error}"));
    stream.set_write_timeout(Some(PATIENCE)).expect("not zero");
    stream.set_read_timeout(Some(PATIENCE)).expect("not zero");
    stream
}

fn write(mut stream: TcpStream, blocks: usize, seed: u64) {
    let (mut bytes, mut block) = (Bytes::new(seed), vec![0; BLOCK]);
    for n in 0..blocks {
        bytes.fill(&mut block);
        stream.write_all(&block).unwrap_or_else(|error| panic!("block {n} of {blocks}: {error}"));
    }
    stream.shutdown(Shutdown::Write).expect("connected");
}

fn compare(stream: &mut TcpStream, blocks: usize, seed: u64) {
    let (mut bytes, mut want, mut have) = (Bytes::new(seed), vec![0; BLOCK], vec![0; BLOCK]);
    for n in 0..blocks {
        bytes.fill(&mut want);
        stream.read_exact(&mut have).unwrap_or_else(|error| panic!("block {n} of {blocks}: {error}"));
        if want != have {
            let at = want.iter().zip(&have).position(|(want, have)| want != have);
            panic!("block {n} of {blocks}: differs at byte {at:?} of {BLOCK}");
        }
    }
}

/// Bytes compared at a time.
const BLOCK: usize = 64 * 1024;

/// How long a stream may stand still.
const PATIENCE: Duration = Duration::from_secs(20);
