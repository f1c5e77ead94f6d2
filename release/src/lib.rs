//! From a sweep's files, one a run, to a release that the public reads: few files of sensible size, sorted, never changed, with
//! all that a stranger needs to know, and a manifest by which every byte can be checked.
//!
//! [`publish()`] asks a session for the rows of one partition after the other, in order, and cuts them into parts ([`parts`])
//! at the borders of runs. What the parts are written with is in [`encoding`]; which of them has a run is in an index ([`run_parts`]). Beside them go the plans ([`plans`]) and the
//! words: the card ([`card`]), the citation ([`citation`]) and the metadata of catalogues ([`croissant`]), with the release's
//! version and date ([`edition`]). The manifest is written last and by conditional create: before it there is no release, and after
//! it nothing is written.
//!
//! [`verify()`] reads a sweep or a release and says what is wrong with it.

pub mod card;
pub mod citation;
pub mod columns;
pub mod croissant;
pub mod edition;
pub mod encoding;
mod error;
pub mod parts;
pub mod plans;
pub mod publish;
pub mod run_parts;
mod store;
pub mod verify;
mod writer;

pub use error::{Error, Result, hint};
pub use publish::{PublishSettings, Published, Table, publish};
pub use verify::{Finding, Report, verify};
pub use writer::TRAJECTORIES_KEY;
