//! What is trained on an NVIDIA device beside what is trained on a CPU.
//!
//! The test needs such a device and libtorch for CUDA (`make setup TORCH=cuda`). Without them it says that it is left out,
//! unless `ENGRAM_REQUIRE_CUDA=1` asks it to fail.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says when it is left out"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use engram_tests::commands::{command, engram};

/// All learning rules on one network, and the four of the study on residual, contrastive and response-normalised ones.
const SWEEP: &str = r#"
name = "devices"
epochs = 1
checkpoint_every = 1
learning_rules = [RULES]
batch_sizes = [64]
model_seeds = [0]
dataset_seeds = [0]

[observation]
unit_fractions = [0.5]
noise_stddevs = [0.1]
seeds = [1]
recorded_units = 8

[[networks]]
task = { name = "TASK" }
architectures = [ARCHITECTURES]
initialization = "fan_in"

[networks.learning_rates]
"#;

const RULES: [&str; 12] = [
    "sgdm",
    "adam",
    "feedback_alignment",
    "information_alignment",
    "kolen_pollack",
    "weight_mirror",
    "symmetric_alignment",
    "activation_alignment",
    "uniform_sign",
    "batchwise_random_sign",
    "fixed_random_sign",
    "direct_feedback_alignment",
];

fn sweep(rules: &[&str], task: &str, architectures: &[&str]) -> String {
    let quoted = |names: &[&str]| format!("{names:?}").trim_matches(['[', ']']).to_owned();
    let mut sweep = SWEEP
        .replace("RULES", &quoted(rules))
        .replace("TASK", task)
        .replace("ARCHITECTURES", &quoted(architectures));
    for rule in rules {
        // Small enough that two devices do not part within an epoch.
        sweep.push_str(&format!("{rule} = 0.0004\n"));
    }
    sweep
}

/// Whether the trainer finds the device. It ends at once, because it is given nothing to do.
fn there_is_a_device(folder: &Path) -> bool {
    let output = Command::new(command("engram-trainer"))
        .args(["train", "--device", "cuda:0", "--to"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if output.status.success() {
        return true;
    }
    let reason = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        std::env::var_os("ENGRAM_REQUIRE_CUDA").is_none_or(|value| value != "1"),
        "{reason}"
    );
    println!("left out: {}", reason.trim());
    false
}

/// Trains on a device; the answer to `sql` in rows of numbers.
fn observed(folder: &Path, sweep: &Path, device: &str, sql: &str) -> Vec<Vec<f64>> {
    let dataset = folder.join(device.replace(':', ""));
    let output = engram(&["generate", "--workers", "1", "--device", device])
        .arg(sweep)
        .arg("--to")
        .arg(&dataset)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{device}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let output = engram(&["sql", "--format", "csv", "--at"])
        .arg(&dataset)
        .arg(sql)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    text.lines().skip(1).map(numbers).collect()
}

/// The largest relative difference of a column, in which values below a thousandth of its largest count as that.
fn difference(cpu: &[Vec<f64>], cuda: &[Vec<f64>], column: usize) -> f64 {
    let floor = cpu.iter().map(|row| row[column].abs()).fold(0.0, f64::max) * 1e-3;
    let apart = |(a, b): (&Vec<f64>, &Vec<f64>)| {
        assert!(a[column].is_finite() == b[column].is_finite());
        (a[column] - b[column]).abs() / a[column].abs().max(floor).max(f64::MIN_POSITIVE)
    };
    cpu.iter().zip(cuda).map(apart).fold(0.0, f64::max)
}

#[test]
fn networks_are_the_same_on_both_devices() {
    let folder = tempfile::tempdir().unwrap();
    if !there_is_a_device(folder.path()) {
        return;
    }
    let statistics = [
        "weight_abs_mean",
        "weight_raw_var",
        "activation_abs_mean",
        "activation_square_median",
        "activation_raw_third_quartile",
        "activity_change_abs_mean",
    ];
    let sweeps = [
        ("digits", &RULES[..], &["knet4"][..]),
        (
            "digits",
            &RULES[..4],
            &["knet5_lrn", "resnet10", "resnet18v2"],
        ),
        ("digits_simclr", &RULES[..4], &["knet4_lrn"]),
    ];
    for (task, rules, architectures) in sweeps {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sweep.toml");
        std::fs::write(&file, sweep(rules, task, architectures)).unwrap();
        for (epoch, tolerance) in [(0, 1e-5), (1, 2e-2)] {
            let sql = format!(
                "SELECT {} FROM trajectories WHERE epoch = {epoch} \
                 ORDER BY run_id, layer_index, unit_fraction, noise_stddev",
                statistics.join(", ")
            );
            let cpu = observed(folder.path(), &file, "cpu", &sql);
            let cuda = observed(folder.path(), &file, "cuda:0", &sql);
            assert!(!cpu.is_empty() && cpu.len() == cuda.len());
            for (column, name) in statistics.iter().enumerate() {
                let apart = difference(&cpu, &cuda, column);
                println!("{task} {architectures:?} epoch {epoch} {name}: {apart:.2e}");
                assert!(
                    apart < tolerance,
                    "{task} {architectures:?}, epoch {epoch}, {name}: {apart}"
                );
            }
        }
    }
}
