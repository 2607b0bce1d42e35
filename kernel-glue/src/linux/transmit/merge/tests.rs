use super::*;

/// What differs between one segment and the next.
#[derive(Clone)]
struct Sample {
    version: u8,
    sequence: u32,
    identification: u16,
    flags: u8,
    window: u8,
    options: Vec<u8>,
    payload: Vec<u8>,
}

const TIMES: [u8; 12] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];

fn sample(sequence: u32, identification: u16, payload: usize) -> Sample {
    let payload = (0..payload).map(|place| (place as u32).wrapping_mul(7).wrapping_add(sequence) as u8).collect();
    Sample { version: 4, sequence, identification, flags: ACK, window: 9, options: TIMES.to_vec(), payload }
}

impl Sample {
    /// Writes it as it lies in a slot.
    fn stored(&self) -> Vec<u8> {
        let doff = (20 + self.options.len()) as u8 * 4;
        let [s0, s1, s2, s3] = self.sequence.to_be_bytes();
        let tcp = [0, 80, 4, 0, s0, s1, s2, s3, 0, 0, 0, 5, doff, self.flags, 0, self.window, 0, 0, 0, 0];
        let mut tcp = [&tcp[..], &self.options, &self.payload].concat();
        let bytes = tcp.len() as u16;
        let (ip, pseudo) = match self.version {
            4 => {
                let ([l0, l1], [i0, i1]) = ((20 + bytes).to_be_bytes(), self.identification.to_be_bytes());
                let mut ip = vec![0x45, 0, l0, l1, i0, i1, 0x40, 0, 64, TCP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
                let checksum = !fold(sum(&ip));
                ip[10..12].copy_from_slice(&checksum.to_ne_bytes());
                let pseudo = [&ip[12..20], &[0, TCP], &bytes.to_be_bytes()].concat();
                (ip, pseudo)
            }
            _ => {
                let [l0, l1] = bytes.to_be_bytes();
                let ip = [&[0x60, 0, 0, 0, l0, l1, TCP, 64][..], &[1; 16], &[2; 16]].concat();
                let pseudo = [&ip[8..40], &[0, TCP], &bytes.to_be_bytes()].concat();
                (ip, pseudo)
            }
        };
        let checksum = !fold(sum(&pseudo) + sum(&tcp));
        tcp[16..18].copy_from_slice(&checksum.to_ne_bytes());
        let link = match self.version {
            4 => [&[2; 12][..], &[8, 0]].concat(),
            _ => [&[2; 12][..], &[0x86, 0xdd]].concat(),
        };
        [&[0; VNET_BYTES][..], &link, &ip, &tcp].concat()
    }
}

/// Joins what it can of the front, and returns the whole as the kernel is given it.
fn join(stored: &[Vec<u8>]) -> Option<(usize, Vec<u8>)> {
    let mut segments = stored.iter().map_while(|stored| Segment::parse(stored));
    let run = Run::gather(segments.next()?, segments)?;
    let mut room = [0; size_of::<Head>()];
    let mut whole = run.head(&mut room).unwrap().to_vec();
    for stored in &stored[..run.segments] {
        whole.extend(Segment::parse(stored).unwrap().payload());
    }
    Some((run.segments, whole))
}

/// Cuts the whole as a kernel would, by code of another hand.
fn cut(whole: &[u8]) -> Vec<Vec<u8>> {
    let (state, frame) = whole.split_first_chunk::<VNET_BYTES>().unwrap();
    let offload = Offload::from_vnet(state).unwrap();
    let mut segments = frame::offload::Segments::new(frame, &offload).unwrap();
    let mut room = vec![0; 70_000];
    let next = || segments.next_into(&mut room).map(|bytes| [&[0; VNET_BYTES], &room[..bytes]].concat());
    std::iter::from_fn(next).collect()
}

#[test]
fn what_is_joined_is_cut_to_the_same_octets() {
    {
        for version in [4, 6] {
            for (options, last) in [(TIMES.to_vec(), 1_000), (vec![], 333), (TIMES.repeat(3), 1)] {
                let mut sequence = u32::MAX - 2_500;
                let samples = (0..20).map(|number| {
                    let bytes = if number == 19 { last } else { 1_000 };
                    let flags = if number == 19 { ACK | PSH } else { ACK };
                    let own = sample(sequence, (u16::MAX - 3).wrapping_add(number), bytes);
                    sequence = sequence.wrapping_add(bytes as u32);
                    Sample { version, flags, options: options.clone(), ..own }.stored()
                });
                let samples: Vec<_> = samples.collect();
                let (segments, whole) = join(&samples).unwrap();
                assert_eq!(segments, 20, "version {version}");
                assert!(cut(&whole) == samples, "version {version}, last of {last}");
            }
        }
    }
}

#[test]
fn only_what_cutting_restores_is_joined() {
    let first = || sample(1, 1, 1_000);
    let next = || sample(1_001, 2, 1_000);
    let third = || sample(2_001, 3, 1_000);
    type Change = fn(&mut Vec<u8>);
    let none: Change = |_| {};
    #[rustfmt::skip]
    let rows: Vec<(&str, Sample, Sample, Change, usize)> = vec![
        ("in order",           first(), next(), none, 3),
        ("the first pushes",   Sample { flags: ACK | PSH, ..first() }, next(), none, 0),
        ("the second pushes",  first(), Sample { flags: ACK | PSH, ..next() }, none, 2),
        ("the second ends",    first(), Sample { flags: ACK | 1, ..next() }, none, 0),
        ("congestion",         first(), Sample { flags: ACK | 0x40, ..next() }, none, 0),
        ("the second is short", first(), sample(1_001, 2, 900), none, 2),
        ("the second is long", first(), sample(1_001, 2, 1_001), none, 0),
        ("nothing in it",      first(), sample(1_001, 2, 0), none, 0),
        ("a gap",              first(), sample(1_002, 2, 1_000), none, 0),
        ("again",              first(), sample(1, 2, 1_000), none, 0),
        ("identification",     first(), sample(1_001, 1, 1_000), none, 0),
        ("window",             first(), Sample { window: 10, ..next() }, none, 0),
        ("options",            first(), Sample { options: vec![1, 1, 8, 10, 0, 0, 0, 2, 0, 0, 0, 2], ..next() }, none, 0),
        ("bad TCP checksum",   first(), next(), |stored| stored[500] ^= 1, 0),
        ("bad IP checksum",    first(), next(), |stored| stored[10 + 14 + 10] ^= 1, 0),
        ("another station",    first(), next(), |stored| stored[10] ^= 4, 0),
        ("padded",             first(), next(), |stored| stored.push(0), 0),
        ("cut short",          first(), next(), |stored| stored.truncate(stored.len() - 1), 0),
        ("work left to do",    first(), next(), |stored| stored[0] = 1, 0),
        ("more fragments",     first(), next(), |stored| stored[10 + 14 + 6] = 0x20, 0),
        ("tagged",             first(), next(), |stored| stored[22..24].copy_from_slice(&[0x81, 0]), 0),
    ];
    for (name, first, second, change, want) in rows {
        let mut stored = [first, second, third()].map(|sample| sample.stored());
        change(&mut stored[1]);
        assert_eq!(join(&stored).map_or(0, |(segments, _)| segments), want, "{name}");
        for bytes in 0..stored[1].len() {
            let _ = Segment::parse(&stored[1][..bytes]);
        }
    }
    let mut broken = [first().stored(), next().stored()];
    broken[0][300] ^= 1;
    assert_eq!(join(&broken), None, "the first has a bad checksum");
}

#[test]
fn a_run_ends_at_what_an_ip_packet_holds() {
    let mut sequence = 1;
    let samples = (0..30).map(|number| {
        let own = sample(sequence, number, 3_000);
        sequence += 3_000;
        own.stored()
    });
    let (segments, whole) = join(&samples.collect::<Vec<_>>()).unwrap();
    assert_eq!((segments, whole.len()), (21, VNET_BYTES + HEADER_BYTES + 52 + 63_000));
}
