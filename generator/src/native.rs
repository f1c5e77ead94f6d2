//! The one file that calls foreign code: the feedback functions, the optimizers' fused steps, and what a process does once
//! before its first tensor.
#![expect(
    unsafe_code,
    reason = "calls into libtorch through the C interface of the files in native/, and into libc"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

use tch::Tensor;

unsafe extern "C" {
    fn engram_full_precision() -> *mut c_char;
    fn engram_feedback_convolution(
        output: *mut *mut c_void,
        input: *mut c_void,
        kernel: *mut c_void,
        bias: *mut c_void,
        feedback: *mut c_void,
        stride: i64,
        padding_y: i64,
        padding_x: i64,
    ) -> *mut c_char;
    fn engram_feedback_dense(
        output: *mut *mut c_void,
        input: *mut c_void,
        kernel: *mut c_void,
        bias: *mut c_void,
        feedback: *mut c_void,
    ) -> *mut c_char;
    fn engram_convolution_gradient(
        output: *mut *mut c_void,
        error: *mut c_void,
        input: *mut c_void,
        kernel: *mut c_void,
        stride: i64,
        padding_y: i64,
        padding_x: i64,
        which: c_int,
    ) -> *mut c_char;
    fn engram_momentum_step(
        parameters: *const *mut c_void,
        gradients: *const *mut c_void,
        velocities: *const *mut c_void,
        n: usize,
        weight_decay: f64,
        momentum: f64,
        rate: f64,
        nesterov: bool,
    ) -> *mut c_char;
    fn engram_adam_step(
        parameters: *const *mut c_void,
        gradients: *const *mut c_void,
        means: *const *mut c_void,
        squares: *const *mut c_void,
        n: usize,
        step: f64,
        weight_decay: f64,
        rate: f64,
        beta1: f64,
        beta2: f64,
        epsilon: f64,
    ) -> *mut c_char;
}

/// Step and zero padding of a convolution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Step between positions.
    pub(crate) stride: i64,
    /// Zeros above and below, left and right.
    pub(crate) padding: [i64; 2],
}

/// What a gradient of a convolution is taken with respect to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum With {
    /// The input.
    Input,
    /// The kernel.
    Kernel,
}

/// Prepares the process for training; to be called once, before any other use of tensors.
///
/// Big tensors come and go with every layer. By default glibc hands their pages back to the kernel each time and gets
/// them zeroed again, which costs up to a third of a step; here they are kept. For a CUDA device the CUDA part of
/// libtorch is loaded, which the linker leaves out because nothing names its symbols, and its convolutions are kept from
/// rounding to TF32: what is observed there would agree with a CPU's to three digits only.
///
/// # Errors
/// The loader's message when a CUDA device is asked for and libtorch's CUDA part is not there.
pub fn prepare_process(device: &str) -> Result<(), crate::Error> {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt takes plain integers and may be called at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 30);
        libc::mallopt(libc::M_TRIM_THRESHOLD, c_int::MAX);
    }
    if device.starts_with("cuda") {
        // SAFETY: the name is a C string; the handle is never closed, so the operators that it registers stay.
        let handle = unsafe {
            libc::dlopen(
                c"libtorch_cuda.so".as_ptr(),
                libc::RTLD_NOW | libc::RTLD_GLOBAL,
            )
        };
        if handle.is_null() {
            // SAFETY: dlerror returns null or a C string that is valid until the next call.
            let message = unsafe { libc::dlerror() };
            let reason = if message.is_null() {
                "libtorch_cuda.so cannot be loaded".to_owned()
            } else {
                // SAFETY: not null, see above.
                unsafe { CStr::from_ptr(message) }
                    .to_string_lossy()
                    .into_owned()
            };
            return Err(crate::Error::Device {
                device: device.to_owned(),
                reason,
            });
        }
        // SAFETY: it takes nothing, and sets two flags of the process.
        refuse(unsafe { engram_full_precision() });
    }
    Ok(())
}

/// A convolution whose error signal travels through `feedback`.
///
/// # Shapes
/// `input` `[batch, inputs, height, width]`, `kernel` and `feedback` `[outputs, inputs, size, size]`, `bias` `[outputs]`.
pub(crate) fn feedback_convolution(
    input: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    feedback: &Tensor,
    window: Window,
) -> Tensor {
    call(|output| {
        let [padding_y, padding_x] = window.padding;
        // SAFETY: every pointer comes from a live tensor or is null for an absent bias.
        unsafe {
            engram_feedback_convolution(
                output,
                pointer(input),
                pointer(kernel),
                bias.map_or(null_mut(), pointer),
                pointer(feedback),
                window.stride,
                padding_y,
                padding_x,
            )
        }
    })
}

/// A dense layer whose error signal travels through `feedback`.
///
/// # Shapes
/// `input` `[batch, inputs]`, `kernel` and `feedback` `[outputs, inputs]`, `bias` `[outputs]`.
pub(crate) fn feedback_dense(
    input: &Tensor,
    kernel: &Tensor,
    bias: Option<&Tensor>,
    feedback: &Tensor,
) -> Tensor {
    call(|output| {
        // SAFETY: every pointer comes from a live tensor or is null for an absent bias.
        unsafe {
            engram_feedback_dense(
                output,
                pointer(input),
                pointer(kernel),
                bias.map_or(null_mut(), pointer),
                pointer(feedback),
            )
        }
    })
}

