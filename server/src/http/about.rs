//! `GET /api/dataset` and `GET /api/choices`: what the dataset is and what can be chosen and asked of it. The dataset does not
//! change while the server runs, so that each is worked out once.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::Schema;
use arrow::util::display::array_value_to_string;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use engram_engine::queries::{self, Header, NamedQuery};
use engram_engine::{Error, Session};
use engram_schemas::SCHEMA_VERSION;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::download::Format;
use super::refusal::Refusal;
use super::sql::MOST_ROWS;
use super::{Site, cells};

pub(super) type Once = OnceCell<Bytes>;

pub(super) async fn dataset(State(site): State<Site>) -> Result<Response, Refusal> {
    let known = &site.known.dataset;
    let text = known.get_or_try_init(|| describe(&site)).await?;
    Ok(json_of(text))
}

pub(super) async fn choices(State(site): State<Site>) -> Result<Response, Refusal> {
    let known = &site.known.choices;
    let text = known.get_or_try_init(|| count(&site)).await?;
    Ok(json_of(text))
}

fn json_of(text: &Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text.clone()).into_response()
}

/// What a reader calls the dataset: of a release its name and version, else the last part of its place.
pub(super) fn name(session: &Session) -> String {
    if let Some(release) = session.dataset().release() {
        return format!("{} {}", release.name, release.version);
    }
    let url = session.location().url();
    let mut parts = url.path_segments().into_iter().flatten();
    let last = parts.rfind(|part| !part.is_empty());
    last.map_or_else(
        || url.to_string(),
        |part| {
            let part = percent_encoding::percent_decode_str(part);
            part.decode_utf8_lossy().into_owned()
        },
    )
}

/// Names and types of columns.
pub(super) fn columns(schema: &Schema) -> Vec<Value> {
    let column = |field: &arrow::datatypes::FieldRef| json!({ "name": field.name(), "type": field.data_type().to_string() });
    schema.fields().iter().map(column).collect()
}

async fn describe(site: &Site) -> Result<Bytes, Refusal> {
    let limits = site.service.asker.limits().clone();
    let work = site.service.asker.apart(async move |session| {
        let tables = tables(&session).await?;
        let functions = functions(&session).await?;
        Ok::<_, Error>(json!({
            "name": name(&session),
            "version": env!("CARGO_PKG_VERSION"),
            "schema_version": SCHEMA_VERSION,
            "n_runs": session.dataset().n_runs(),
            "tables": tables,
            "functions": functions,
            "queries": queries::ALL.iter().map(named).collect::<Vec<_>>(),
            "formats": Format::described(),
            "limits": {
                "max_rows": limits.rows.map_or(MOST_ROWS, |rows| rows.min(MOST_ROWS)),
                "time_seconds": limits.timeout.as_secs_f64(),
            },
        }))
    });
    Ok(work.await??.to_string().into())
}

async fn tables(session: &Session) -> Result<Vec<Value>, Error> {
    let mut tables = Vec::new();
    for table in session.tables() {
        let provider = session.context().table_provider(table.as_str()).await;
        let schema = provider.map_err(Error::running)?.schema();
        let columns = schema.fields().iter().map(|field| {
            json!({
                "name": field.name(),
                "type": field.data_type().to_string(),
                "description": engram_release::columns::meaning(field.name()),
            })
        });
        tables.push(json!({ "name": table, "columns": columns.collect::<Vec<_>>() }));
    }
    Ok(tables)
}

/// Every function, with what SQL's own catalogue says of it; table functions are not in that.
async fn functions(session: &Session) -> Result<Vec<Value>, Error> {
    let sql = "SELECT routine_name, min(function_type), min(syntax_example), min(description) \
        FROM information_schema.routines GROUP BY routine_name";
    let answer = session.sql(sql).await?;
    let mut described = BTreeMap::new();
    for batch in answer.collect().await.map_err(Error::running)? {
        for row in 0..batch.num_rows() {
            let text = |column: usize| {
                array_value_to_string(batch.column(column), row).unwrap_or_default()
            };
            described.insert(text(0), [text(1).to_lowercase(), text(2), text(3)]);
        }
    }
    let names: BTreeSet<String> = session.functions().into_iter().collect();
    let function = |name: String| {
        let known = described.get(&name).cloned();
        let [kind, syntax, description] =
            known.unwrap_or_else(|| ["table".to_owned(), String::new(), String::new()]);
        json!({ "name": name, "kind": kind, "syntax": syntax, "description": description })
    };
    Ok(names.into_iter().map(function).collect())
}

fn named(query: &NamedQuery) -> Value {
    let header = Header::of(query.text);
    let parameters = header.parameters.iter().map(|parameter| {
        json!({ "name": parameter.name, "default": parameter.default, "meaning": parameter.meaning })
    });
    json!({
        "name": query.name,
        "title": header.title,
        "description": header.description,
        "parameters": parameters.collect::<Vec<_>>(),
    })
}

/// A row for each layer, rule and observation condition, with the number of networks.
async fn count(site: &Site) -> Result<Bytes, Refusal> {
    const SQL: &str = "SELECT task, architecture, layer, layer_index, depth, learning_rule, unit_fraction, noise_stddev, \
        observation_seed, definition, count(DISTINCT run_id) AS n_runs \
        FROM examples GROUP BY task, architecture, layer, layer_index, depth, learning_rule, unit_fraction, noise_stddev, \
        observation_seed, definition ORDER BY task, architecture, layer_index, learning_rule";
    let work = site.service.asker.apart(async move |session| {
        let mut answer = session.stream(SQL).await?;
        let columns = columns(&answer.schema);
        let mut rows = Vec::new();
        while let Some(batch) = answer.batches.next().await {
            let written = cells::rows(&batch?, usize::MAX);
            rows.push(written.map_err(|error| Error::running(error.into()))?.text);
        }
        rows.retain(|row| !row.is_empty());
        let columns = json!(columns);
        Ok::<_, Error>(format!(
            "{{\"columns\":{columns},\"rows\":[{}],\"truncated\":false}}",
            rows.join(",")
        ))
    });
    Ok(work.await??.into())
}
