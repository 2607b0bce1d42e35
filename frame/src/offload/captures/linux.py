"""Has a Linux kernel finish offloads and prints what came out: the source of linux.txt.

Run as root, in a network namespace of its own: unshare -n python3 linux.py > linux.txt
"""
import random
import socket
import struct
import subprocess

SOL_PACKET, PACKET_AUXDATA, PACKET_VNET_HDR = 263, 8, 15
VLAN_VALID, VLAN_TPID_VALID = 0x10, 0x40
LINK = bytes.fromhex("020000000001020000000002")
V4 = bytes([192, 0, 2, 2, 192, 0, 2, 1])
V6 = bytes.fromhex("20010db8000000000000000000000002" "20010db8000000000000000000000001")
TIMESTAMPS = bytes.fromhex("0101080a0011223300445566")
CTAG, STAG = bytes.fromhex("8100600a"), bytes.fromhex("88a80005")
ROUTER_ALERT_V4, ROUTER_ALERT_V6 = bytes.fromhex("94040000"), bytes.fromhex("050200000100")
FIN_PSH_ACK, FIN_PSH_ACK_CWR, PSH_ACK, ACK, UDP = 0x19, 0x99, 0x18, 0x10, None
RANDOM = random.Random(7)

CASES = [
    # name            version, tags, options, TCP flags or UDP, payload bytes, segment bytes (0: checksum only)
    ("tcp4",             4, b"", b"", FIN_PSH_ACK_CWR, 250, 100),
    ("tcp4 exact",       4, b"", b"", ACK, 192, 96),
    ("tcp4 odd",         4, b"", b"", FIN_PSH_ACK, 205, 101),
    ("tcp4 options",     4, b"", ROUTER_ALERT_V4, PSH_ACK, 130, 64),
    ("tcp4 tag",         4, CTAG, b"", PSH_ACK, 130, 64),
    ("tcp4 two tags",    4, STAG + CTAG, b"", PSH_ACK, 130, 64),
    ("tcp6",             6, b"", b"", FIN_PSH_ACK_CWR, 250, 100),
    ("tcp6 hop-by-hop",  6, b"", ROUTER_ALERT_V6, PSH_ACK, 130, 64),
    ("tcp6 tag",         6, CTAG, b"", PSH_ACK, 130, 64),
    ("udp4",             4, b"", b"", UDP, 250, 100),
    ("udp4 tag",         4, CTAG, b"", UDP, 130, 64),
    ("udp6",             6, b"", b"", UDP, 250, 100),
    ("udp6 hop-by-hop",  6, b"", ROUTER_ALERT_V6, UDP, 130, 64),
    ("checksum tcp4",    4, b"", b"", PSH_ACK, 33, 0),
    ("checksum tcp6",    6, CTAG, b"", ACK, 0, 0),
    ("checksum udp4",    4, STAG + CTAG, b"", UDP, 7, 0),
    ("checksum udp6",    6, b"", b"", UDP, 32, 0),
    ("checksum zero",    4, b"", b"", UDP, "zero", 0),
]


def folded(octets):
    total = sum(struct.unpack(f"!{(len(octets) + 1) // 2}H", octets + b"\0" * (len(octets) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def build(version, tags, options, flags, size, segment):
    payload = RANDOM.randbytes(2 if size == "zero" else size)
    if flags is UDP:
        protocol, field = 17, 6
        transport = struct.pack("!HHHH", 40000, 443, 8 + len(payload), 0)
    else:
        protocol, field = 6, 16
        transport = struct.pack("!HHIIBBHHH", 40000, 443, 0xFFFFFF80, 0x01020304, 0x80, flags, 512, 0, 0) + TIMESTAMPS
    length = len(transport) + len(payload)
    if version == 4:
        words, ether_type = 5 + len(options) // 4, b"\x08\0"
        ip = struct.pack("!BBHHHBBH", 0x40 | words, 2, words * 4 + length, 0xFFFF, 0x4000, 64, protocol, 0) + V4 + options
        ip = ip[:10] + struct.pack("!H", 0xFFFF ^ folded(ip)) + ip[12:]
        pseudo = folded(V4 + struct.pack("!HH", protocol, length))
    else:
        ether_type = b"\x86\xdd"
        extension = bytes([protocol, 0]) + options if options else b""
        ip = struct.pack("!IHBB", 0x60012345, len(extension) + length, 0 if options else protocol, 64) + V6 + extension
        pseudo = folded(V6 + struct.pack("!II", length, protocol))
    transport = transport[:field] + struct.pack("!H", pseudo) + transport[field + 2:]
    if size == "zero":  # The payload that makes the checksum come out as zero.
        payload = struct.pack("!H", 0xFFFF ^ folded(transport))
    link = LINK + tags + ether_type
    start = len(link) + len(ip)
    gso = 0 if not segment else 5 if flags is UDP else {4: 1, 6: 4}[version] | (flags & 0x80)
    state = struct.pack("=BBHHHH", 1, gso, start + len(transport) if segment else 0, segment, start, field)
    return state, link + ip + transport + payload


def received(on):
    while True:
        try:
            octets, ancillary, _, _ = on.recvmsg(70000, 200)
        except socket.timeout:
            return
        state, octets = octets[:10], octets[10:]
        assert state[0] & 1 == 0 and state[1] == 0, f"the kernel left work to do: {state.hex()}"
        for _, kind, data in ancillary:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
            if kind == PACKET_AUXDATA and status & VLAN_VALID:
                tpid = tpid if status & VLAN_TPID_VALID else 0x8100
                octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
        if octets.startswith(LINK):
            yield octets


def port(name):
    subprocess.check_call(["sysctl", "-qw", f"net.ipv6.conf.{name}.disable_ipv6=1"])
    for feature in ["tx", "rx", "sg", "tso", "gso", "gro", "tx-udp-segmentation", "txvlan", "rxvlan"]:
        subprocess.call(["ethtool", "-K", name, feature, "off"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.check_call(["ip", "link", "set", name, "up"])
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    opened.bind((name, 0))
    opened.settimeout(0.5)
    opened.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    opened.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return opened


subprocess.check_call("ip link add left type veth peer name right", shell=True)
left, right = port("left"), port("right")
for name, *case in CASES:
    state, frame = build(*case)
    left.send(state + frame)
    print("case", name, "\nstate", state.hex(), "\nframe", frame.hex())
    for octets in received(right):
        print("out", octets.hex())
