//! A kernel applied to an input, in both directions, and with the error signal sent through another kernel.

use engram_plan::Kernel;
use engram_plan::architectures::Padding;
use tch::Tensor;

use crate::native::{self, Window, With};

/// The kernel `weight` applied to `input`.
///
/// # Shapes
/// `[batch, inputs, height, width]` for a convolution, `[batch, inputs]` for a dense layer.
pub fn project(kernel: Kernel, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    match kernel {
        Kernel::Dense { .. } => input.linear(weight, bias),
        Kernel::Convolution {
            size,
            stride,
            padding,
            ..
        } => {
            let (input, window) = padded(input, size, stride, padding);
            input.conv2d(weight, bias, [window.stride; 2], window.padding, [1, 1], 1)
        }
    }
}

/// [`project`], with the error signal to `input` sent through `feedback` in backward passes. Gradients of `weight` and
/// `bias` are the local ones.
pub fn project_with_feedback(
    kernel: Kernel,
    input: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    feedback: &Tensor,
) -> Tensor {
    match kernel {
        Kernel::Dense { .. } => native::feedback_dense(input, weight, bias, feedback),
        Kernel::Convolution {
            size,
            stride,
            padding,
            ..
        } => {
            let (input, window) = padded(input, size, stride, padding);
            native::feedback_convolution(&input, weight, bias, feedback, window)
        }
    }
}

/// The transpose of [`project`]: `output` sent back through `weight`, in the shape of `input`.
pub fn project_back(kernel: Kernel, output: &Tensor, input: &Tensor, weight: &Tensor) -> Tensor {
    match kernel {
        Kernel::Dense { .. } => output.matmul(weight),
        Kernel::Convolution {
            size,
            stride,
            padding,
            ..
        } => {
            let (wide, window) = padded(input, size, stride, padding);
            let back = native::convolution_gradient(output, &wide, weight, window, With::Input);
            let (rows, columns) = (input.size()[2], input.size()[3]);
            let (top, left) = (
                before(rows, size, stride, padding),
                before(columns, size, stride, padding),
            );
            let extra = |axis: usize| wide.size()[axis] - input.size()[axis];
            let start = |zeros: i64, axis: usize| if extra(axis) > 0 { zeros } else { 0 };
            back.narrow(2, start(top, 2), rows)
                .narrow(3, start(left, 3), columns)
        }
    }
}

/// The gradient of `sum(error * project(input, weight))` with respect to the kernel; `weight` only lends its shape.
pub fn kernel_gradient(kernel: Kernel, error: &Tensor, input: &Tensor, weight: &Tensor) -> Tensor {
    match kernel {
        Kernel::Dense { .. } => error.transpose(0, 1).matmul(input),
        Kernel::Convolution {
            size,
            stride,
            padding,
            ..
        } => {
            let (input, window) = padded(input, size, stride, padding);
            native::convolution_gradient(error, &input, weight, window, With::Kernel)
        }
    }
}

/// What libtorch needs to give `padding`: even zeros are its own to add, uneven ones are added here.
fn padded(input: &Tensor, size: usize, stride: usize, padding: Padding) -> (Tensor, Window) {
    let amounts = |axis: usize| {
        let (before, after) = padding.amounts(input.size()[axis] as usize, size, stride);
        (before as i64, after as i64)
    };
    let ((top, bottom), (left, right)) = (amounts(2), amounts(3));
    let stride = stride as i64;
    if top == bottom && left == right {
        (
            input.shallow_clone(),
            Window {
                stride,
                padding: [top, left],
            },
        )
    } else {
        (
            input.constant_pad_nd([left, right, top, bottom]),
            Window {
                stride,
                padding: [0, 0],
            },
        )
    }
}

fn before(length: i64, size: usize, stride: usize, padding: Padding) -> i64 {
    padding.amounts(length as usize, size, stride).0 as i64
}

#[cfg(test)]
mod tests;
