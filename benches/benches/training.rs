//! Training steps beside PyTorch's: images a second of the same network under the same rule, on the same threads.
//!
//! The peers are `peers/training.py` (PyTorch as one would write it, with BioTorch's layers for feedback alignment) and
//! `peers/sweep.py` (networks on the digits, trained and observed one after the other). Ours and the peer's steps
//! alternate in rounds, so that both see the same machine; figures are medians and their ratio. The peers' Python is made
//! by `scripts/setup-peers.sh`.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its figures are its output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use engram_generator::learning_rules;
use engram_generator::network::{Mode, Network};
use engram_generator::objective::Objective;
use engram_plan::learning_rule::Momentum;
use engram_plan::{
    Initialization, LearningRuleSettings, Observation, RunConfiguration, Schedule, TaskSettings,
};
use engram_schemas::{Architecture, Task};
use tch::{Device, Kind, Tensor};

/// Rounds of either side, and steps in each.
const ROUNDS: usize = 3;
const STEPS: usize = 8;

struct Case {
    name: &'static str,
    architecture: Architecture,
    task: TaskSettings,
    batch: usize,
}

fn cases() -> [Case; 2] {
    [
        Case {
            name: "knet4",
            architecture: Architecture::Knet4,
            task: TaskSettings::new(Task::Cifar10),
            batch: 128,
        },
        Case {
            name: "resnet18",
            architecture: Architecture::Resnet18,
            task: TaskSettings {
                image_size: Some(64),
                ..TaskSettings::new(Task::Imagenet)
            },
            batch: 32,
        },
    ]
}

fn configuration(case: &Case, rule: &str) -> RunConfiguration {
    let momentum = Momentum::default();
    RunConfiguration {
        task: case.task.clone(),
        architecture: case.architecture,
        initialization: Initialization::FanIn,
        learning_rule: match rule {
            "sgdm" => LearningRuleSettings::Sgdm(momentum),
            _ => LearningRuleSettings::FeedbackAlignment(momentum),
        },
        learning_rate: 0.01,
        alignment_learning_rate: None,
        schedule: Schedule::default(),
        weight_decay: 1e-4,
        gradient_clip_norm: None,
        lars: None,
        batch_size: case.batch,
        model_seed: 0,
        dataset_seed: 0,
        epochs: 1,
        checkpoint_every: 1,
        observation: Observation::default(),
    }
}

