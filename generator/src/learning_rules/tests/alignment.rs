//! The closed form of the alignment gradient against libtorch's differentiation of the loss as it is written down.

use super::*;
use crate::learning_rules::alignment_loss::{Coefficients, alignment_gradient, alignment_loss};

fn double(tensor: &Tensor) -> Tensor {
    tensor.detach().to_kind(Kind::Double)
}

/// The loss with B' y by libtorch's own transposed convolution, so that it can be differentiated.
fn differentiable(
    layer: &Layer,
    input: &Tensor,
    sums: &Tensor,
    feedback: &Tensor,
    coefficients: Coefficients,
) -> Tensor {
    let batch = input.size()[0] as f64;
    let none = None::<Tensor>;
    let (forth, back) = if input.dim() == 2 {
        (input.linear(feedback, none.as_ref()), sums.matmul(feedback))
    } else {
        let forth = input.conv2d(feedback, none.as_ref(), [1, 1], [2, 2], [1, 1], 1);
        let back = sums.conv_transpose2d(feedback, none, [1, 1], [2, 2], [0, 0], 1, [1, 1]);
        (forth, back)
    };
    let total = |x: Tensor| x.sum(Kind::Double);
    total(sums * &forth) * (-coefficients.amp / batch)
        + total(back.square()) * (coefficients.null / batch)
        + total(forth.square()) * (coefficients.sparse / batch)
        - total(double(&layer.kernel) * feedback) * coefficients.symmetric
        + total(feedback.square()) * coefficients.decay
}

#[test]
fn alignment_gradient_is_that_of_the_alignment_loss() {
    let (network, rule, batch) = prepare(&run(Architecture::Knet4, feedback_alignment()));
    let mode = Mode::Train { step: 0 };
    let (_, records) = network.forward(&batch.inputs, mode, rule.signal(), Keep::Records);
    let one = |set: fn(&mut Coefficients)| {
        let mut coefficients = Coefficients::default();
        set(&mut coefficients);
        coefficients
    };
    for coefficients in [
        one(|all| all.amp = 1.0),
        one(|all| all.null = 1.0),
        one(|all| all.sparse = 1.0),
        one(|all| all.symmetric = 1.0),
        one(|all| all.decay = 1.0),
        Coefficients {
            amp: 0.3,
            null: 0.2,
            sparse: 0.5,
            symmetric: 0.4,
            decay: 0.1,
        },
    ] {
        for (layer, record) in network.layers.iter().zip(&records) {
            let feedback = double(layer.feedback.as_ref().unwrap()).set_requires_grad(true);
            let (input, sums) = (double(&record.input), double(&record.sums));
            let (kernel, weight) = (layer.spec.kernel, double(&layer.kernel));
            let loss = differentiable(layer, &input, &sums, &feedback, coefficients);
            let held = feedback.detach();
            let written = alignment_loss(kernel, &input, &sums, &weight, &held, coefficients);
            let scale = written.abs().double_value(&[]).max(1.0);
            assert!(difference(&loss, &written) < 1e-9 * scale);
            let expected = &Tensor::run_backward(&[loss], &[&feedback], false, false)[0];
            let ours = alignment_gradient(kernel, &input, &sums, &weight, &held, coefficients);
            let scale = expected.abs().max().double_value(&[]).max(1e-12);
            let name = &layer.spec.name;
            assert!(
                difference(&ours, expected) < 1e-10 * scale,
                "{name}: {coefficients:?}"
            );
        }
    }
}
