//! Google Cloud Storage: that the client is wired up, and reads listings of many pages. The server is ours, so that this
//! says nothing of Google's.

use engram_tests::emulators::Gcs;

use super::{creates_are_exclusive, is_as_good_as_a_folder};

#[test]
fn a_sweep_by_googles_protocol_is_that_of_a_folder() {
    is_as_good_as_a_folder(&Gcs::start().place("sweeps"));
}

#[test]
fn googles_precondition_is_sent() {
    creates_are_exclusive(&Gcs::start().place("races"));
}
