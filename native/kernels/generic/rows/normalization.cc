// Layer normalization of every row, and its gradients. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
#include "kernels/generic/rows/normalization.h"
#include "kernels/generic/products/transposed_product.h"

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

// y = LN(x) * gain + shift
//   x      [R,C]  in
//   gain   [C]    in
//   shift  [C]    in   may be absent
//   y      [R,C]  out  may be the same memory as x
// attributes: epsilon
template <typename T>
void layerNormalization(const BpttCall* call) {
  constexpr Row kRow(Opcode::layerNormalization);
  constexpr Operand kX = kRow["x"], kGain = kRow["gain"], kShift = kRow["shift"], kY = kRow["y"];
  constexpr Attribute kEpsilon = kRow.attribute("epsilon");
  const T epsilon = static_cast<T>(number(*call, kEpsilon));
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    normalize_row(x, row_statistics(x, width, epsilon), data<T>(*call, kGain), data<T>(*call, kShift), width,
                  data<T>(*call, kY) + r * width);
  }
}

// The gradient of x.
//   dy    [R,C]  in
//   x     [R,C]  in
//   gain  [C]    in
//   dx    [R,C]  out  may be the same memory as dy
// attributes: epsilon
template <typename T>
void layerNormalizationBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::layerNormalizationBackward);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kGain = kRow["gain"], kDx = kRow["dx"];
  constexpr Attribute kEpsilon = kRow.attribute("epsilon");
  const T epsilon = static_cast<T>(number(*call, kEpsilon));
  const int64_t width = columns(*call, kDy);
  const Range mine = share(rows(*call, kDy), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    normalization_backward(x, row_statistics(x, width, epsilon), data<T>(*call, kDy) + r * width, data<T>(*call, kGain),
                           width, data<T>(*call, kDx) + r * width);
  }
}

// dgain = sum over rows of dy * LN(x). Threads first divide the rows, for the statistics, and then the columns.
//   dy     [R,C]  in
//   x      [R,C]  in
//   dgain  [C]    out
// attributes: epsilon
template <typename T, typename A>
void normalizationGainGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::normalizationGainGradient);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kDgain = kRow["dgain"];
  constexpr Attribute kEpsilon = kRow.attribute("epsilon");
  const T epsilon = static_cast<T>(number(*call, kEpsilon));
  const int64_t total_rows = rows(*call, kDy), width = columns(*call, kDy);
  const T* dy = data<T>(*call, kDy);
  const A* x = data<A>(*call, kX);
  T* dgain = data<T>(*call, kDgain);
  RowStatistics<T>* statistics = static_cast<RowStatistics<T>*>(call->shared_scratch);
  const Range own = share(total_rows, 1, *call->team);
  for (int64_t r = own.begin; r < own.end; ++r) statistics[r] = row_statistics(x + r * width, width, epsilon);
  if (barrier(*call)) return;
  const Range mine = share(width, sum_width<T>(), *call->team);
  column_sums_of<T>(
      total_rows, mine, [](int64_t) {},
      [&](int64_t r, int64_t c, int n) {
        return Vec<T>::load(dy + r * width + c, n) * normalized(Vec<T>::load(x + r * width + c, n), statistics[r]);
      },
      dgain);
}

template <typename T>
BpttScratch normalizationGainGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kDy = Row(Opcode::normalizationGainGradient)["dy"];
  return {of(operands, kDy).rows * static_cast<int64_t>(sizeof(RowStatistics<T>)), 0};
}

BPTT_INSTANTIATE(layerNormalization);
BPTT_INSTANTIATE(layerNormalizationBackward);
BPTT_INSTANTIATE(normalizationGainGradient);
BPTT_INSTANTIATE_SCRATCH(normalizationGainGradient);

}  // namespace kernel
}  // namespace bptt
