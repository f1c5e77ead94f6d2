//! Azure Blob Storage, as Azurite has it.

use engram_tests::emulators::Azurite;

use super::{creates_are_exclusive, is_as_good_as_a_folder};

#[test]
fn a_sweep_on_azure_is_that_of_a_folder() {
    let Some(azurite) = Azurite::shared() else {
        return;
    };
    is_as_good_as_a_folder(&azurite.place("sweeps"));
}

#[test]
fn azure_creates_an_object_once() {
    let Some(azurite) = Azurite::shared() else {
        return;
    };
    creates_are_exclusive(&azurite.place("races"));
}
