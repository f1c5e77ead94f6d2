// The optimizers' steps: one pass over parameter, gradient and state each, by libtorch's fused kernels.
//
// The fused kernels walk through memory and look at no strides, so that a gradient that lies otherwise than its parameter
// is copied to lie alike. Gradients of convolutions whose input has its channels last are.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "interface.h"

namespace {

using at::Tensor;
using Tensors = std::vector<Tensor>;

Tensors at_pointers(void* const* tensors, size_t n) {
  Tensors all;
  all.reserve(n);
  for (size_t place = 0; place < n; ++place) all.push_back(at_pointer(tensors[place]));
  return all;
}

Tensors alike(Tensors gradients, const Tensors& parameters) {
  for (size_t place = 0; place < gradients.size(); ++place) {
    Tensor& gradient = gradients[place];
    const Tensor& parameter = parameters[place];
    TORCH_CHECK(gradient.sizes() == parameter.sizes(), "a gradient has shape ", gradient.sizes(),
                " and its parameter ", parameter.sizes());
    if (gradient.strides() != parameter.strides()) gradient = at::empty_like(parameter).copy_(gradient);
  }
  return gradients;
}

}  // namespace

extern "C" {

// v = momentum v + (g + weight_decay w); w = w - rate v, or w - rate (g + weight_decay w + momentum v) after Nesterov.
char* engram_momentum_step(void* const* parameters, void* const* gradients, void* const* velocities, size_t n,
                           double weight_decay, double momentum, double rate, bool nesterov) {
  return guarded([&] {
    const c10::AutoGradMode no_grad(false);
    const Tensors weights = at_pointers(parameters, n);
    if (weights.empty()) return;
    // Without momentum the fused kernel wants no velocities.
    const Tensors kept = momentum == 0.0 ? Tensors() : at_pointers(velocities, n);
    at::_fused_sgd_(weights, alike(at_pointers(gradients, n), weights), kept, weight_decay, momentum, rate,
                    /*dampening=*/0.0, nesterov, /*maximize=*/false, /*is_first_step=*/false);
  });
}

// Adam's step number `step`, from 1, along g + weight_decay w.
char* engram_adam_step(void* const* parameters, void* const* gradients, void* const* means, void* const* squares,
                       size_t n, double step, double weight_decay, double rate, double beta1, double beta2,
                       double epsilon) {
  return guarded([&] {
    const c10::AutoGradMode no_grad(false);
    const Tensors weights = at_pointers(parameters, n);
    if (weights.empty()) return;
    const Tensors steps(n, at::full({}, step, weights[0].options().dtype(at::kFloat)));
    at::_fused_adam_(weights, alike(at_pointers(gradients, n), weights), at_pointers(means, n),
                     at_pointers(squares, n), {}, steps, rate, beta1, beta2, weight_decay, epsilon,
                     /*amsgrad=*/false, /*maximize=*/false);
  });
}

}  // extern "C"
