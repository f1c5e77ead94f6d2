// How many digits a device computes with.

#include "interface.h"

extern "C" {

// cuDNN's convolutions may round their inputs to the 10-bit mantissa of TF32 unless they are told not to.
char* engram_full_precision() {
  return guarded([] {
    at::globalContext().setAllowTF32CuDNN(false);
    at::globalContext().setAllowTF32CuBLAS(false);
  });
}

}  // extern "C"
