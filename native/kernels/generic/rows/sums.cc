// Sums over rows and over columns, and what they are the gradients of: a row or a column that is repeated. A sum
// belongs to one thread, and its order does not depend on their number.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/transposed_product.h"
#include "kernels/generic/rows/normalization.h"

namespace bptt {
namespace kernel {

namespace {

// What a sum of `count` terms is multiplied by.
template <typename T>
T factor_of(const BpttCall& call, Attribute mean, int64_t count) {
  return is_set(call, mean) ? T(1) / static_cast<T>(count) : T(1);
}

}  // namespace

// y = sum over rows of x, or their mean; in blocks of 64 rows, as biasGradient.   x [R,C] in; y [1,C] out
template <typename T>
void sumRows(const BpttCall* call) {
  constexpr Row kRow(Opcode::sumRows);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kMean = kRow.attribute("mean");
  const int64_t count = rows(*call, kX), width = columns(*call, kX);
  const Range mine = share(width, sum_width<T>(), *call->team);
  T* y = data<T>(*call, kY);
  column_sums<T>(data<T>(*call, kX), width, count, mine, y);
  const Vec<T> factor(factor_of<T>(*call, kMean, count));
  for_columns<T>(mine.end - mine.begin, [=](int64_t c, int n) {
    T* to = y + mine.begin + c;
    (factor * Vec<T>::load(to, n)).store(to, n);
  });
}

// y = sum over columns of x, or their mean.   x [R,C] in; y [R,1] out
template <typename T>
void sumColumns(const BpttCall* call) {
  constexpr Row kRow(Opcode::sumColumns);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kMean = kRow.attribute("mean");
  const int64_t width = columns(*call, kX);
  const T factor = factor_of<T>(*call, kMean, width);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    const T sum = detail::row_sum<T>(width, [=](int64_t c, int n) { return Vec<T>::load(x + c, n); });
    data<T>(*call, kY)[r] = factor * sum;
  }
}

// y = the row for all rows, or the column for all columns, divided by how many there are where `mean` is set.
//   row     [1,C]  in   either this
//   column  [R,1]  in   or this
//   y       [R,C]  out
template <typename T>
void repeat(const BpttCall* call) {
  constexpr Row kRow(Opcode::repeat);
  constexpr Operand kFrom = kRow["row"], kColumn = kRow["column"], kY = kRow["y"];
  constexpr Attribute kMean = kRow.attribute("mean");
  const int64_t count = rows(*call, kY), width = columns(*call, kY);
  const T *row = data<T>(*call, kFrom), *column = data<T>(*call, kColumn);
  const Vec<T> factor(factor_of<T>(*call, kMean, row == nullptr ? width : count));
  const Range mine = share(count, 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    T* y = data<T>(*call, kY) + r * width;
    for_columns<T>(width, [=](int64_t c, int n) {
      const Vec<T> value = row != nullptr ? Vec<T>::load(row + c, n) : Vec<T>(column[r]);
      (factor * value).store(y + c, n);
    });
  }
}

BPTT_INSTANTIATE(sumRows);
BPTT_INSTANTIATE(sumColumns);
BPTT_INSTANTIATE(repeat);

}  // namespace kernel
}  // namespace bptt
