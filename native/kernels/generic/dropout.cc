// Inverted dropout: y = keep ? x / (1 - rate) : 0. The mask is a function of (seed, step, operation, element), so the
// backward pass is the same kernel on the gradient and no mask is kept.
// Source: Srivastava et al. 2014; random numbers: base/philox.h.
#include <cmath>

#include "base/philox.h"
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

//   x    [R,C]  in
//   key  [4]    in   int32: seed low, seed high, step low, step high
//   y    [R,C]  out  may be the same memory as x
// attributes: rate in [0,1), operationId
template <typename T>
void dropout(const BpttCall* call) {
  const T* x = data<T>(*call, 0);
  const int32_t* key = data<int32_t>(*call, 1);
  T* y = data<T>(*call, 2);
  const double rate = call->attributes[0];
  // 24 random bits against the rate in 24 bits: the same comparison for float and double.
  const uint32_t threshold = static_cast<uint32_t>(std::lround(rate * 16777216.0));
  const T factor = static_cast<T>(1.0 / (1.0 - rate));
  const uint32_t operation = static_cast<uint32_t>(call->attributes[1]);
  const int64_t total = rows(*call, 2) * columns(*call, 2);
  const Range mine = share(total, 64, *call->team);
  for (int64_t e = mine.begin; e < mine.end; e += 4) {
    const PhiloxBlock random = philox4x32(
        {{static_cast<uint32_t>(e / 4), static_cast<uint32_t>(key[2]), operation, static_cast<uint32_t>(key[3])}},
        static_cast<uint32_t>(key[0]), static_cast<uint32_t>(key[1]));
    const int n = static_cast<int>(std::min<int64_t>(4, mine.end - e));
    for (int l = 0; l < n; ++l) y[e + l] = (random.word[l] >> 8) >= threshold ? x[e + l] * factor : T(0);
  }
}

BPTT_INSTANTIATE(dropout);

}  // namespace kernel
}  // namespace bptt
