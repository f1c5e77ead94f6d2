//! `GET /api/queries/NAME?parameter=value`: the SQL of a named query.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query};
use engram_engine::queries;
use serde_json::{Value, json};

use super::refusal::Refusal;

pub(super) async fn named_query(
    Path(name): Path<String>,
    given: Result<Query<BTreeMap<String, String>>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let Query(given) = given.map_err(|rejection| {
        Refusal::request(rejection.body_text(), "write parameters as in ?samples=5")
    })?;
    let query = queries::find(&name)?;
    let sql = queries::bind(query.text, &given)?;
    Ok(Json(json!({ "name": name, "sql": sql })))
}
