use super::*;
use tch::{Device, Kind};

const CONVOLUTION: Kernel = Kernel::Convolution {
    inputs: 2,
    outputs: 3,
    size: 3,
    stride: 1,
    padding: Padding::Same,
};
/// Stride 2 on an even side: one zero, after.
const STRIDED: Kernel = Kernel::Convolution {
    inputs: 2,
    outputs: 3,
    size: 3,
    stride: 2,
    padding: Padding::Same,
};
const DENSE: Kernel = Kernel::Dense {
    inputs: 5,
    outputs: 3,
};

fn draw(shape: &[i64], seed: u64) -> Tensor {
    use rand_distr::{Distribution, StandardNormal};
    let mut generator = engram_schemas::randomness::generator("test", seed, 0);
    let n: i64 = shape.iter().product();
    let values: Vec<f64> = StandardNormal
        .sample_iter(&mut generator)
        .take(n as usize)
        .collect();
    Tensor::from_slice(&values).reshape(shape)
}

fn case(kernel: Kernel) -> (Tensor, Tensor, Tensor) {
    let shape: Vec<i64> = kernel.shape().into_iter().map(|size| size as i64).collect();
    let input = match kernel {
        Kernel::Dense { .. } => draw(&[4, 5], 1),
        Kernel::Convolution { .. } => draw(&[4, 2, 6, 6], 1),
    };
    (input, draw(&shape, 2), draw(&shape, 3))
}

fn assert_close(a: &Tensor, b: &Tensor, what: &str) {
    assert_eq!(a.size(), b.size(), "{what}");
    let difference = (a - b).abs().max().double_value(&[]);
    assert!(difference < 1e-10, "{what}: {difference}");
}

/// The error signal goes through B and the local gradients are backprop's: checked against the detached form, in which
/// the output is W x with x held fixed, plus B x with its value taken away.
#[test]
fn the_signal_goes_through_the_feedback_kernel() {
    for kernel in [CONVOLUTION, STRIDED, DENSE] {
        for with_bias in [false, true] {
            let (input, weight, feedback) = case(kernel);
            let input = input.set_requires_grad(true);
            let weight = weight.set_requires_grad(true);
            let bias = with_bias.then(|| draw(&[3], 4).set_requires_grad(true));
            let output = project_with_feedback(kernel, &input, &weight, bias.as_ref(), &feedback);
            let through_feedback = project(kernel, &input, &feedback, None);
            let detached = project(kernel, &input.detach(), &weight, bias.as_ref())
                + &through_feedback
                - through_feedback.detach();
            assert_close(&output, &detached, "output");
            let error = draw(&output.size(), 5);
            let mut wanted = vec![&input, &weight];
            wanted.extend(bias.as_ref());
            let gradients = |output: &Tensor| {
                Tensor::run_backward(
                    &[(output * &error).sum(Kind::Double)],
                    &wanted,
                    false,
                    false,
                )
            };
            for (ours, expected) in gradients(&output).iter().zip(gradients(&detached)) {
                assert_close(ours, &expected, &format!("{kernel:?}"));
            }
        }
    }
}

#[test]
fn projecting_back_is_the_transpose() {
    for kernel in [CONVOLUTION, STRIDED, DENSE] {
        let (input, weight, _) = case(kernel);
        let output = project(kernel, &input, &weight, None);
        let other = draw(&output.size(), 6);
        // <W x, y> = <x, W' y>
        let back = project_back(kernel, &other, &input, &weight);
        let forth = (&output * &other).sum(Kind::Double).double_value(&[]);
        let difference = forth - (&input * back).sum(Kind::Double).double_value(&[]);
        assert!(difference.abs() < 1e-9, "{kernel:?}: {difference}");
        // The kernel's gradient is the same form seen from the kernel's side.
        let gradient = kernel_gradient(kernel, &other, &input, &weight);
        let difference = forth - (&weight * gradient).sum(Kind::Double).double_value(&[]);
        assert!(difference.abs() < 1e-9, "{kernel:?}: {difference}");
    }
}

#[test]
fn a_strided_window_pads_after() {
    let kernel = Kernel::Convolution {
        inputs: 1,
        outputs: 1,
        size: 3,
        stride: 2,
        padding: Padding::Same,
    };
    let input = Tensor::arange(16, (Kind::Double, Device::Cpu)).view([1, 1, 4, 4]);
    let weight = Tensor::ones([1, 1, 3, 3], (Kind::Double, Device::Cpu));
    let sums: Vec<f64> = Vec::try_from(project(kernel, &input, &weight, None).view([-1])).unwrap();
    assert_eq!(sums, [45.0, 39.0, 66.0, 50.0]);
}
