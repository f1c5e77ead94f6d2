//! `split(test_fraction, seed, by)`: which examples to learn from and which to test on.

use datafusion::common::Result;
use engram_schemas::trajectories::column;

use super::{Arguments, Documentation, SIDE, TableFunction, all_but};

/// Category-balanced splits, by example as in the study, or by run, so that no network is on both sides.
#[derive(Debug)]
pub(super) struct Split;

impl TableFunction for Split {
    fn name(&self) -> &'static str {
        "split"
    }

    fn default_input(&self) -> &'static str {
        "examples"
    }

    fn required_columns(&self) -> &'static [&'static str] {
        &[column::LEARNING_RULE, column::RUN_ID, column::LAYER]
    }

    fn query(&self, arguments: &Arguments, columns: &[String]) -> Result<String> {
        let [fraction, seed, by] = arguments.bind(["test_fraction", "seed", "by"])?;
        let fraction = arguments.required("test_fraction", fraction)?;
        let fraction = fraction.fraction("test_fraction")?;
        let seed = seed.map_or(Ok(0), |seed| seed.seed())?;
        let by = by.map_or(Ok("example"), |by| by.one_of("by", &["example", "run"]))?;
        let unit = match by {
            "run" => "run_id",
            _ => "run_id, layer",
        };
        let rest = all_but(columns, SIDE, "input");
        Ok(format!(
            ", examples AS (\
                SELECT learning_rule, run_id, layer FROM input GROUP BY learning_rule, run_id, layer\
            ), units AS (\
                SELECT *, dense_rank() OVER (\
                    PARTITION BY learning_rule ORDER BY uniform({seed}, {unit}), {unit}\
                ) AS place FROM examples\
            ), counted AS (\
                SELECT *, max(place) OVER (PARTITION BY learning_rule) AS n FROM units\
            ), sized AS (\
                SELECT *, min(n) OVER () AS smallest FROM counted\
            ), chosen AS (\
                SELECT learning_rule, run_id, layer, \
                    place <= greatest(1, least(smallest - 1, round({fraction:?} * smallest))) AS is_test FROM sized\
            ), sided AS (\
                SELECT *, row_number() OVER (\
                    PARTITION BY learning_rule, is_test ORDER BY uniform({seed}, 'balance', run_id, layer), run_id, layer\
                ) AS place, count(*) OVER (PARTITION BY learning_rule, is_test) AS n \
                FROM chosen\
            ), balanced AS (\
                SELECT *, min(n) OVER (PARTITION BY is_test) AS smallest FROM sided\
            ), assigned AS (\
                SELECT learning_rule, run_id, layer, \
                    CASE WHEN NOT is_test THEN 'train' WHEN place <= smallest THEN 'test' END AS {SIDE} FROM balanced\
            ) \
            SELECT {rest}, assigned.{SIDE} FROM assigned JOIN input \
            ON assigned.learning_rule = input.learning_rule AND assigned.run_id = input.run_id \
                AND assigned.layer = input.layer"
        ))
    }

    fn documentation(&self) -> &'static Documentation {
        &Documentation {
            syntax: "split(test_fraction, seed, by)",
            description: "The rows of the input with `side`, 'train' or 'test'. Every learning rule has as many units to test \
                on: the fraction of those of the rule that has fewest, rounded, and at least one on each side. By example a unit \
                is a layer of a run, under all its observation conditions; by run it is a whole run, and so that every rule has \
                as many examples to test on, some examples of the runs to test on are on no side: NULL. What is drawn depends on \
                seed, run and layer alone.",
            arguments: &[
                ("test_fraction", "Share to test on, between 0 and 1."),
                (
                    "seed",
                    "Integer, 0 when left out; other seeds give other splits.",
                ),
                ("by", "'example', the default, or 'run'."),
                (
                    "input",
                    "Relation with learning_rule, run_id and layer; `examples` is the default.",
                ),
            ],
            example: "SELECT learning_rule, side, count(*) AS n FROM split(0.25, seed => 1, by => 'run') GROUP BY 1, 2 ORDER BY 1, 2",
        }
    }
}
