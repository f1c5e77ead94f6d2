//! Steps of the optimizers by hand.

use engram_generator::optimizer::{Adam, MomentumDescent, Optimizer, Penalty};
use tch::Tensor;

const NONE: Penalty = Penalty {
    n_parameters: 0,
    coefficient: 0.0,
};

fn stepped(optimizer: &mut dyn Optimizer, gradients: &[f64], penalty: Penalty) -> f64 {
    let parameter = Tensor::from_slice(&[1.0f64]);
    for gradient in gradients {
        let gradient = [Tensor::from_slice(&[*gradient])];
        optimizer.step(&[&parameter], &gradient, 0.1, penalty);
    }
    parameter.double_value(&[0])
}

fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-8, "{a} and {b}");
}

fn adam() -> Adam {
    Adam::new(engram_plan::learning_rule::Adam::default())
}

#[test]
fn momentum_adds_up() {
    // v: 1, then 0.9 + 2 = 2.9. w: 1 - 0.1, then 0.9 - 0.29.
    let w = stepped(&mut MomentumDescent::new(0.9, false), &[1.0, 2.0], NONE);
    assert_close(w, 0.61);
    // Steps of 1 + 0.9 and 2 + 0.9 * 2.9.
    let w = stepped(&mut MomentumDescent::new(0.9, true), &[1.0, 2.0], NONE);
    assert_close(w, 1.0 - 0.19 - 0.461);
    let w = stepped(&mut MomentumDescent::new(0.0, false), &[1.0, 2.0], NONE);
    assert_close(w, 0.7);
}

#[test]
fn adam_steps_by_the_rate_at_first() {
    assert_close(stepped(&mut adam(), &[3.0], NONE), 0.9);
    // Second step by hand: mean (0.9 * 0.3 + 0.1 * -1) / 0.19, square (0.999 * 0.009 + 0.001) / 0.001999.
    let w = stepped(&mut adam(), &[3.0, -1.0], NONE);
    let change = 0.1 * (0.17 / 0.19) / ((0.009991f64 / 0.001999).sqrt() + 1e-8);
    assert_close(w, 0.9 - change);
}

#[test]
fn the_penalty_is_part_of_the_gradient_of_the_first_parameters() {
    let penalty = Penalty {
        n_parameters: 1,
        coefficient: 0.5,
    };
    // Gradients 1 + 0.5 * 1 and, at w = 0.85, 1 + 0.425; v: 1.5, then 1.35 + 1.425.
    let w = stepped(&mut MomentumDescent::new(0.9, false), &[1.0, 1.0], penalty);
    assert_close(w, 0.85 - 0.2775);
    // The sign of 0.25 - 0.5 w decides Adam's first step; without the penalty it would go the other way.
    assert_close(stepped(&mut adam(), &[-0.25], penalty), 0.9);
    let (first, second) = (Tensor::from_slice(&[1.0f64]), Tensor::from_slice(&[1.0f64]));
    let gradients = [0.0, 0.0].map(|gradient: f64| Tensor::from_slice(&[gradient]));
    MomentumDescent::new(0.9, false).step(&[&first, &second], &gradients, 0.1, penalty);
    assert_close(first.double_value(&[0]), 0.95);
    assert_close(second.double_value(&[0]), 1.0);
}

/// A gradient that lies otherwise in memory than its parameter is not taken for one that lies alike.
#[test]
fn a_gradient_may_have_other_strides() {
    let optimizers: [Box<dyn Optimizer>; 2] =
        [Box::new(MomentumDescent::new(0.9, false)), Box::new(adam())];
    for mut optimizer in optimizers {
        let parameter = Tensor::zeros([2, 3], (tch::Kind::Double, tch::Device::Cpu));
        let rows = Tensor::from_slice(&[1.0f64, -2.0, 3.0, -4.0, 5.0, -6.0]).view([3, 2]);
        let gradient = [rows.tr()];
        optimizer.step(&[&parameter], &gradient, 0.1, NONE);
        let signs: Vec<f64> = Vec::try_from(parameter.sign().view([-1])).unwrap();
        assert_eq!(signs, [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
    }
}

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    let pairs: [[Box<dyn Optimizer>; 2]; 2] = [
        [
            Box::new(MomentumDescent::new(0.9, true)),
            Box::new(MomentumDescent::new(0.9, true)),
        ],
        [Box::new(adam()), Box::new(adam())],
    ];
    for [mut first, mut second] in pairs {
        let parameter = Tensor::from_slice(&[1.0f32, -0.3]);
        let step = |optimizer: &mut dyn Optimizer, parameter: &Tensor, gradient: f32| {
            let gradient = [Tensor::from_slice(&[gradient, 0.1 - gradient])];
            optimizer.step(&[parameter], &gradient, 0.01, NONE);
        };
        step(first.as_mut(), &parameter, 0.7);
        step(first.as_mut(), &parameter, -0.2);
        let other = parameter.copy();
        second
            .restore(&first.state().into_iter().collect())
            .unwrap();
        step(first.as_mut(), &parameter, 0.4);
        step(second.as_mut(), &other, 0.4);
        assert_eq!(parameter, other);
    }
}
