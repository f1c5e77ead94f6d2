//! S3, as moto has it: any endpoint, path style.

use std::process::Stdio;

use engram_tests::emulators::{Moto, Place};

use super::{
    Reference, below, creates_are_exclusive, generate, is_as_good_as_a_folder, objects, stderr,
    success,
};

#[test]
fn a_sweep_on_s3_is_that_of_a_folder() {
    let Some(moto) = Moto::shared() else { return };
    is_as_good_as_a_folder(&moto.place("sweeps"));
}

#[test]
fn s3_creates_an_object_once() {
    let Some(moto) = Moto::shared() else { return };
    creates_are_exclusive(&moto.place("races"));
}

#[test]
fn two_commands_at_once_end_in_the_right_objects() {
    let Some(moto) = Moto::shared() else { return };
    let (place, reference) = (moto.place("both"), Reference::shared());
    let sweep = reference.sweep();
    let both = [(); 2].map(|()| {
        let mut command = generate(&place, &sweep);
        command.stderr(Stdio::piped()).spawn().unwrap()
    });
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let files = objects(&place);
    let reference_files = below(&reference.files, "trajectories/");
    for (name, bytes) in below(&files, "trajectories/") {
        assert!(reference_files[name] == bytes, "{name}");
    }
    assert_eq!(below(&files, "trajectories/").len(), 6);
    // A log a run, and the plan.
    assert_eq!(below(&files, "logs/").len(), 7, "{:?}", files.keys());
}

/// A bucket that everybody may read is read without credentials.
#[test]
fn a_public_bucket_is_read_anonymously() {
    let Some(moto) = Moto::shared() else { return };
    let (place, reference) = (moto.place("public"), Reference::shared());
    for (name, bytes) in below(&reference.files, "trajectories/") {
        moto.publish(&format!("/public/sweeps/small/{name}"), bytes);
    }
    let endpoint = place.environment[0].clone();
    let skip = ("AWS_SKIP_SIGNATURE".to_owned(), "true".to_owned());
    let anonymous = Place {
        environment: vec![endpoint, skip],
        ..place
    };
    let mut command = anonymous.engram(&["sql", "--format", "csv", "SELECT count(*) FROM runs"]);
    command.arg("--at").arg(&anonymous.url);
    assert!(String::from_utf8_lossy(&success(command).stdout).contains('6'));
}
