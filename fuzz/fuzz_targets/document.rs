#![no_main]

#[path = "../../api/tests/suite/properties/input.rs"]
#[allow(dead_code, reason = "each target tries one of them")]
mod input;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| input::document(bytes));
