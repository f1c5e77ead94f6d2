//! How far a rule is from backpropagation: angles between feedback and forward kernels, and between gradients.
//!
//! At 0 degrees two tensors point the same way, at 90 they have nothing to do with each other, at 180 they oppose. A
//! gradient below 90 degrees from that of backpropagation still goes downhill.
//!
//! Direct feedback alignment has no kernel to compare W with: its matrices reach a layer's units and not its inputs. Its
//! gradients compare as those of any other rule.
//!
//! # References
//! Lillicrap et al., "Random synaptic feedback weights support error backpropagation for deep learning", Nature
//! Communications 2016, figure 2; Akrout et al., "Deep Learning without Weight Transport", NeurIPS 2019, figure 3.

use tch::{Kind, Tensor};

use crate::learning_rules::LearningRule;
use crate::learning_rules::descent::gradients;
use crate::network::{Keep, Layer, Mode, Network, Signal};
use crate::observe::Angles;

/// Angle between a layer's feedback and forward kernel in degrees; nothing where the rule has no feedback kernel, or one
/// of the two is zero or not finite.
pub fn feedback_angle(layer: &Layer) -> Option<f64> {
    angle(layer.feedback.as_ref()?, &layer.kernel)
}

/// Angles between the gradient of each layer's kernel that `rule` sees and that of backpropagation in degrees, from the
/// same weights on the same batch: the gradient that the error brings, without penalty, clipping and momentum. Nothing
/// where one of the two is zero or not finite.
///
/// The pass is that of training step number `step`, with its dropout masks and feedback kernels. It leaves weights,
/// running statistics and the rule's state as they were; feedback kernels are those of that step.
///
/// # Shapes
/// `inputs` `[batch, channels, height, width]`; `loss` makes a scalar of the outputs `[batch, outputs]`.
pub fn gradient_angles(
    network: &mut Network,
    rule: &mut dyn LearningRule,
    step: usize,
    inputs: &Tensor,
    loss: &dyn Fn(&Tensor) -> Tensor,
) -> Vec<Option<f64>> {
    rule.prepare(network, step);
    let statistics: Vec<(Tensor, Tensor)> = network
        .state()
        .into_iter()
        .filter(|(_, tensor)| !tensor.requires_grad())
        .map(|(_, tensor)| (tensor.copy(), tensor))
        .collect();
    let mode = Mode::Train { step };
    let (outputs, records) = network.forward(inputs, mode, rule.signal(), rule.keep());
    let seen = rule.gradients(network, &loss(&outputs), &records);
    let (outputs, _) = network.forward(inputs, mode, Signal::Forward, Keep::Nothing);
    let expected = gradients(network, &loss(&outputs));
    tch::no_grad(|| {
        for (before, mut tensor) in statistics {
            tensor.copy_(&before);
        }
    });
    // The kernels come first among the parameters.
    let kernels = seen.iter().zip(&expected).take(network.layers.len());
    kernels
        .map(|(seen, expected)| angle(seen, expected))
        .collect()
}

/// Both angles of every layer, as they are before training step number `step`. The first layer's feedback kernel carries
/// no error to anybody, so that its angle says nothing and is left out.
///
/// # Shapes
/// Those of [`gradient_angles`].
pub fn angles(
    network: &mut Network,
    rule: &mut dyn LearningRule,
    step: usize,
    inputs: &Tensor,
    loss: &dyn Fn(&Tensor) -> Tensor,
) -> Vec<Angles> {
    let of_gradients = gradient_angles(network, rule, step, inputs, loss);
    let layers = network.layers.iter().enumerate();
    layers
        .map(|(index, layer)| match index {
            0 => None,
            _ => feedback_angle(layer),
        })
        .zip(of_gradients)
        .collect()
}

/// The angle between two tensors of one shape as vectors, in degrees.
///
/// With unit vectors u and v it is 2 atan2(|u - v|, |u + v|), which is exact where the arc cosine loses half its digits,
/// near 0 and 180 degrees.
///
/// # References
/// Kahan, "How Futile are Mindless Assessments of Roundoff in Floating-Point Computation?", 2006, section 12.
fn angle(a: &Tensor, b: &Tensor) -> Option<f64> {
    let unit = |tensor: &Tensor| {
        let vector = tensor.detach().to_kind(Kind::Double).flatten(0, -1);
        let length = vector.norm().double_value(&[]);
        (length > 0.0 && length.is_finite()).then(|| vector / length)
    };
    let (u, v) = (unit(a)?, unit(b)?);
    let length = |tensor: Tensor| tensor.norm().double_value(&[]);
    let half = length(&u - &v).atan2(length(u + v));
    Some((2.0 * half).to_degrees())
}
