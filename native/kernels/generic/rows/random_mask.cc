// Random masks of two values, for example dropout masks that several steps share and zoneout masks.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/random_bits.h"

namespace bptt {
namespace kernel {

// y = `dropped` with probability rate, else `kept`. Dropout with the same key and operation drops the same elements.
//   key  [4]    in   int32: seed low, seed high, step low, step high
//   y    [R,C]  out
// attributes: rate in [0,1), operationId, dropped, kept
template <typename T>
void randomMask(const BpttCall* call) {
  constexpr Row kRow(Opcode::randomMask);
  constexpr Operand kKey = kRow["key"], kY = kRow["y"];
  constexpr Attribute kRate = kRow.attribute("rate"), kOperationId = kRow.attribute("operationId"),
                      kDropped = kRow.attribute("dropped"), kKept = kRow.attribute("kept");
  T* y = data<T>(*call, kY);
  const T dropped = static_cast<T>(number(*call, kDropped)), kept = static_cast<T>(number(*call, kKept));
  const Range mine = share(rows(*call, kY) * columns(*call, kY), 64, *call->team);
  for_random_choices(data<int32_t>(*call, kKey), static_cast<uint32_t>(number(*call, kOperationId)),
                     number(*call, kRate), mine,
                     [=](int64_t e, bool is_dropped) { y[e] = is_dropped ? dropped : kept; });
}

BPTT_INSTANTIATE(randomMask);

}  // namespace kernel
}  // namespace bptt
