//! The study's experiments: from a named query to rows of the table `results`.
//!
//! An experiment has variants: the values of its query's parameters, a classifier, what a split keeps together, and what is
//! done to the examples as a control. A variant is run split by split: the query gives features and sides, the training
//! examples choose the classifier's settings from a grid, and the test examples say how well they were chosen. A split's row is
//! a file, named by all that it follows from and written as soon as it is there, so that what is there is not run again.

mod design;
mod facts;
pub(crate) mod rows;
mod run;
pub(crate) mod splits;
mod study;
pub(crate) mod trial;
mod variant;

pub use design::{DESIGN, Design, DesignQuery, learn_design, test_designs};
pub use facts::Facts;
pub use rows::rows_of;
pub use run::{Outcome, run};
pub use splits::{Split, SplitBy, SplitSettings};
pub use study::{Figure, NotTestable, counted, variants};
pub use trial::SplitOutcome;
pub use variant::{Protocol, Variant};
