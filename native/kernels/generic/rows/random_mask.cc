// Random masks of two values, for example dropout masks that several steps share and zoneout masks.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/random_bits.h"

namespace bptt {
namespace kernel {

// y = `dropped` with probability rate, else `kept`; the elements that dropout of the same key and operation drops.
//   key  [4]    in   int32: seed low, seed high, step low, step high
//   y    [R,C]  out
// attributes: rate in [0,1), operationId, dropped, kept
template <typename T>
void randomMask(const BpttCall* call) {
  T* y = data<T>(*call, 1);
  const T dropped = static_cast<T>(call->attributes[2]), kept = static_cast<T>(call->attributes[3]);
  const Range mine = share(rows(*call, 1) * columns(*call, 1), 64, *call->team);
  for_random_choices(data<int32_t>(*call, 0), static_cast<uint32_t>(call->attributes[1]), call->attributes[0], mine,
                     [=](int64_t e, bool is_dropped) { y[e] = is_dropped ? dropped : kept; });
}

BPTT_INSTANTIATE(randomMask);

}  // namespace kernel
}  // namespace bptt
