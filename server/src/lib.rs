//! A dataset for others to ask: Arrow Flight SQL, HTTP and a page to look at it.
//!
//! A question comes in through `flight` or `http`, which know their protocol and nothing of queries. [`Asker`] gives it its
//! turn, its limits and its end, and the engine's session answers it. [`Server`] has the listeners. The dataset is only read.

mod admission;
mod asking;
mod error;
mod flight;
mod http;
mod identity;
mod listening;
mod metrics;
mod query;
mod question;
pub mod report;
mod server;
mod settings;

pub use asking::Asker;
pub use error::{Error, Result};
pub use identity::{Client, Tokens};
pub use metrics::{Metrics, Outcome, Protocol};
pub use question::{Asked, QueryId, Question, Rows, Truncation};
pub use report::Report;
pub use server::{Server, Service};
pub use settings::{Anonymous, ServerLimits, ServerSettings, Tls};
