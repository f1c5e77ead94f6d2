//! The card of a release: the README that stands beside its files, made from the data.

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use engram_engine::Session;
use engram_schemas::manifest::Table;
use engram_schemas::{Manifest, recordings, trajectories};

use crate::publish::PublishSettings;
use crate::{Error, Result, citation, columns, croissant};

/// The card, as Markdown with the YAML head that dataset hubs read.
///
/// # Errors
/// For a dataset that cannot be asked.
pub async fn markdown(
    session: &Session,
    manifest: &Manifest,
    settings: &PublishSettings,
) -> Result<String> {
    let mut text = head(manifest);
    text.push_str(&format!(
        "# {}, version {}\n\n",
        manifest.name, manifest.version
    ));
    text.push_str(&format!(
        "{}.\n\n",
        croissant::description(settings).trim_end_matches('.')
    ));
    text.push_str(&completeness(manifest));
    text.push_str("## Contents\n\n| table | rows | files | bytes |\n|---|---:|---:|---:|\n");
    for table in &manifest.tables {
        let bytes: u64 = table.parts.iter().map(|part| part.file.size_bytes).sum();
        text.push_str(&format!(
            "| `{}` | {} | {} | {bytes} |\n",
            table.name,
            table.n_rows,
            table.parts.len()
        ));
    }
    text.push_str("\n## Networks\n\n");
    let sql = "SELECT task, architecture, learning_rule, count(*) AS networks, \
               sum(CASE WHEN status = 'diverged' THEN 1 ELSE 0 END) AS diverged, \
               avg(final_validation_accuracy) AS accuracy \
               FROM runs GROUP BY task, architecture, learning_rule ORDER BY task, architecture, learning_rule";
    text.push_str(
        &table_of(
            session,
            sql,
            &[
                "task",
                "architecture",
                "learning rule",
                "networks",
                "diverged",
                "mean validation accuracy",
            ],
        )
        .await?,
    );
    let sql = "SELECT unit_fraction, noise_stddev, definition, count(DISTINCT run_id) AS networks, \
               count(DISTINCT epoch) AS checkpoints FROM trajectories \
               GROUP BY unit_fraction, noise_stddev, definition ORDER BY unit_fraction DESC, noise_stddev, definition";
    text.push_str("\n## Conditions of observation\n\n");
    text.push_str(
        &table_of(
            session,
            sql,
            &[
                "share of units",
                "noise (standard deviation)",
                "definition",
                "networks",
                "checkpoints",
            ],
        )
        .await?,
    );
    text.push_str(&reading(manifest));
    for table in &manifest.tables {
        text.push_str(&columns_of(table));
    }
    text.push_str(&further(&settings.tables));
    text.push_str(&format!(
        "\n## Licence and citation\n\n{} `CITATION.cff` says how to cite:\n\n> {}\n\n\
         The experiment follows A. Nayebi, S. Srivastava, S. Ganguli and D. L. K. Yamins, *Identifying Learning Rules From \
         Neural Network Observables*, NeurIPS 2020.\n\n\
         Made with Engram {}, schema version {}. `manifest.json` has the SHA-256 of every file; `engram verify URL` checks them. \
         `plans/` has the configuration of every network.\n",
        licensed(&manifest.license),
        citation::line(manifest, settings),
        manifest.code_version,
        manifest.schema_version
    ));
    Ok(text)
}

fn licensed(license: &str) -> String {
    match license {
        citation::UNKNOWN_LICENSE => "The licence of these data is not known.".to_owned(),
        license => format!("Licensed under {license}."),
    }
}

/// What lies beside the tables of every dataset.
fn further(tables: &[crate::Table]) -> String {
    let mut text = String::new();
    for crate::Table { name, .. } in tables {
        text.push_str(&format!(
            "\n## Table `{name}`\n\n`{name}.parquet`, in SQL `{name}`.\n"
        ));
    }
    text
}

fn head(manifest: &Manifest) -> String {
    let mut text = format!(
        "---\npretty_name: {}\nlicense: {}\ntags:\n- neuroscience\n- learning-rules\n- trajectories\nconfigs:\n",
        serde_json::Value::from(manifest.name.as_str()),
        match manifest.license.as_str() {
            citation::UNKNOWN_LICENSE => "unknown".to_owned(),
            license => license.to_lowercase(),
        }
    );
    for table in &manifest.tables {
        text.push_str(&format!(
            "- config_name: {0}\n  data_files: \"{0}/**/*.parquet\"\n",
            table.name
        ));
    }
    text + "---\n\n"
}

