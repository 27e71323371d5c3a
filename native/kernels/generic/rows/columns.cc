// Columns of each row: chosen ones by their indices, and the largest. Threads divide the rows. The program has checked
// the indices before the execution. The caller may still change the memory meanwhile: a bad index counts as -1.
#include <algorithm>
#include <cmath>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/losses/exp_sum.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// Rows that are copied column by column together: as long as their columns stay in the first-level cache, an index is
// read and checked once for all of them.
constexpr int64_t kRowsTogether = 16;

template <typename Visit>
void for_blocks(Range rows, Visit visit) {
  for (int64_t r = rows.begin; r < rows.end; r += kRowsTogether) visit(r, std::min(kRowsTogether, rows.end - r));
}

}  // namespace

// y[c] = x[columns[c]] in each row, 0 where the index is -1
//   x        [R,C]  in
//   columns  [1,D]  in   int32
//   y        [R,D]  out
template <typename T>
void gatherColumns(const BpttCall* call) {
  constexpr Row kRow(Opcode::gatherColumns);
  constexpr Operand kX = kRow["x"], kColumns = kRow["columns"], kY = kRow["y"];
  const int64_t width = columns(*call, kX), count = columns(*call, kY);
  const int32_t* indices = data<int32_t>(*call, kColumns);
  for_blocks(share(rows(*call, kY), kRowsTogether, *call->team), [&](int64_t first, int64_t n) {
    const T* x = data<T>(*call, kX) + first * width;
    T* y = data<T>(*call, kY) + first * count;
    for (int64_t c = 0; c < count; ++c) {
      const int32_t from = read_once(indices + c);
      const bool is_column = from >= 0 && from < width;
      for (int64_t r = 0; r < n; ++r) y[r * count + c] = is_column ? x[r * width + from] : T(0);
    }
  });
}

// dx[k] = the sum of dy[c] over the c whose index is k, in ascending order, in each row
//   dy       [R,D]  in
//   columns  [1,D]  in   int32
//   dx       [R,C]  out
template <typename T>
void gatherColumnsBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::gatherColumnsBackward);
  constexpr Operand kDy = kRow["dy"], kColumns = kRow["columns"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDx), count = columns(*call, kDy);
  const int32_t* indices = data<int32_t>(*call, kColumns);
  for_blocks(share(rows(*call, kDx), kRowsTogether, *call->team), [&](int64_t first, int64_t n) {
    const T* dy = data<T>(*call, kDy) + first * count;
    T* dx = data<T>(*call, kDx) + first * width;
    std::fill(dx, dx + n * width, T(0));
    for (int64_t c = 0; c < count; ++c) {
      const int32_t to = read_once(indices + c);
      if (to < 0 || to >= width) continue;
      for (int64_t r = 0; r < n; ++r) dx[r * width + to] += dy[r * count + c];
    }
  });
}

// y = the largest x of each row; NaN when one is NaN.   x [R,C] in; y [R,1] out
template <typename T>
void maxOverColumns(const BpttCall* call) {
  constexpr Row kRow(Opcode::maxOverColumns);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    const T* broken = std::find_if(x, x + width, [](T v) { return std::isnan(v); });
    data<T>(*call, kY)[r] = broken == x + width ? largest(x, width) : *broken;
  }
}

// dx = dy at the first column that holds the largest x of its row, or the first NaN; 0 at the others.
//   dy  [R,1]  in
//   x   [R,C]  in   may be the same memory as dx
//   y   [R,1]  in
//   dx  [R,C]  out
template <typename T>
void maxOverColumnsBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::maxOverColumnsBackward);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kY = kRow["y"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    const T most = data<T>(*call, kY)[r];
    const int64_t first = std::find_if(x, x + width, [=](T v) { return v == most || std::isnan(v); }) - x;
    T* dx = data<T>(*call, kDx) + r * width;
    std::fill(dx, dx + width, T(0));
    if (first < width) dx[first] = data<T>(*call, kDy)[r];
  }
}

BPTT_INSTANTIATE(gatherColumns);
BPTT_INSTANTIATE(gatherColumnsBackward);
BPTT_INSTANTIATE(maxOverColumns);
BPTT_INSTANTIATE(maxOverColumnsBackward);

}  // namespace kernel
}  // namespace bptt