/// Seconds of each of our steps.
fn ours(case: &Case, rule: &str) -> Vec<f64> {
    let configuration = configuration(case, rule);
    let mut learning = learning_rules::new(&configuration);
    let mut network = Network::new(&configuration, learning.signal(), Device::Cpu)
        .expect("the network fits its input");
    let [channels, height, width] = case.task.input_shape().map(|size| size as i64);
    let shape = [case.batch as i64, channels, height, width];
    let inputs = Tensor::randn(shape, (Kind::Float, Device::Cpu));
    let labels = Tensor::zeros([case.batch as i64], (Kind::Int64, Device::Cpu));
    let mut seconds = Vec::new();
    for step in 0..STEPS + 3 {
        let started = Instant::now();
        learning.prepare(&mut network, step);
        let (signal, keep) = (learning.signal(), learning.keep());
        let (outputs, records) = network.forward(&inputs, Mode::Train { step }, signal, keep);
        let loss = Objective::Classify.loss(&outputs, &labels);
        learning.step(&mut network, &loss, &records, 1.0);
        if step >= 3 {
            seconds.push(started.elapsed().as_secs_f64());
        }
    }
    seconds
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What a script of the peers prints: numbers, one a line.
fn peer(script: &str, arguments: &[String]) -> Vec<f64> {
    let home = std::env::var_os("ENGRAM_PEERS_DIR").map(PathBuf::from);
    let home = home.unwrap_or_else(|| repository().join(".peers"));
    let output = Command::new(home.join("bin/python"))
        .arg(repository().join("benches/peers").join(script))
        .args(arguments)
        .output()
        .expect("scripts/setup-peers.sh makes the peers' Python");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {errors}");
    text.lines()
        .map(|line| line.parse().expect("the script prints numbers"))
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn steps() {
    println!("network   rule                 threads  ours img/s  peer img/s  ratio");
    for case in cases() {
        for rule in ["sgdm", "feedback_alignment"] {
            for threads in [1, 2] {
                tch::set_num_threads(threads);
                let (mut own, mut other) = (Vec::new(), Vec::new());
                for _ in 0..ROUNDS {
                    own.extend(ours(&case, rule));
                    let arguments = [
                        case.name.to_owned(),
                        rule.to_owned(),
                        case.batch.to_string(),
                        threads.to_string(),
                        STEPS.to_string(),
                    ];
                    other.extend(peer("training.py", &arguments));
                }
                let per_second = |seconds| case.batch as f64 / median(seconds);
                let (own, other) = (per_second(own), per_second(other));
                println!(
                    "{:<9} {rule:<20} {threads:>7} {own:>11.0} {other:>11.0} {:>6.2}",
                    case.name,
                    own / other
                );
            }
        }
    }
}

/// What a sweep took.
struct Swept {
    /// Seconds from start to end.
    elapsed: f64,
    /// Seconds that all its processes computed.
    computed: f64,
}

/// Runs a sweep file through the built command, with so many workers of one thread each; `None` where it is not built.
fn generate(text: &str, workers: usize) -> Option<Swept> {
    let target = std::env::current_exe().expect("a benchmark has a path");
    let engram = target
        .ancestors()
        .nth(2)
        .map(|folder| folder.join("engram"))
        .filter(|engram| engram.is_file())?;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("sweep.toml");
    std::fs::write(&file, text).expect("the sweep file can be written");
    let (started, before) = (Instant::now(), children_seconds());
    let output = Command::new(engram)
        .arg("generate")
        .arg(&file)
        .arg("--to")
        .arg(folder.path().join("dataset"))
        .args(["--workers", &workers.to_string()])
        .output()
        .expect("engram can be started");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(Swept {
        elapsed: started.elapsed().as_secs_f64(),
        computed: children_seconds() - before,
    })
}

/// Seconds that the children of this process, and theirs, have computed until they ended.
fn children_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    // The 16th and 17th of all fields; what is left begins with the third.
    let ticks = fields.split_whitespace().skip(13).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_PER_SECOND
}

/// A sweep of batch-norm knets on the digits through the built commands, beside the same loop in PyTorch.
fn sweep() {
    const NETWORKS: usize = 4;
    const EPOCHS: usize = 20;
    const WORKERS: usize = 2;
    let text = format!(
        "name = \"bench\"\nepochs = {EPOCHS}\ncheckpoint_every = 1\nlearning_rules = [\"sgdm\"]\n\
         batch_sizes = [64]\nmodel_seeds = [0, 1, 2, 3]\ndataset_seeds = [0]\n[[networks]]\n\
         task = {{ name = \"digits\" }}\narchitectures = [\"knet4\"]\ninitialization = \"fan_in\"\n\
         learning_rates = {{ sgdm = 0.2 }}\n"
    );
    let Some(own) = generate(&text, WORKERS) else {
        println!("\nsweep: left out, the command engram is not built in this profile");
        return;
    };
    let digits = repository().join("plan/data/digits.csv");
    let arguments = [
        digits.display().to_string(),
        NETWORKS.to_string(),
        EPOCHS.to_string(),
    ];
    let other = peer("sweep.py", &arguments)[0];
    println!(
        "\nsweep of {NETWORKS} networks, {EPOCHS} epochs, observed after each: ours {:.1} s with two workers, which kept the \
         cores {:.0} % busy; PyTorch {other:.1} s, ratio {:.2}",
        own.elapsed,
        100.0 * own.computed / (own.elapsed * WORKERS as f64),
        other / own.elapsed
    );
}

/// What observing costs beside training: resnet18 at 64x64, observed before the first and after the last of five epochs,
/// which is the study's cadence, and after each, with a fifth of the examples as stimuli.
fn observing() {
    const EPOCHS: usize = 5;
    let text = |every: usize| {
        format!(
            "name = \"bench\"\nepochs = {EPOCHS}\ncheckpoint_every = {every}\nlearning_rules = [\"sgdm\"]\n\
             batch_sizes = [32]\nmodel_seeds = [0]\ndataset_seeds = [0]\n[[networks]]\n\
             task = {{ name = \"digits\", image_size = 64 }}\narchitectures = [\"resnet18\"]\n\
             initialization = \"fan_in\"\nlearning_rates = {{ sgdm = 0.1 }}\n"
        )
    };
    let (Some(seldom), Some(often)) = (generate(&text(EPOCHS), 1), generate(&text(1), 1)) else {
        return;
    };
    let once = (often.computed - seldom.computed) / (EPOCHS - 1) as f64;
    let training = seldom.computed - 2.0 * once;
    println!(
        "observing resnet18 at 64x64: {once:.1} s of computing an observation of a fifth of the examples, {:.1} s an epoch of \
         the rest: {:.1} % of training at an observation every five epochs",
        training / EPOCHS as f64,
        100.0 * once / training
    );
}

fn main() {
    engram_generator::prepare_process("cpu").expect("the process can be prepared");
    if std::env::args().all(|argument| argument != "--sweeps") {
        steps();
    }
    sweep();
    observing();
}
