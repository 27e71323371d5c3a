// Inverted dropout: y = keep ? x / (1 - rate) : 0. The mask is a function of (seed, step, operation, element), so the
// backward pass is the same kernel on the gradient and no mask is kept.
// Source: Srivastava et al. 2014.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/random_bits.h"

namespace bptt {
namespace kernel {

//   x    [R,C]  in
//   key  [4]    in   int32: seed low, seed high, step low, step high
//   y    [R,C]  out  may be the same memory as x
// attributes: rate in [0,1), operationId
template <typename T>
void dropout(const BpttCall* call) {
  constexpr Row kRow(Opcode::dropout);
  constexpr Operand kX = kRow["x"], kKey = kRow["key"], kY = kRow["y"];
  constexpr Attribute kRate = kRow.attribute("rate"), kOperationId = kRow.attribute("operationId");
  const T* x = data<T>(*call, kX);
  const int32_t* key = data<int32_t>(*call, kKey);
  T* y = data<T>(*call, kY);
  const double rate = number(*call, kRate);
  const T factor = static_cast<T>(1.0 / (1.0 - rate));
  const Range mine = share(rows(*call, kY) * columns(*call, kY), 64, *call->team);
  for_random_choices(key, static_cast<uint32_t>(number(*call, kOperationId)), rate, mine,
                     [=](int64_t e, bool dropped) { y[e] = dropped ? T(0) : x[e] * factor; });
}

BPTT_INSTANTIATE(dropout);

}  // namespace kernel
}  // namespace bptt
