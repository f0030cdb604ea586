//! The binary's tools among other programs of a shell.

use std::process::Command;

#[test]
fn a_reader_that_closes_the_pipe_ends_neither_a_tool_nor_its_exit_code() {
    // The schema is longer than a pipe holds.
    let first_line = r#"set -o pipefail; "$PORTAIL" schema | head -n 1"#;
    let done =
        Command::new("bash").args(["-c", first_line]).env("PORTAIL", env!("CARGO_BIN_EXE_portail")).output();
    let done = done.unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && said.is_empty(), "{:?}: {said}", done.status);
    assert_eq!(done.stdout.iter().filter(|byte| **byte == b'\n').count(), 1);
}
