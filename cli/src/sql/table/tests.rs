use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray};

use super::*;

fn printed_in(room: Room, rows: &[(Option<&str>, f64)], batches: usize) -> String {
    let batch = RecordBatch::try_from_iter([
        (
            "name",
            Arc::new(StringArray::from_iter(rows.iter().map(|row| row.0))) as ArrayRef,
        ),
        (
            "value",
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1))) as ArrayRef,
        ),
    ])
    .unwrap();
    let mut bytes = Vec::new();
    let mut table = Table::new(batch.schema(), room, &mut bytes);
    (0..batches).for_each(|_| table.write(&batch).unwrap());
    table.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

fn printed(rows: &[(Option<&str>, f64)], batches: usize) -> String {
    printed_in(Room::Unlimited, rows, batches)
}

#[test]
fn rows_stand_in_columns() {
    let table = printed(&[(Some("é\t"), 1.5), (None, f64::NAN)], 1);
    assert_eq!(
        table,
        " name | value\n------+-------\n é\\t  |   1.5\n NULL |   NaN\n(2 rows)\n"
    );
    assert_eq!(printed(&[], 1), " name | value\n------+-------\n(0 rows)\n");
}

#[test]
fn more_rows_than_are_kept_have_one_header() {
    let table = printed(&[(Some("a"), 1.0)], ROWS_FOR_WIDTHS + 5);
    assert_eq!(table.lines().count(), ROWS_FOR_WIDTHS + 5 + 3);
    assert_eq!(table.matches("name").count(), 1);
}

#[test]
fn lines_of_a_text_stand_below_each_other() {
    let table = printed(&[(Some("Sort\n  Scan\n"), 1.0), (Some("b"), 2.0)], 1);
    assert_eq!(
        table,
        " name   | value\n--------+-------\n Sort   |   1.0\n   Scan |\n b      |   2.0\n(2 rows)\n"
    );
}

#[test]
fn a_terminal_is_kept_to() {
    let long = "abcdefghijklmnopqrstuvwxyz";
    let plan = "Sort\n  abcdefghijklmnop\n";
    let table = printed_in(Room::Width(24), &[(Some(long), 1.0), (Some(plan), 2.5)], 1);
    let expected = "\
\x20name           | value
----------------+-------
 abcdefghijklm… |   1.0
 Sort           |   2.5
   abcdefghijkl |
 mnop           |
(2 rows)
";
    assert_eq!(table, expected);
    let table = printed_in(Room::Width(12), &[(Some("a"), 1e300)], 1);
    assert!(
        table.ends_with("(1 row; 1 of 2 columns fit: name those you want, or use --format csv)\n"),
        "{table}"
    );
}
