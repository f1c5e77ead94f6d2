//! The reproduction report: from rows of the table `results` to figures, verdicts on the study's claims, and a page.
//!
//! * [`results`]: rows as figures and claims ask for them; [`Estimate`] and [`BySplit`] are means over splits.
//! * [`figures`]: every figure of the study as SVG and PNG.
//! * [`claims`]: every claim of the study as a test on results.
//! * [`mod@page`]: all of it as one HTML file.
//!
//! Nothing here reads a dataset or asks a query: whoever calls has the rows, and writes what comes back.
//!
//! # References
//! Nayebi, Srivastava, Ganguli and Yamins, "Identifying Learning Rules From Neural Network Observables", NeurIPS 2020.

mod charts;
pub mod claims;
mod confusion;
mod drawing;
mod error;
mod estimate;
mod few_units;
pub mod figures;
mod held_out;
mod honesty;
mod importances;
mod missing;
mod names;
pub mod page;
mod portions;
pub mod results;
mod selection;
#[doc(hidden)]
pub mod testing;

pub use claims::{Claim, Outcome, Verdict};
pub use error::{Error, Result};
pub use estimate::{BySplit, CONFIDENCE, Estimate};
pub use figures::{Figure, Grid};
pub use missing::Missing;
pub use page::{PageOptions, Summary, claims_markdown, page};
pub use results::Results;
pub use selection::Selection;
