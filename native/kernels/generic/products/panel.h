// A panel of weights as it lies in memory: numbers of the type S, loaded and stored as vectors of the compute type T.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

template <typename T, typename S>
struct Panel {
  BPTT_INLINE static Vec<T> load(const S* from) { return Vec<T>::load(from); }
  static void store(Vec<T> vector, S* to) { vector.store(to); }
};

}  // namespace kernel
}  // namespace bptt
