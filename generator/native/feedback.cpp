// Layers whose error signal travels through a feedback kernel, as autograd functions behind a C interface.
//
// Forward, such a layer is the ordinary one. Backward, the signal to the layer below goes through the feedback kernel,
// while kernel and bias get their own local gradients. A convolution's gradient with respect to its kernel does not read
// the kernel, so one convolution_backward with the feedback kernel in the kernel's place yields all of them.

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>
#include <vector>

#include "interface.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using MaybeTensor = std::optional<Tensor>;
using Sizes = std::vector<int64_t>;

struct FeedbackConvolution : Function<FeedbackConvolution> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& kernel, const MaybeTensor& bias,
                        const Tensor& feedback, Sizes stride, Sizes padding) {
    context->save_for_backward({input, feedback});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    context->saved_data["outputs"] = kernel.size(0);
    context->saved_data["has_bias"] = bias.has_value();
    return at::convolution(input, kernel, bias, stride, padding, {1, 1}, false, {0, 0}, 1);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    // needs_input_grad counts tensors only: without a bias, the third of them would be the feedback kernel.
    const bool bias = context->saved_data["has_bias"].toBool() && context->needs_input_grad(2);
    const Sizes bias_size{context->saved_data["outputs"].toInt()};
    const auto [input, kernel, offset] = at::convolution_backward(
        gradients[0], saved[0], saved[1], at::OptionalIntArrayRef(bias_size),
        context->saved_data["stride"].toIntVector(), context->saved_data["padding"].toIntVector(), {1, 1}, false,
        {0, 0}, 1, {context->needs_input_grad(0), context->needs_input_grad(1), bias});
    return {input, kernel, offset, Tensor(), Tensor(), Tensor()};
  }
};

struct FeedbackDense : Function<FeedbackDense> {
  static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& kernel, const MaybeTensor& bias,
                        const Tensor& feedback) {
    context->save_for_backward({input, feedback});
    context->saved_data["has_bias"] = bias.has_value();
    return at::linear(input, kernel, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor& error = gradients[0];
    Tensor input, kernel, offset;
    if (context->needs_input_grad(0)) input = error.matmul(saved[1]);
    if (context->needs_input_grad(1)) kernel = error.t().matmul(saved[0]);
    if (context->saved_data["has_bias"].toBool() && context->needs_input_grad(2)) offset = error.sum(0);
    return {input, kernel, offset, Tensor()};
  }
};

// An undefined tensor as an argument of apply() throws; an empty optional does not.
MaybeTensor maybe(void* tensor) { return tensor ? MaybeTensor(at_pointer(tensor)) : MaybeTensor(); }

}  // namespace

extern "C" {

char* engram_feedback_convolution(void** output, void* input, void* kernel, void* bias, void* feedback, int64_t stride,
                                  int64_t padding_y, int64_t padding_x) {
  return guarded([&] {
    *output = new Tensor(FeedbackConvolution::apply(at_pointer(input), at_pointer(kernel), maybe(bias),
                                                    at_pointer(feedback), Sizes{stride, stride},
                                                    Sizes{padding_y, padding_x}));
  });
}

char* engram_feedback_dense(void** output, void* input, void* kernel, void* bias, void* feedback) {
  return guarded([&] {
    *output = new Tensor(FeedbackDense::apply(at_pointer(input), at_pointer(kernel), maybe(bias),
                                              at_pointer(feedback)));
  });
}

// The gradients of a convolution with respect to its input (which = 0) or its kernel (which = 1).
char* engram_convolution_gradient(void** output, void* error, void* input, void* kernel, int64_t stride,
                                  int64_t padding_y, int64_t padding_x, int which) {
  return guarded([&] {
    const auto gradients = at::convolution_backward(
        at_pointer(error), at_pointer(input), at_pointer(kernel), at::OptionalIntArrayRef(), {stride, stride},
        {padding_y, padding_x}, {1, 1}, false, {0, 0}, 1, {which == 0, which == 1, false});
    *output = new Tensor(which == 0 ? std::get<0>(gradients) : std::get<1>(gradients));
  });
}

}  // extern "C"
