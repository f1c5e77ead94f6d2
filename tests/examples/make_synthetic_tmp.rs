//! Temporary.
fn main() { let mut r = engram_tests::synthetic::sweep(6, &[0,1,2,3,4,5]); r[0].status = engram_schemas::Status::Diverged; r[0].epochs.truncate(2);
  engram_tests::synthetic::write(std::path::Path::new(&std::env::args().nth(1).unwrap()), &r).unwrap(); }
