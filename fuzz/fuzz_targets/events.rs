#![no_main]

#[path = "../../api/tests/suite/properties/log.rs"]
#[allow(dead_code, reason = "each target tries one of them")]
mod log;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| log::events(bytes));
