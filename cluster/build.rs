//! Tells builds of one release apart: a hash over the sources that this crate is made of.
//!
//! Plans are read by the build that wrote them, or by one that equals it, and the release's number stays the same while sources
//! change. The hash follows from files alone, so that a copy without version control has that of its checkout. What it is taken
//! of is what cargo compiles this crate anew for, and the list of the other libraries' versions.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::{env, fs};

/// How crates of the workspace are called, before the name of their folder.
const PREFIX: &str = "engram-";

fn main() -> Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").map_err(Error::other)?;
    let root = Path::new(&root).join("..");
    let mut places = vec!["Cargo.toml".into(), "Cargo.lock".into(), "queries".into()];
    for member in members(&root, "cluster")? {
        let parts = ["Cargo.toml", "build.rs", "src", "data"];
        places.extend(parts.map(|part| Path::new(&member).join(part)));
    }
    places.retain(|place| root.join(place).exists());
    let mut files = Vec::new();
    for place in &places {
        println!("cargo::rerun-if-changed={}", root.join(place).display());
        list(&root, place, &mut files)?;
    }
    files.sort();
    let mut hash = OFFSET;
    for file in files {
        let content = fs::read(root.join(&file))?;
        let name = file.to_string_lossy();
        let length = (content.len() as u64).to_le_bytes();
        for bytes in [name.as_bytes(), &[0], &length, &content] {
            hash = added(hash, bytes);
        }
    }
    println!("cargo::rustc-env=ENGRAM_SOURCES={hash:016x}");
    Ok(())
}

/// The folders of a crate and of those of the workspace that it depends on.
fn members(root: &Path, first: &str) -> Result<Vec<String>> {
    let mut members = vec![first.to_owned()];
    let mut n_read = 0;
    while let Some(member) = members.get(n_read) {
        let text = fs::read_to_string(root.join(member).join("Cargo.toml"))?;
        for line in text.lines() {
            let name = line
                .strip_prefix(PREFIX)
                .and_then(|line| line.split_once(' '));
            if let Some((name, _)) = name
                && !members.iter().any(|member| member == name)
            {
                members.push(name.to_owned());
            }
        }
        n_read += 1;
    }
    Ok(members)
}

/// The files at a place, by paths from the root.
fn list(root: &Path, place: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !root.join(place).is_dir() {
        files.push(place.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(root.join(place))? {
        let name = entry?.file_name();
        // What editors and systems leave beside sources is hidden.
        if !name.to_string_lossy().starts_with('.') {
            list(root, &place.join(name), files)?;
        }
    }
    Ok(())
}

/// Where the hash begins: FNV-1a, of 64 bits. It tells sources apart that nobody made to be equal.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

fn added(hash: u64, bytes: &[u8]) -> u64 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(hash, add)
}
