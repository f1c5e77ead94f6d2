//! Activity change and columns against independent computations from the same pass.

use super::*;
use crate::network::Mode;
use crate::network::Nonlinearity;
use crate::observe::activity_change;
use crate::testing::{difference, feedback_alignment, prepare, run};
use engram_schemas::Architecture;

/// The derivative along the direction in which every input grows alike, by central differences in double precision.
#[test]
fn activity_change_is_the_finite_difference() {
    let (network, rule, batch) = prepare(&run(Architecture::Knet4, feedback_alignment()));
    let (_, records) = network.forward(
        &batch.inputs,
        Mode::Train { step: 0 },
        rule.signal(),
        Keep::Records,
    );
    for (layer, record) in network.layers.iter().zip(&records) {
        let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
        let (input, weight) = (double(&record.input), double(&layer.kernel));
        let bias = layer.bias.as_ref().map(double);
        let mean_output = |shift: f64| {
            let sums = crate::projection::project(
                layer.spec.kernel,
                &(&input + shift),
                &weight,
                bias.as_ref(),
            );
            let output = if record.nonlinearity == Nonlinearity::Relu {
                sums.relu()
            } else {
                sums
            };
            output.flatten(1, -1).mean_dim(1, false, Kind::Double)
        };
        let h = 1e-7;
        let expected = (mean_output(h) - mean_output(-h)) / (2.0 * h);
        let ours = activity_change(layer, record);
        assert!(
            difference(&ours, &expected) < 1e-4,
            "{}: {}",
            layer.spec.name,
            difference(&ours, &expected)
        );
        // The same as the sum of the input's gradient over its entries, by differentiation.
        let input = input.set_requires_grad(true);
        let sums = crate::projection::project(layer.spec.kernel, &input, &weight, bias.as_ref());
        let output = if record.nonlinearity == Nonlinearity::Relu {
            sums.relu()
        } else {
            sums
        };
        let n_units = output.numel() as f64 / 64.0;
        let gradient =
            &Tensor::run_backward(&[output.sum(Kind::Double)], &[&input], false, false)[0];
        let expected =
            gradient
                .flatten(1, -1)
                .sum_dim_intlist([1i64].as_slice(), false, Kind::Double)
                / n_units;
        assert!(difference(&ours, &expected) < 1e-5, "{}", layer.spec.name);
    }
}

/// The columns hold what their names say: computed again by libtorch from the same pass.
#[test]
fn columns_hold_what_their_names_say() {
    let planned = run(Architecture::Knet4, feedback_alignment());
    let (network, _, batch) = prepare(&planned);
    let seen = Observer::new(&planned.configuration.observation)
        .observe(&network, 0, EVALUATION, [Ok(batch.narrow(0, 64))])
        .unwrap();
    let (_, records) = network.forward(
        &batch.inputs,
        Mode::Evaluate,
        Signal::Forward,
        Keep::Records,
    );
    for ((layer, record), values) in network.layers.iter().zip(&records).zip(&seen.layers) {
        let column = |name: &str| {
            let place = engram_schemas::Observable::all().position(|o| o.column() == name);
            values[0][place.unwrap()]
        };
        let double = |tensor: &Tensor| tensor.detach().to_kind(Kind::Double);
        let weight = double(&layer.kernel);
        let activation = double(&record.output).flatten(1, -1);
        let mean_over_stimuli = |x: Tensor| x.mean(Kind::Double).double_value(&[]);
        let rows = [1i64];
        let norm = |x: &Tensor| {
            x.square()
                .sum_dim_intlist(rows.as_slice(), false, Kind::Double)
                .sqrt()
        };
        let rank = |x: &Tensor, share: f64| {
            let n = x.size()[1];
            x.sort(1, false)
                .0
                .select(1, (share * n as f64).ceil() as i64 - 1)
        };
        let change = activity_change(layer, record);
        let expected = [
            (
                "weight_raw_norm",
                weight.square().sum(Kind::Double).sqrt().double_value(&[]),
            ),
            (
                "weight_abs_mean",
                weight.abs().mean(Kind::Double).double_value(&[]),
            ),
            (
                "weight_square_var",
                weight.square().var(false).double_value(&[]),
            ),
            (
                "weight_raw_median",
                mean_over_stimuli(rank(&weight.view([1, -1]), 0.5)),
            ),
            ("activation_raw_norm", mean_over_stimuli(norm(&activation))),
            (
                "activation_square_norm",
                mean_over_stimuli(norm(&activation.square())),
            ),
            (
                "activation_raw_mean",
                mean_over_stimuli(activation.shallow_clone()),
            ),
            (
                "activation_abs_third_quartile",
                mean_over_stimuli(rank(&activation.abs(), 0.75)),
            ),
            (
                "activity_change_raw_mean",
                mean_over_stimuli(change.shallow_clone()),
            ),
            ("activity_change_abs_mean", mean_over_stimuli(change.abs())),
            (
                "activity_change_square_mean",
                mean_over_stimuli(change.square()),
            ),
        ];
        for (name, expected) in expected {
            let difference = (column(name) - expected).abs();
            assert!(
                difference <= 1e-9 * (1.0 + expected.abs()),
                "{} {name}: {} and {expected}",
                layer.spec.name,
                column(name)
            );
        }
    }
}
