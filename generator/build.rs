//! Compiles the native functions against libtorch's headers, after checking which libtorch that is.

use std::path::{Path, PathBuf};

/// The libtorch that the pinned tch speaks.
const WANTED: &str = "2.13.0";

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-changed=native");
    let libtorch = match std::env::var_os("LIBTORCH").map(PathBuf::from) {
        Some(folder) => folder,
        None => stop(
            "LIBTORCH is not set",
            "run `make setup` in the repository, or set LIBTORCH to a libtorch 2.13.0",
        ),
    };
    match version(&libtorch) {
        Some(found) if found == WANTED => {}
        Some(found) => stop(
            &format!(
                "LIBTORCH={} is libtorch {found}, and Engram is built against libtorch {WANTED}",
                libtorch.display()
            ),
            &format!("install libtorch {WANTED} there, or unset LIBTORCH and run `make setup`"),
        ),
        None => stop(
            &format!("there is no libtorch in LIBTORCH={}", libtorch.display()),
            "run `make setup` in the repository, or set LIBTORCH to the folder that has include/ and lib/",
        ),
    }
    cc::Build::new()
        .cpp(true)
        .std("c++20")
        .warnings(false)
        .flag_if_supported("-fdiagnostics-color=never")
        .include(libtorch.join("include"))
        .include(libtorch.join("include/torch/csrc/api/include"))
        .file("native/feedback.cpp")
        .file("native/precision.cpp")
        .file("native/steps.cpp")
        .opt_level(1)
        .compile("engram_native");
    // The unit tests of this crate are executables too and must find libtorch without LD_LIBRARY_PATH.
    println!(
        "cargo::rustc-link-arg=-Wl,-rpath,{}",
        libtorch.join("lib").display()
    );
}

/// The version that the headers of `libtorch` declare; wheels carry no build-version file.
fn version(libtorch: &Path) -> Option<String> {
    let places = [
        "include/torch/headeronly/version.h",
        "include/torch/csrc/api/include/torch/version.h",
    ];
    places.iter().find_map(|place| {
        let text = std::fs::read_to_string(libtorch.join(place)).ok()?;
        let part = |name: &str| {
            text.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("#define") && words.next() == Some(name))
                    .then(|| words.next())?
            })
        };
        Some(format!(
            "{}.{}.{}",
            part("TORCH_VERSION_MAJOR")?,
            part("TORCH_VERSION_MINOR")?,
            part("TORCH_VERSION_PATCH")?
        ))
    })
}

fn stop(what: &str, hint: &str) -> ! {
    println!("cargo::error={what}");
    println!("cargo::error=hint: {hint}");
    std::process::exit(1)
}
