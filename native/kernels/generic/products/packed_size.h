// How much memory packed weights take (packing.cc).
#pragma once

#include <cstdint>

#include "kernels/generic/products/micro_kernel.h"

namespace bptt {
namespace kernel {

// Numbers of the type S that packed weights [inputs, outputs] take.
template <typename T, typename S>
inline int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates) {
  const int64_t vectors = Tiling<T>::vectors(gates);
  const int64_t width = gates == 1 ? vectors * Vec<T>::kLanes : Vec<T>::kLanes;
  const int64_t panels = (outputs / gates + width - 1) / width;
  const int64_t last = gates == 1 ? panel_vectors<T>(outputs, panels - 1) : vectors;
  return ((panels - 1) * vectors + last) * Panel<T, S>::stored_depth(inputs) * Vec<T>::kLanes;
}

}  // namespace kernel
}  // namespace bptt