fn completeness(manifest: &Manifest) -> String {
    if manifest.n_planned == 0 {
        return format!("{} networks; no plan came with them.\n\n", manifest.n_runs);
    }
    if manifest.missing.is_empty() {
        return format!("{} networks: all that were planned.\n\n", manifest.n_runs);
    }
    format!(
        "**Incomplete**: {} networks; {} of {} planned ones are missing (`manifest.json` names them).\n\n",
        manifest.n_runs,
        manifest.missing.len(),
        manifest.n_planned
    )
}

fn reading(manifest: &Manifest) -> String {
    let table = trajectories::TABLE;
    let mut text = format!(
        "\n## Reading\n\n\
         The files are plain Parquet; `task` and `architecture` stand in the folders' names (Hive partitions).\n\n\
         ```sql\n-- DuckDB\nSELECT learning_rule, epoch, avg(weight_raw_norm)\n\
         FROM read_parquet('{table}/**/*.parquet', hive_partitioning = true)\n\
         WHERE architecture = 'ARCHITECTURE' GROUP BY ALL ORDER BY ALL;\n```\n\n\
         ```python\nimport polars\nrows = polars.scan_parquet(\"{table}/**/*.parquet\", hive_partitioning=True)\n\n\
         import pyarrow.dataset\nrows = pyarrow.dataset.dataset(\"{table}\", format=\"parquet\", partitioning=\"hive\")\n```\n\n\
         ```sh\nengram sql --at URL \"SELECT learning_rule, count(*) FROM runs GROUP BY ALL\"\nengram identify --at URL\n```\n\n\
         A classifier's example is one layer of one network: its statistics at every checkpoint. Layers of one network are not \
         independent; keep a network on one side of a split (`--split-by run`) to measure what a new network would give. \
         Non-finite statistics are kept as they are, and the statistics' columns have no bounds in the files, because Parquet's \
         pass over NaN.\n"
    );
    if manifest.table(recordings::TABLE).is_some() {
        text.push_str(
            "\n`recordings` holds values of single units: a uniform random sample, the same at every checkpoint, in random order, \
             so that the first n values are a sample of n.\n",
        );
    }
    text
}

fn columns_of(table: &Table) -> String {
    let schema = match table.name.as_str() {
        recordings::TABLE => recordings::file_schema(),
        _ => trajectories::file_schema(),
    };
    let mut text = format!(
        "\n## Columns of `{}`\n\n| column | type | meaning |\n|---|---|---|\n",
        table.name
    );
    for name in trajectories::PARTITION_COLUMNS {
        text.push_str(&format!(
            "| `{name}` | text | {} |\n",
            columns::meaning(name)
        ));
    }
    for field in schema.fields() {
        let data_type = match field.data_type() {
            arrow::datatypes::DataType::Utf8 => "text".to_owned(),
            arrow::datatypes::DataType::List(_) => "list of float".to_owned(),
            other => other.to_string().to_lowercase(),
        };
        text.push_str(&format!(
            "| `{}` | {data_type} | {} |\n",
            field.name(),
            columns::meaning(field.name())
        ));
    }
    text
}

/// The answer to a question as a table.
async fn table_of(session: &Session, sql: &str, headings: &[&str]) -> Result<String> {
    let answer = session.sql(sql).await?;
    let batches: Vec<RecordBatch> = answer
        .collect()
        .await
        .map_err(engram_engine::Error::running)?;
    let mut text = format!(
        "| {} |\n|{}\n",
        headings.join(" | "),
        "---|".repeat(headings.len())
    );
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch
                .columns()
                .iter()
                .map(|column| Ok(rounded(array_value_to_string(column, row)?)))
                .collect::<std::result::Result<Vec<_>, arrow::error::ArrowError>>()
                .map_err(Error::from)?;
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
    }
    Ok(text)
}

/// A number with a fraction, to four digits: means over rows that come in any order differ in their last.
fn rounded(text: String) -> String {
    match text.parse::<f64>() {
        Ok(number) if text.contains('.') => {
            let short = format!("{number:.4}");
            short.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        _ => text,
    }
}