/// The gradient of a convolution, given the `error` at its output. With respect to the input this is the transposed
/// convolution of `error`; `input` then only lends its shape, as `kernel` does for the other.
pub(crate) fn convolution_gradient(
    error: &Tensor,
    input: &Tensor,
    kernel: &Tensor,
    window: Window,
    with: With,
) -> Tensor {
    call(|output| {
        let [padding_y, padding_x] = window.padding;
        // SAFETY: every pointer comes from a live tensor.
        unsafe {
            engram_convolution_gradient(
                output,
                pointer(error),
                pointer(input),
                pointer(kernel),
                window.stride,
                padding_y,
                padding_x,
                with as c_int,
            )
        }
    })
}

/// One step of gradient descent with momentum, in place, of the `parameters` and their `velocities`; the L2 penalty's
/// share is added to the gradients on the way.
pub(crate) fn momentum_step(
    parameters: &[&Tensor],
    gradients: &[Tensor],
    velocities: &[Tensor],
    settings: MomentumStep,
) {
    let lists = [
        pointers(parameters.iter().copied()),
        pointers(gradients),
        pointers(velocities),
    ];
    let n = shortest(&lists);
    // SAFETY: the lists have at least n pointers each, of live tensors, and outlive the call.
    refuse(unsafe {
        engram_momentum_step(
            lists[0].as_ptr(),
            lists[1].as_ptr(),
            lists[2].as_ptr(),
            n,
            settings.weight_decay,
            settings.momentum,
            settings.learning_rate,
            settings.nesterov,
        )
    });
}

/// What a step with momentum takes beside tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MomentumStep {
    /// Coefficient of the parameters' L2 penalty.
    pub(crate) weight_decay: f64,
    /// Share of the last step that is taken again.
    pub(crate) momentum: f64,
    /// Factor of the step.
    pub(crate) learning_rate: f64,
    /// Whether the step is Nesterov's.
    pub(crate) nesterov: bool,
}

/// One step of Adam, in place, of the `parameters`, and the `means` and `squares` of their gradients; the L2 penalty's
/// share is added to the gradients on the way.
pub(crate) fn adam_step(
    parameters: &[&Tensor],
    gradients: &[Tensor],
    means: &[Tensor],
    squares: &[Tensor],
    settings: &AdamStep,
) {
    let lists = [
        pointers(parameters.iter().copied()),
        pointers(gradients),
        pointers(means),
        pointers(squares),
    ];
    let n = shortest(&lists);
    // SAFETY: the lists have at least n pointers each, of live tensors, and outlive the call.
    refuse(unsafe {
        engram_adam_step(
            lists[0].as_ptr(),
            lists[1].as_ptr(),
            lists[2].as_ptr(),
            lists[3].as_ptr(),
            n,
            f64::from(settings.step),
            settings.weight_decay,
            settings.learning_rate,
            settings.beta1,
            settings.beta2,
            settings.epsilon,
        )
    });
}

/// What a step of Adam takes beside tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamStep {
    /// Its number, from 1.
    pub(crate) step: i32,
    /// Coefficient of the parameters' L2 penalty.
    pub(crate) weight_decay: f64,
    /// Factor of the step.
    pub(crate) learning_rate: f64,
    /// Decay of the mean of gradients.
    pub(crate) beta1: f64,
    /// Decay of the mean of squared gradients.
    pub(crate) beta2: f64,
    /// Added to the denominator.
    pub(crate) epsilon: f64,
}

fn pointers<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<*mut c_void> {
    tensors.into_iter().map(pointer).collect()
}

fn shortest(lists: &[Vec<*mut c_void>]) -> usize {
    lists.iter().map(Vec::len).min().unwrap_or(0)
}

fn pointer(tensor: &Tensor) -> *mut c_void {
    tensor.as_ptr().cast_mut().cast()
}

/// Calls a foreign function that fills `output` or returns a message, and panics with the message.
fn call(function: impl FnOnce(*mut *mut c_void) -> *mut c_char) -> Tensor {
    let mut output = null_mut();
    refuse(function(&raw mut output));
    // SAFETY: without a message, `output` is a tensor that was allocated for the caller.
    unsafe { Tensor::from_ptr(output.cast()) }
}

/// Panics with the message of a foreign function, if there is one, as the operations of tch do.
#[expect(
    clippy::panic,
    reason = "the same contract as every operation on a tensor"
)]
fn refuse(message: *mut c_char) {
    if message.is_null() {
        return;
    }
    // SAFETY: the message is a C string from strdup, read here and freed once.
    let text = unsafe {
        let text = CStr::from_ptr(message).to_string_lossy().into_owned();
        libc::free(message.cast());
        text
    };
    panic!("{text}");
}
