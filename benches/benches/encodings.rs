//! How large a release is, and how fast it is read, under the ways to write observed values.
//!
//! The rows are those of a dataset that was trained: `ENGRAM_DATASET`, or what `make demo` leaves in `target/demo/sweep`. Made-up
//! numbers would compress otherwise. A way is an encoding and a compression of the 45 statistics, or how many rows a page has; the
//! other columns are dictionaries as in a release. Reading is decoding to Arrow on one thread, from memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench ends by panicking, and prints what it measured"
)]

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::compute::{cast, concat_batches};
use bytes::Bytes;
use engram_engine::Session;
use engram_release::encoding;
use engram_schemas::{DatasetLocation, Observable, trajectories};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::WriterPropertiesBuilder;
use parquet::schema::types::ColumnPath;

/// Runs of a part of the study's size.
const N_RUNS: usize = 48;

const ROUNDS: usize = 7;

/// What a question about two statistics reads.
const TWO: [&str; 2] = ["weight_raw_norm", "activation_abs_mean"];

fn main() {
    let place = std::env::var("ENGRAM_DATASET").unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/demo/sweep").to_owned()
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rows = runtime.block_on(rows_of(&place));
    let plain = rows.num_rows() * Observable::COUNT * 8;
    println!(
        "{} rows of {place}; the statistics alone are {:.1} MB",
        rows.num_rows(),
        plain as f64 / 1e6
    );
    println!(
        "{:<42} {:>9} {:>7} {:>10} {:>12} {:>10}",
        "way", "bytes", "share", "all [ms]", "two [ms]", "write [ms]"
    );
    let zstd = |level| Compression::ZSTD(ZstdLevel::try_new(level).unwrap());
    let ways = [
        ("plain", Encoding::PLAIN, Compression::UNCOMPRESSED),
        ("plain, lz4", Encoding::PLAIN, Compression::LZ4_RAW),
        ("plain, zstd 3", Encoding::PLAIN, zstd(3)),
        (
            "byte stream split",
            Encoding::BYTE_STREAM_SPLIT,
            Compression::UNCOMPRESSED,
        ),
        (
            "byte stream split, snappy",
            Encoding::BYTE_STREAM_SPLIT,
            Compression::SNAPPY,
        ),
        (
            "byte stream split, lz4",
            Encoding::BYTE_STREAM_SPLIT,
            Compression::LZ4_RAW,
        ),
        (
            "byte stream split, zstd 1",
            Encoding::BYTE_STREAM_SPLIT,
            zstd(1),
        ),
        (
            "byte stream split, zstd 3 (a release)",
            Encoding::BYTE_STREAM_SPLIT,
            zstd(3),
        ),
        (
            "byte stream split, zstd 9",
            Encoding::BYTE_STREAM_SPLIT,
            zstd(9),
        ),
        (
            "byte stream split, zstd 19",
            Encoding::BYTE_STREAM_SPLIT,
            zstd(19),
        ),
    ];
    for (name, encoding, compression) in ways {
        measure(name, plain, || {
            let properties = released(&rows);
            encode(&rows, with_statistics(properties, encoding, compression))
        });
    }
    for page_rows in [1_250, 2_500, 5_000, 10_000, 20_000, 100_000] {
        measure(
            &format!("a release, {page_rows} rows a page"),
            plain,
            || {
                encode(
                    &rows,
                    released(&rows).set_data_page_row_count_limit(page_rows),
                )
            },
        );
    }
}

fn measure(name: &str, plain: usize, encode: impl Fn() -> Bytes) {
    let began = Instant::now();
    let file = encode();
    let writing = began.elapsed();
    let all = fastest(|| decode(&file, None));
    let two = fastest(|| decode(&file, Some(&TWO)));
    println!(
        "{name:<42} {:>9} {:>7.3} {:>10.2} {:>12.3} {:>10.0}",
        file.len(),
        file.len() as f64 / plain as f64,
        all.as_secs_f64() * 1e3,
        two.as_secs_f64() * 1e3,
        writing.as_secs_f64() * 1e3,
    );
}

async fn rows_of(place: &str) -> RecordBatch {
    let session = Session::open(&DatasetLocation::open(place).unwrap())
        .await
        .unwrap();
    let sql = "SELECT * FROM trajectories ORDER BY architecture, learning_rule, run_id, layer_index, epoch";
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    let rows = concat_batches(&batches[0].schema(), &batches).unwrap();
    let schema = trajectories::file_schema();
    let columns = schema.fields().iter().map(|field| {
        cast(
            rows.column_by_name(field.name()).unwrap(),
            field.data_type(),
        )
        .unwrap()
    });
    RecordBatch::try_new(schema.clone(), columns.collect()).unwrap()
}

/// What a release is written with.
fn released(rows: &RecordBatch) -> WriterPropertiesBuilder {
    let properties = encoding::properties(&rows.schema(), N_RUNS);
    properties.unwrap().into_builder()
}

fn with_statistics(
    mut properties: WriterPropertiesBuilder,
    encoding: Encoding,
    compression: Compression,
) -> WriterPropertiesBuilder {
    for name in Observable::all().map(Observable::column) {
        let path = ColumnPath::from(name);
        properties = properties
            .set_column_encoding(path.clone(), encoding)
            .set_column_compression(path, compression);
    }
    properties
}

fn encode(rows: &RecordBatch, properties: WriterPropertiesBuilder) -> Bytes {
    let properties = Some(properties.build());
    let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), properties).unwrap();
    writer.write(rows).unwrap();
    writer.into_inner().unwrap().into()
}

/// Decodes all columns, or those that name a row and a few more; gives the number of rows.
fn decode(file: &Bytes, statistics: Option<&[&str]>) -> usize {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
    let mask = match statistics {
        None => ProjectionMask::all(),
        Some(names) => ProjectionMask::columns(
            reader.parquet_schema(),
            ["run_id", "learning_rule", "layer", "epoch"]
                .iter()
                .chain(names)
                .copied(),
        ),
    };
    let batches = reader.with_projection(mask).build().unwrap();
    batches.map(|batch| batch.unwrap().num_rows()).sum()
}

fn fastest(mut run: impl FnMut() -> usize) -> Duration {
    let time = |_| {
        let began = Instant::now();
        std::hint::black_box(run());
        began.elapsed()
    };
    (0..ROUNDS).map(time).min().unwrap_or_default()
}
