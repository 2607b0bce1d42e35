"""An application that holds a TAP or TUN device: it makes the calls of any program, and tells what they answered.

A line of input is a JSON object: {"id": N, "code": Python, "thread": true if it may take long}. A line of output is
{"id": N} with "value", or "errno" and its name, or "raised" and the text.
"""
import ctypes
import errno
import fcntl
import json
import os
import select
import signal
import struct
import sys
import threading
import time

TUNSETIFF, TUNSETPERSIST, TUNSETOWNER, TUNSETGROUP = 0x400454CA, 0x400454CB, 0x400454CC, 0x400454CE
TUNGETFEATURES, TUNSETOFFLOAD, TUNGETIFF = 0x800454CF, 0x400454D0, 0x800454D2
TUNGETSNDBUF, TUNSETSNDBUF, TUNGETVNETHDRSZ, TUNSETVNETHDRSZ = 0x800454D3, 0x400454D4, 0x800454D7, 0x400454D8
TUNSETQUEUE, TUNSETCARRIER = 0x400454D9, 0x400454E2
SIOCGIFHWADDR, SIOCSIFHWADDR, FIONREAD, FIONBIO = 0x8927, 0x8924, 0x541B, 0x5421
IFF_TUN, IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI = 0x0001, 0x0002, 0x0100, 0x1000
IFF_VNET_HDR, IFF_TUN_EXCL, IFF_ATTACH_QUEUE, IFF_DETACH_QUEUE = 0x4000, 0x8000, 0x0200, 0x0400


def attach(fd, name, flags):
    """Does TUNSETIFF and returns the name that came back."""
    back = fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    return back[:16].rstrip(b"\0").decode()


def open_device(path, name, flags, mode=os.O_RDWR):
    fd = os.open(path, mode)
    try:
        attach(fd, name, flags)
    except BaseException:
        os.close(fd)
        raise
    return fd


def asked(fd):
    """Does TUNGETIFF and returns name and flags."""
    back = fcntl.ioctl(fd, TUNGETIFF, bytes(40))
    return [back[:16].rstrip(b"\0").decode(), struct.unpack_from("H", back, 16)[0]]


def hardware_address(fd):
    return fcntl.ioctl(fd, SIOCGIFHWADDR, bytes(40))[18:24]


def set_hardware_address(fd, address):
    fcntl.ioctl(fd, SIOCSIFHWADDR, struct.pack("16sH6s16x", b"", 1, address))


def number(fd, request, value=0):
    """Does an ioctl that takes and returns one int in memory."""
    return struct.unpack("i", fcntl.ioctl(fd, request, struct.pack("i", value)))[0]


def blocking(fd, on):
    os.set_blocking(fd, on)


LIBC = ctypes.CDLL(None, use_errno=True)


def read_to_nowhere(fd):
    """Reads into memory that is not there."""
    if LIBC.read(ctypes.c_int(fd), ctypes.c_void_p(1), ctypes.c_size_t(2000)) < 0:
        raise OSError(ctypes.get_errno(), "read")


WORDS = [(select.POLLIN, "IN"), (select.POLLOUT, "OUT"), (select.POLLERR, "ERR"), (select.POLLHUP, "HUP")]


def wait(fd, how, want="IN", seconds=10.0):
    """Waits by `how` and returns what it told, in words; nothing if the time passed. select tells IN and OUT only."""
    mask = select.POLLIN if want == "IN" else select.POLLOUT
    if how == "select":
        ready = select.select([fd] if want == "IN" else [], [fd] if want == "OUT" else [], [fd], seconds)
        return [word for word, fds in zip(["IN", "OUT", "EXCEPT"], ready) if fds]
    if how == "poll":
        poller = select.poll()
        poller.register(fd, mask)
        told = poller.poll(seconds * 1000)
    else:
        with select.epoll() as poller:
            poller.register(fd, mask | (select.EPOLLET if how == "edge" else 0))
            told = poller.poll(seconds)
    return [word for bit, word in WORDS for _, bits in told if bits & bit]


def number_of(packet):
    """Returns the number in the last bytes of a packet of the test, else None."""
    return struct.unpack(">I", packet[-4:])[0] if packet[-8:-4] == b"TRST" else None


def drain(fd, how, quiet):
    """Reads whenever `how` says so until it says nothing for `quiet` seconds; returns the numbers that came.

    Edges are taken at their word: one is answered by reading until EAGAIN, and what comes without one is never read.
    """
    os.set_blocking(fd, False)
    numbers = []
    edge = select.epoll()
    edge.register(fd, select.EPOLLIN | (select.EPOLLET if how == "edge" else 0))
    poller = select.poll()
    poller.register(fd, select.POLLIN)
    while True:
        if how == "select":
            ready = select.select([fd], [], [], quiet)[0]
        elif how == "poll":
            ready = poller.poll(quiet * 1000)
        else:
            ready = edge.poll(quiet)
        if not ready:
            return [n for n in numbers if n is not None]
        try:
            numbers.append(number_of(os.read(fd, 2048)))
            while how == "edge":
                numbers.append(number_of(os.read(fd, 2048)))
        except BlockingIOError:
            pass


def read_all(fd):
    """Reads until EAGAIN and returns the numbers that came."""
    os.set_blocking(fd, False)
    numbers = []
    try:
        while True:
            numbers.append(number_of(os.read(fd, 2048)))
    except BlockingIOError:
        return [n for n in numbers if n is not None]


def read_packets(fd):
    """Reads until EAGAIN and returns the packets that came, as digits."""
    os.set_blocking(fd, False)
    packets = []
    try:
        while True:
            packets.append(os.read(fd, 65536).hex())
    except BlockingIOError:
        return packets


def read_numbered(fd, size=2048):
    """Reads until a packet of the test comes and returns it."""
    while True:
        packet = os.read(fd, size)
        if not packet or number_of(packet) is not None:
            return packet


def write_numbered(fd, template, numbers):
    """Writes a packet for each number, waiting for room where the queue is full; returns how often that was."""
    full = 0
    for n in numbers:
        packet = template[:-8] + b"TRST" + struct.pack(">I", n)
        while True:
            try:
                os.write(fd, packet)
                break
            except (BlockingIOError, OSError) as error:
                if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                    raise
                full += 1
                wait(fd, "poll", "OUT")
    return full


class Alarm(Exception):
    pass


def interrupted(seconds, call):
    """Makes a call that a signal shall interrupt, and returns the seconds until it did; None if the call ended."""
    def ring(*_):
        raise Alarm

    signal.signal(signal.SIGALRM, ring)
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        call()
        return None
    except Alarm:
        return time.monotonic() - start
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def plain(value):
    """Returns a value as JSON can hold it: bytes as hexadecimal digits."""
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (int, float, str, type(None))) else repr(value)


def obey(line):
    answer = {"id": line["id"]}
    try:
        try:
            code, run = compile(line["code"], "<test>", "eval"), eval
        except SyntaxError:
            code, run = compile(line["code"], "<test>", "exec"), exec
        answer["value"] = plain(run(code, globals()))
    except OSError as error:
        answer["errno"] = errno.errorcode.get(error.errno, str(error.errno))
    except BaseException as error:
        answer["raised"] = repr(error)
    text = json.dumps(answer) + "\n"
    with LOCK:
        sys.stdout.write(text)
        sys.stdout.flush()


LOCK = threading.Lock()
for text in sys.stdin:
    command = json.loads(text)
    if command["thread"]:
        threading.Thread(target=obey, args=(command,), daemon=True).start()
    else:
        obey(command)
os._exit(0)
