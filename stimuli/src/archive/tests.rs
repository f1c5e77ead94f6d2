use std::fs;

use super::*;
use crate::fixtures::{assert_refused, tar};

fn members_of(bytes: &[u8]) -> Result<Vec<Member>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tar");
    fs::write(&path, bytes).unwrap();
    members(&Section::open(&path).unwrap())
}

#[test]
fn contents_lie_where_the_index_says() {
    let long = format!("{}/image.jpg", "folder".repeat(30));
    let archive = tar(&[("a.jpg", &[1; 700]), (&long, &[2; 3]), ("empty.cls", &[])]);
    let members = members_of(&archive).unwrap();
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    assert_eq!(names, ["a.jpg", &long, "empty.cls"]);
    for (member, value) in members.iter().zip([1, 2, 0]) {
        let contents = &archive[member.start as usize..][..member.size as usize];
        assert!(contents.iter().all(|&byte| byte == value));
    }
    assert_eq!(members[0].size, 700);
}

#[test]
fn every_cut_is_noticed() {
    let archive = tar(&[("a.jpg", &[1; 700]), ("b.jpg", &[2; 1500])]);
    // Header, two blocks, header, three blocks, two blocks of the end mark.
    assert_eq!(archive.len(), 9 * 512);
    let blocks = (0..=7 * 512).step_by(512);
    for length in blocks.flat_map(|block| [block, block + 1, block + 300, block + 511]) {
        let error = members_of(&archive[..length]);
        assert!(error.is_err(), "{length} bytes are taken for an archive");
    }
    assert!(members_of(&archive[..8 * 512]).is_ok());
    assert_refused(
        members_of(&archive[..1000]),
        &["a.tar", "cut in the middle of its member `a.jpg`"],
    );
    assert_refused(
        members_of(&archive[..3 * 512]),
        &["a.tar", "cut after its member `a.jpg`"],
    );
    assert_refused(
        members_of(&archive[..5 * 512]),
        &["a.tar", "cut in the middle of its member `b.jpg`"],
    );
}

#[test]
fn other_files_are_no_archives() {
    assert_refused(
        members_of(&[7; 5000]),
        &["a.tar", "not a whole tar archive"],
    );
    assert_refused(members_of(b""), &["a.tar", "not a tar archive"]);
}
