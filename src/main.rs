//! The `switchy` program.
fn main() {}
