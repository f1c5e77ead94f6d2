//! What is trained and fitted on an NVIDIA device beside what a CPU gives.
//!
//! The tests need such a device and libtorch for CUDA (`make setup TORCH=cuda`). Without them they say that they are left out,
//! unless `ENGRAM_REQUIRE_CUDA=1` asks them to fail.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says when it is left out"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use engram_classifiers::conv1d_mlp::{Conv1dMlpSettings, Pooling, fit_networks, fit_on};
use engram_classifiers::{Examples, Model};
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

/// Shares of classes that Conv1D MLPs give to examples of three classes, each with its own slope.
fn fitted(device: &str) -> Vec<Vec<f32>> {
    const N_POINTS: usize = 12;
    let names: Vec<String> = (0..3 * N_POINTS)
        .map(|n| format!("statistic_{}@{}", n / N_POINTS, n % N_POINTS))
        .collect();
    let labels: Vec<u32> = (0..120).map(|n| n % 3).collect();
    let value = |(example, feature): (usize, usize)| {
        let noise = ((example * 31 + feature * 17) % 23) as f32 / 8.0;
        noise + (example % 3 * (feature % N_POINTS)) as f32 / 4.0
    };
    let features: Vec<f32> = (0..labels.len())
        .flat_map(|example| (0..names.len()).map(move |feature| (example, feature)))
        .map(value)
        .collect();
    let examples = Examples::try_new(&features, &names, &labels, 3).unwrap();
    let networks = [Pooling::None, Pooling::Max, Pooling::Average].map(|pooling| {
        let settings = Conv1dMlpSettings {
            pooling,
            batch_size: 50,
            n_epochs: 20,
            ..Conv1dMlpSettings::default()
        };
        settings.check().unwrap()
    });
    fit_on(device.to_owned());
    let models = fit_networks(&networks, &examples, 3).unwrap();
    models
        .iter()
        .map(|model| model.predict_probabilities(&features).unwrap())
        .collect()
}

#[test]
fn classifiers_are_the_same_on_both_devices() {
    let folder = tempfile::tempdir().unwrap();
    if !there_is_a_device(folder.path()) {
        return;
    }
    for (cpu, cuda) in fitted("cpu").iter().zip(fitted("cuda:0")) {
        let apart = cpu.iter().zip(&cuda).map(|(a, b)| (a - b).abs());
        let apart = apart.fold(0.0, f32::max);
        println!("Conv1D MLP: {apart:.2e}");
        assert!(apart < 1e-3, "{apart}");
        assert!(cpu.iter().any(|share| *share > 0.6), "it learned something");
    }
}
