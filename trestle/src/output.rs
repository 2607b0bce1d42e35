//! What the program prints, and to whom.

use std::io::{self, Write};

/// Prints text. That nobody reads the rest (`ifconfig | head`) is no failure, for it was their wish.
///
/// # Errors
/// In words, if the text cannot be written, as to a full disk.
pub(crate) fn print(text: &str) -> Result<(), String> {
    print_to(&mut io::stdout().lock(), text).map_err(|error| format!("cannot print: {error}"))
}

fn print_to(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_left_is_no_failure() {
        let (reader, mut writer) = io::pipe().expect("descriptors");
        drop(reader);
        assert!(print_to(&mut writer, "nobody reads this").is_ok());
        let mut full = [0; 3];
        let error = print_to(&mut full.as_mut_slice(), "four").expect_err("three bytes");
        assert_eq!(error.kind(), io::ErrorKind::WriteZero);
    }
}
