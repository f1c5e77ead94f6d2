//! Angles on cases made by hand.

use engram_generator::alignment::{angles, feedback_angle, gradient_angles};
use engram_schemas::LearningRule as Rule;
use tch::Tensor;

use crate::{Pupil, batches, configuration, copies, loss};

#[test]
fn kernels_that_agree_oppose_and_have_nothing_to_do_with_each_other() {
    let mut pupil = Pupil::new(&configuration(Rule::FeedbackAlignment));
    for layer in &mut pupil.network.layers {
        let random = feedback_angle(layer).unwrap();
        // The angle of independent draws has a standard deviation of about 57 / sqrt(n) degrees.
        let tolerance = 4.0 * 57.3 / (layer.spec.n_weights() as f64).sqrt();
        assert!((random - 90.0).abs() < tolerance, "{random}");
        let kernel = layer.kernel.detach();
        layer.feedback = Some(&kernel * 3.0);
        assert!(feedback_angle(layer).unwrap() < 1e-5);
        layer.feedback = Some(&kernel * -0.1);
        assert!((feedback_angle(layer).unwrap() - 180.0).abs() < 1e-5);
        layer.feedback = Some(kernel.zeros_like());
        assert_eq!(feedback_angle(layer), None);
        layer.feedback = Some(&kernel * f64::NAN);
        assert_eq!(feedback_angle(layer), None);
        layer.feedback = None;
        assert_eq!(feedback_angle(layer), None);
    }
    let mut pupil = Pupil::new(&configuration(Rule::FeedbackAlignment));
    let layer = pupil.network.layers.last_mut().unwrap();
    // 45 degrees: a kernel of ones and one with half of its rows.
    let _ = tch::no_grad(|| layer.kernel.fill_(1.0));
    let half = layer.kernel.detach().copy();
    let _ = half.narrow(0, 0, 5).zero_();
    layer.feedback = Some(half);
    assert!((feedback_angle(layer).unwrap() - 45.0).abs() < 1e-5);
}

#[test]
fn gradients_are_backpropagations_where_nothing_else_carries_the_error() {
    let batch = &batches(1)[0];
    for &rule in Rule::ALL {
        let mut pupil = Pupil::new(&configuration(rule));
        let before = copies(
            pupil
                .network
                .state()
                .iter()
                .map(|(_, tensor)| tensor)
                .collect(),
        );
        let loss = |outputs: &Tensor| loss(outputs, batch);
        let seen = gradient_angles(
            &mut pupil.network,
            pupil.rule.as_mut(),
            0,
            &batch.inputs,
            &loss,
        );
        let seen: Vec<f64> = seen.into_iter().map(Option::unwrap).collect();
        // Nothing lies between the last layer and the loss.
        assert!(seen[3] < 0.05, "{rule}: {seen:?}");
        let is_backpropagation = matches!(rule, Rule::Sgdm | Rule::Adam);
        for angle in &seen[..3] {
            assert_eq!(*angle < 0.05, is_backpropagation, "{rule}: {seen:?}");
        }
        if matches!(
            rule,
            Rule::UniformSign | Rule::BatchwiseRandomSign | Rule::FixedRandomSign
        ) {
            assert!(seen.iter().all(|angle| *angle < 75.0), "{rule}: {seen:?}");
            continue;
        }
        let after = pupil.network.state();
        for ((name, after), before) in after.iter().zip(before) {
            assert_eq!(*after, before, "{rule}: {name}");
        }
    }
}

#[test]
fn feedback_that_is_the_forward_kernel_gives_backpropagations_gradients() {
    let batch = &batches(1)[0];
    let mut pupil = Pupil::new(&configuration(Rule::FeedbackAlignment));
    for layer in &mut pupil.network.layers {
        layer.feedback = Some(layer.kernel.detach().copy());
    }
    let loss = |outputs: &Tensor| loss(outputs, batch);
    let seen = angles(
        &mut pupil.network,
        pupil.rule.as_mut(),
        0,
        &batch.inputs,
        &loss,
    );
    assert_eq!(seen[0].0, None, "the first layer's feedback reaches nobody");
    for (feedback, gradient) in &seen[1..] {
        assert!(feedback.unwrap() < 1e-5 && gradient.unwrap() < 0.05);
    }
    let mut direct = Pupil::new(&configuration(Rule::DirectFeedbackAlignment));
    let seen = angles(
        &mut direct.network,
        direct.rule.as_mut(),
        0,
        &batch.inputs,
        &loss,
    );
    assert!(
        seen.iter()
            .all(|(feedback, gradient)| feedback.is_none() && gradient.is_some())
    );
}
