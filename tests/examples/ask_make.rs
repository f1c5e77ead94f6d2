//! Temporary.
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let epochs: Vec<i32> = (0..21).collect();
    let runs = engram_tests::synthetic::sweep(a[2].parse().unwrap(), &epochs);
    engram_tests::synthetic::write(std::path::Path::new(&a[1]), &runs).unwrap();
}
