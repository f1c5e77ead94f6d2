//! What clients ask and are told.

use crate::{Serving, dataset, release};

#[test]
fn queries_are_answered() {
    let serving = Serving::of(release().as_os_str(), &[]);
    serving.client("queries", &[]);
    let dataset = dataset();
    Serving::of(dataset.path().as_os_str(), &[]).client("queries", &[]);
}

#[test]
fn statements_take_parameters() {
    Serving::of(release().as_os_str(), &[]).client("parameters", &[]);
}

#[test]
fn tools_see_what_there_is() {
    Serving::of(release().as_os_str(), &[]).client("catalogue", &[]);
}

#[test]
fn drivers_of_jdbc_and_odbc_are_answered_call_by_call() {
    Serving::of(release().as_os_str(), &[]).client("protocol", &[]);
}

#[test]
fn what_is_no_question_is_refused() {
    let serving = Serving::of(release().as_os_str(), &[]);
    serving.client("refusals", &[]);
}
