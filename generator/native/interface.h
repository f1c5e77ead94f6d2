// What every file behind the C interface needs: tensors from pointers, and exceptions as messages.
//
// Every function of the interface returns null, or a message that the caller frees with free().

#pragma once

#include <ATen/ATen.h>

#include <cstring>
#include <exception>

inline at::Tensor& at_pointer(void* tensor) { return *static_cast<at::Tensor*>(tensor); }

template <typename Body>
char* guarded(Body body) {
  try {
    body();
    return nullptr;
  } catch (const std::exception& error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("unknown exception");
  }
}
