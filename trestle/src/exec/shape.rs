//! Interim.
pub(crate) struct Shape {
    pub(crate) read: usize,
    pub(crate) write: usize,
}
pub(crate) fn shape(number: u32) -> Option<Shape> {
    let (read, write) = match number {
        0x4004_54ca => (40, 40),
        0x8004_54d2 | 0x8927 => (0, 40),
        0x8924 => (40, 0),
        0x8004_54cf | 0x8004_54d7 | 0x8004_54d3 => (0, 4),
        0x4004_54d8 | 0x4004_54d4 | 0x4004_54e2 => (4, 0),
        0x4004_54d9 => (40, 0),
        0x4004_54c8..=0x4004_54d1 => (0, 0),
        _ => return None,
    };
    Some(Shape { read, write })
}
