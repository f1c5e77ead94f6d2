use engram_plan::SweepFile;

use super::*;

/// The digits' demonstration, changed.
fn plan(change: impl Fn(&mut SweepFile)) -> Plan {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../sweeps/digits-demo.toml");
    let mut sweep = SweepFile::read(&path).unwrap();
    change(&mut sweep);
    sweep.plan().unwrap()
}

fn found(before: &Plan, after: &Plan) -> Differences {
    let stored = serde_json::to_value(before).unwrap();
    differences(stored["runs"].as_array().unwrap(), &after.runs)
}

#[test]
fn an_unchanged_plan_has_no_differences() {
    let plan = plan(|_| {});
    assert_eq!(found(&plan, &plan), Differences::default());
}

#[test]
fn a_grid_may_grow_and_shrink() {
    let small = plan(|_| {});
    let large = plan(|sweep| sweep.model_seeds.push(7));
    assert_eq!(found(&small, &large), Differences::default());
    let back = found(&large, &small);
    assert_eq!(
        (back.n_changed, back.n_removed),
        (0, large.runs.len() - small.runs.len())
    );
    let moved = plan(|sweep| sweep.model_seeds = vec![8, 9]);
    let moved = found(&small, &moved);
    assert_eq!((moved.n_changed, moved.n_removed), (0, small.runs.len()));
}

#[test]
fn a_changed_setting_is_named_by_its_path_with_both_values() {
    let before = plan(|_| {});
    let after = plan(|sweep| {
        sweep.epochs = 40;
        sweep.rules.sgdm.momentum = 0.5;
        sweep.networks[0].weight_decay = Some(0.125);
    });
    let found = found(&before, &after);
    assert_eq!(found.n_changed, before.runs.len());
    let text = found.to_string();
    let n = before.runs.len();
    for line in [
        format!("\n  epochs: 20 -> 40 ({n} networks)"),
        format!(
            "\n  learning_rule.momentum: 0.9 -> 0.5 ({} networks)",
            n / 4
        ),
        format!("\n  weight_decay: 0.00001 -> 0.125 ({} networks)", n / 2),
    ] {
        let line = line.replace("0.00001", &serde_json::to_string(&1e-5).unwrap());
        assert!(text.contains(&line), "`{line}` is not in: {text}");
    }
    assert_eq!(text.lines().count(), 4, "{text}");
}

#[test]
fn a_setting_that_one_plan_lacks_is_nothing_there() {
    let before = plan(|_| {});
    let after = plan(|sweep| sweep.networks[0].gradient_clip_norm = Some(1.0));
    let text = found(&before, &after).to_string();
    assert!(
        text.contains("\n  gradient_clip_norm: (nothing) -> 1.0 ("),
        "{text}"
    );
}

#[test]
fn long_lists_end_with_their_number() {
    let before = plan(|sweep| sweep.batch_sizes = (1..=20).map(|i| 8 * i).collect());
    let after = plan(|sweep| {
        sweep.batch_sizes = (1..=20).map(|i| 8 * i).collect();
        sweep.epochs = 40;
        let rates = &mut sweep.networks[0].learning_rates;
        rates.insert(
            engram_schemas::LearningRule::Adam,
            serde_json::from_str("0.01").unwrap(),
        );
    });
    let text = found(&before, &after).to_string();
    assert_eq!(text.lines().count(), 1 + LISTED + 1, "{text}");
    assert!(text.ends_with("\n  and 9 more"), "{text}");
}
