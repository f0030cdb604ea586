//! What a command prints on its standard output.

use std::{
    fmt::Arguments,
    io::{ErrorKind, Write, stdout},
};

/// Prints a text. Whoever closes the pipe early (`| head`) ends neither the work nor its exit code.
///
/// # Errors
/// The output cannot be written, for example to a full disk.
pub fn print(text: Arguments<'_>) -> std::io::Result<()> {
    match stdout().lock().write_fmt(text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Prints a line on the standard output, as `println!` does, with an error instead of a panic.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::tools::output::print(format_args!("{}\n", format_args!($($text)*)))
    };
}
