// A panel of weights as it lies in memory: numbers of the type S, loaded and stored as vectors of the compute type T.
#pragma once

#include <type_traits>

#include "kernels/generic/call.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

template <typename T, typename S>
struct Panel {
  static constexpr int kLanes = Vec<T>::kLanes;

  BPTT_INLINE static Vec<T> load(const S* from) {
    if constexpr (std::is_same_v<T, S>) {
      return Vec<T>::load(from);
    } else {
      T lanes[kLanes];
      for (int l = 0; l < kLanes; ++l) lanes[l] = static_cast<T>(from[l]);
      return Vec<T>::load(lanes);
    }
  }

  static void store(Vec<T> vector, S* to) {
    if constexpr (std::is_same_v<T, S>) {
      vector.store(to);
    } else {
      T lanes[kLanes];
      vector.store(lanes);
      for (int l = 0; l < kLanes; ++l) to[l] = static_cast<S>(lanes[l]);
    }
  }
};

}  // namespace kernel
}  // namespace bptt
