//! Croissant metadata: what catalogues of datasets and loaders of machine learning read.
//!
//! # References
//! Croissant format specification 1.0, MLCommons, <http://mlcommons.org/croissant/1.0>

use arrow::datatypes::DataType;
use engram_schemas::manifest::Table;
use engram_schemas::{Manifest, recordings, trajectories};
use serde_json::{Value, json};

use crate::publish::PublishSettings;
use crate::{citation, columns};

/// The file's name.
pub const FILE: &str = "croissant.json";

/// The metadata as JSON-LD.
pub fn json_ld(manifest: &Manifest, settings: &PublishSettings) -> String {
    let authors = citation::authors(settings);
    let creators: Vec<Value> = authors
        .iter()
        .map(|name| json!({ "@type": "sc:Organization", "name": name }))
        .collect();
    let files: Vec<Value> = manifest.tables.iter().flat_map(distribution).collect();
    let records: Vec<Value> = manifest.tables.iter().map(record_set).collect();
    let url = settings.url.clone();
    let mut document = json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest.name,
        "description": description(settings),
        "version": manifest.version,
        "url": url.unwrap_or_else(|| "https://github.com/engram-data/engram".to_owned()),
        "citeAs": citation::line(manifest, settings),
        "creator": creators,
        "distribution": files,
        "recordSet": records,
    });
    if let Some(url) = citation::license_url(&manifest.license) {
        document["license"] = Value::from(url);
    }
    if let Some(date) = &settings.date {
        document["datePublished"] = Value::from(date.as_str());
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

pub(crate) fn description(settings: &PublishSettings) -> String {
    match settings.description.is_empty() {
        false => settings.description.clone(),
        true => "What can be observed of neural networks while they learn under different learning rules: statistics of \
                 weights, activations and layer-wise activity change along training"
            .to_owned(),
    }
}

/// The set of a table's files, and each of them.
fn distribution(table: &Table) -> Vec<Value> {
    let files = table.parts.iter().map(|part| {
        json!({
            "@type": "cr:FileObject",
            "@id": part.file.path,
            "name": part.file.path,
            "contentUrl": part.file.path,
            "contentSize": format!("{} B", part.file.size_bytes),
            "encodingFormat": "application/x-parquet",
            "sha256": part.file.sha256,
        })
    });
    let set = json!({
        "@type": "cr:FileSet",
        "@id": files_of(&table.name),
        "name": files_of(&table.name),
        "encodingFormat": "application/x-parquet",
        "includes": format!("{}/**/*.parquet", table.name),
    });
    files.chain([set]).collect()
}

fn files_of(table: &str) -> String {
    format!("{table}-files")
}

fn record_set(table: &Table) -> Value {
    let schema = match table.name.as_str() {
        recordings::TABLE => recordings::file_schema(),
        _ => trajectories::file_schema(),
    };
    let partitions = trajectories::PARTITION_COLUMNS.map(|name| {
        json!({
            "@type": "cr:Field",
            "@id": format!("{}/{name}", table.name),
            "name": name,
            "description": columns::meaning(name),
            "dataType": "sc:Text",
            "source": {
                "fileSet": { "@id": files_of(&table.name) },
                "extract": { "fileProperty": "fullpath" },
                "transform": { "regex": format!(".*{name}=([^/]+)/.*") },
            },
        })
    });
    let columns = schema.fields().iter().map(|field| {
        let (data_type, repeated) = match field.data_type() {
            DataType::List(_) => ("sc:Float", true),
            DataType::Utf8 => ("sc:Text", false),
            DataType::Int32 | DataType::Int64 => ("sc:Integer", false),
            _ => ("sc:Float", false),
        };
        json!({
            "@type": "cr:Field",
            "@id": format!("{}/{}", table.name, field.name()),
            "name": field.name(),
            "description": columns::meaning(field.name()),
            "dataType": data_type,
            "repeated": repeated,
            "source": {
                "fileSet": { "@id": files_of(&table.name) },
                "extract": { "column": field.name() },
            },
        })
    });
    let fields: Vec<Value> = partitions.into_iter().chain(columns).collect();
    json!({
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "field": fields,
    })
}

/// The context that the specification prescribes.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    })
}
