//! What there is: catalogs, schemas, tables and keys.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::sql::Command;
use datafusion::logical_expr::TableType;
use engram_engine::Session;
use tonic::Status;

use super::status::malformed;
use super::{facts, plain};

const TABLE: &str = "TABLE";
const VIEW: &str = "VIEW";

/// The table that a command for metadata asks for; nothing for another command.
///
/// # Errors
/// When the table cannot be made.
pub(super) async fn table(
    command: Command,
    session: &Session,
) -> Result<Option<RecordBatch>, Status> {
    let context = session.context();
    let table = match command {
        Command::CommandGetCatalogs(command) => {
            let mut builder = command.into_builder();
            for catalog in context.catalog_names() {
                builder.append(catalog);
            }
            builder.build()
        }
        Command::CommandGetDbSchemas(command) => {
            let mut builder = command.into_builder();
            for name in context.catalog_names() {
                let Some(catalog) = context.catalog(&name) else {
                    continue;
                };
                for schema in catalog.schema_names() {
                    builder.append(&name, schema);
                }
            }
            builder.build()
        }
        Command::CommandGetTables(command) => {
            let mut builder = command.into_builder();
            for name in context.catalog_names() {
                let Some(catalog) = context.catalog(&name) else {
                    continue;
                };
                for schema_name in catalog.schema_names() {
                    let Some(schema) = catalog.schema(&schema_name) else {
                        continue;
                    };
                    for table_name in schema.table_names() {
                        let table = schema.table(&table_name).await;
                        let Some(table) = table.map_err(malformed)? else {
                            continue;
                        };
                        let kind = match table.table_type() {
                            TableType::Base => TABLE,
                            _ => VIEW,
                        };
                        let columns = plain::schema(&table.schema());
                        builder
                            .append(&name, &schema_name, table_name, kind, &columns)
                            .map_err(Status::from)?;
                    }
                }
            }
            builder.build()
        }
        Command::CommandGetTableTypes(command) => {
            let mut builder = command.into_builder();
            builder.append(TABLE);
            builder.append(VIEW);
            builder.build()
        }
        Command::CommandGetSqlInfo(command) => {
            let infos = facts::sql_info(session).map_err(Status::from)?;
            command.into_builder(&infos).build()
        }
        Command::CommandGetXdbcTypeInfo(command) => {
            let infos = facts::types().map_err(Status::from)?;
            command.into_builder(&infos).build()
        }
        // Tables of trajectories have no keys that a database would know of.
        Command::CommandGetPrimaryKeys(_) => Ok(primary_keys()),
        Command::CommandGetExportedKeys(_)
        | Command::CommandGetImportedKeys(_)
        | Command::CommandGetCrossReference(_) => Ok(foreign_keys()),
        _ => return Ok(None),
    };
    Ok(Some(table.map_err(Status::from)?))
}

fn primary_keys() -> RecordBatch {
    empty(&[
        ("catalog_name", DataType::Utf8, true),
        ("db_schema_name", DataType::Utf8, true),
        ("table_name", DataType::Utf8, false),
        ("column_name", DataType::Utf8, false),
        ("key_name", DataType::Utf8, true),
        ("key_sequence", DataType::Int32, false),
    ])
}

fn foreign_keys() -> RecordBatch {
    empty(&[
        ("pk_catalog_name", DataType::Utf8, true),
        ("pk_db_schema_name", DataType::Utf8, true),
        ("pk_table_name", DataType::Utf8, false),
        ("pk_column_name", DataType::Utf8, false),
        ("fk_catalog_name", DataType::Utf8, true),
        ("fk_db_schema_name", DataType::Utf8, true),
        ("fk_table_name", DataType::Utf8, false),
        ("fk_column_name", DataType::Utf8, false),
        ("key_sequence", DataType::Int32, false),
        ("fk_key_name", DataType::Utf8, true),
        ("pk_key_name", DataType::Utf8, true),
        ("update_rule", DataType::UInt8, false),
        ("delete_rule", DataType::UInt8, false),
    ])
}

fn empty(fields: &[(&str, DataType, bool)]) -> RecordBatch {
    let fields = fields
        .iter()
        .map(|(name, data_type, nullable)| Field::new(*name, data_type.clone(), *nullable));
    RecordBatch::new_empty(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}
