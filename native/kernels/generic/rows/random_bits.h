// Which elements a random choice drops. This is a function of (seed, step, operation, element) alone. It is the same
// for float and double, on every instruction set and for any number of threads. Random numbers: base/philox.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/philox.h"
#include "kernels/generic/call.h"

namespace bptt {
namespace kernel {

// For the elements in `mine`, which begins at a multiple of 4: visit(element, whether it is dropped).
//   key        [4]  int32: seed low, seed high, step low, step high
//   operation       number of the operation within the program
//   rate            probability in [0,1) that an element is dropped
template <typename Visit>
inline void for_random_choices(const int32_t* key, uint32_t operation, double rate, Range mine, Visit visit) {
  // 24 random bits against the rate in 24 bits: the same comparison for float and double.
  const uint32_t threshold = static_cast<uint32_t>(std::lround(rate * 16777216.0));
  for (int64_t e = mine.begin; e < mine.end; e += 4) {
    const PhiloxBlock random = philox4x32(
        {{static_cast<uint32_t>(e / 4), static_cast<uint32_t>(key[2]), operation, static_cast<uint32_t>(key[3])}},
        static_cast<uint32_t>(key[0]), static_cast<uint32_t>(key[1]));
    const int n = static_cast<int>(std::min<int64_t>(4, mine.end - e));
    for (int l = 0; l < n; ++l) visit(e + l, (random.word[l] >> 8) < threshold);
  }
}

}  // namespace kernel
}  // namespace bptt
