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
  const T epsilon = static_cast<T>(call->attributes[0]);
  const int64_t width = columns(*call, 0);
  const Range mine = share(rows(*call, 0), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, 0) + r * width;
    normalize_row(x, row_statistics(x, width, epsilon), data<T>(*call, 1), data<T>(*call, 2), width,
                  data<T>(*call, 3) + r * width);
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
  const T epsilon = static_cast<T>(call->attributes[0]);
  const int64_t width = columns(*call, 0);
  const Range mine = share(rows(*call, 0), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, 1) + r * width;
    normalization_backward(x, row_statistics(x, width, epsilon), data<T>(*call, 0) + r * width, data<T>(*call, 2),
                           width, data<T>(*call, 3) + r * width);
  }
}

// dgain = sum over rows of dy * LN(x). Threads first divide the rows, for the statistics, and then the columns.
//   dy     [R,C]  in
//   x      [R,C]  in
//   dgain  [C]    out
// attributes: epsilon
template <typename T>
void normalizationGainGradient(const BpttCall* call) {
  const T epsilon = static_cast<T>(call->attributes[0]);
  const int64_t total_rows = rows(*call, 0), width = columns(*call, 0);
  const T* dy = data<T>(*call, 0);
  const T* x = data<T>(*call, 1);
  T* dgain = data<T>(*call, 2);
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
  return {operands[0].rows * static_cast<int64_t>(sizeof(RowStatistics<T>)), 0};
}

BPTT_INSTANTIATE(layerNormalization);
BPTT_INSTANTIATE(layerNormalizationBackward);
BPTT_INSTANTIATE(normalizationGainGradient);
BPTT_INSTANTIATE_SCRATCH(normalizationGainGradient);

}  // namespace kernel
}  // namespace bptt
