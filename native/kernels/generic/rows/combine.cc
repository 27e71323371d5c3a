// Functions of two elements, of matrices of the same size, or of a matrix and a row or a column that stands for a
// matrix of equal rows or columns. Threads divide the rows; every element is computed alone.
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/functions.h"

namespace bptt {
namespace kernel {

namespace {

constexpr int64_t kVectorsEach = 16;  // of a thread at least

// The second operand: what stands beside the columns c.. of row r.
template <typename T>
struct Beside {
  const T* row;     // [1,C], null where it is
  const T* column;  // [R,1]

  Vec<T> load(int64_t r, int64_t c, int n) const {
    return row != nullptr ? Vec<T>::load(row + c, n) : Vec<T>(column[r]);
  }
};

// The vectors of a matrix that fall to this thread: whole rows.
Range rows_of_thread(const BpttCall& call, Operand operand) {
  return share(rows(call, operand), 1, *call.team);
}

template <typename T>
BPTT_INLINE Vec<T> slope_of(Combination f, bool is_of_b, Vec<T> dy, Vec<T> a, Vec<T> b) {
  return is_of_b ? combined_backward(swapped(f), dy, b, a) : combined_backward(f, dy, a, b);
}

}  // namespace

// y = f(a, b).   a, b [R,C] in; y [R,C] out, may be the same memory as a
template <typename T>
void combine(const BpttCall* call) {
  constexpr Row kRow(Opcode::combine);
  constexpr Operand kA = kRow["a"], kB = kRow["b"], kY = kRow["y"];
  constexpr Attribute kFunction = kRow.attribute("function");
  constexpr int L = Vec<T>::kLanes;
  const Combination f = combination_of(number(*call, kFunction));
  const Range mine = share(rows(*call, kY) * columns(*call, kY), kVectorsEach * L, *call->team);
  const T *a = data<T>(*call, kA), *b = data<T>(*call, kB);
  T* y = data<T>(*call, kY);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    combined(f, Vec<T>::load(a + e, n), Vec<T>::load(b + e, n)).store(y + e, n);
  }
}

// dx = dy times the derivative of f by a, or by b.   dy, a, b [R,C] in; dx [R,C] out, may be the same memory as dy
template <typename T>
void combineBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::combineBackward);
  constexpr Operand kDy = kRow["dy"], kA = kRow["a"], kB = kRow["b"], kDx = kRow["dx"];
  constexpr Attribute kFunction = kRow.attribute("function"), kOperand = kRow.attribute("operand");
  constexpr int L = Vec<T>::kLanes;
  const Combination f = combination_of(number(*call, kFunction));
  const bool is_of_b = is_set(*call, kOperand);
  const Range mine = share(rows(*call, kDx) * columns(*call, kDx), kVectorsEach * L, *call->team);
  const T *dy = data<T>(*call, kDy), *a = data<T>(*call, kA), *b = data<T>(*call, kB);
  T* dx = data<T>(*call, kDx);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    slope_of(f, is_of_b, Vec<T>::load(dy + e, n), Vec<T>::load(a + e, n), Vec<T>::load(b + e, n)).store(dx + e, n);
  }
}

// y = f(a, b), where b is a row for all rows of a or a column for all its columns.
//   a       [R,C]  in
//   row     [1,C]  in   either this
//   column  [R,1]  in   or this
//   y       [R,C]  out  may be the same memory as a
template <typename T>
void spread(const BpttCall* call) {
  constexpr Row kRow(Opcode::spread);
  constexpr Operand kA = kRow["a"], kB = kRow["row"], kColumn = kRow["column"], kY = kRow["y"];
  constexpr Attribute kFunction = kRow.attribute("function");
  const Combination f = combination_of(number(*call, kFunction));
  const Beside<T> beside{data<T>(*call, kB), data<T>(*call, kColumn)};
  const int64_t width = columns(*call, kY);
  const Range mine = rows_of_thread(*call, kY);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* a = data<T>(*call, kA) + r * width;
    T* y = data<T>(*call, kY) + r * width;
    for_columns<T>(
        width, [=](int64_t c, int n) { combined(f, Vec<T>::load(a + c, n), beside.load(r, c, n)).store(y + c, n); });
  }
}

// dx = dy times the derivative of f by a, or by b as if it were a matrix.
//   dy, a   [R,C]  in
//   row     [1,C]  in   either this
//   column  [R,1]  in   or this
//   dx      [R,C]  out  may be the same memory as dy
template <typename T>
void spreadBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::spreadBackward);
  constexpr Operand kDy = kRow["dy"], kA = kRow["a"], kB = kRow["row"], kColumn = kRow["column"], kDx = kRow["dx"];
  constexpr Attribute kFunction = kRow.attribute("function"), kOperand = kRow.attribute("operand");
  const Combination f = combination_of(number(*call, kFunction));
  const bool is_of_b = is_set(*call, kOperand);
  const Beside<T> beside{data<T>(*call, kB), data<T>(*call, kColumn)};
  const int64_t width = columns(*call, kDx);
  const Range mine = rows_of_thread(*call, kDx);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T *dy = data<T>(*call, kDy) + r * width, *a = data<T>(*call, kA) + r * width;
    T* dx = data<T>(*call, kDx) + r * width;
    for_columns<T>(width, [=](int64_t c, int n) {
      slope_of(f, is_of_b, Vec<T>::load(dy + c, n), Vec<T>::load(a + c, n), beside.load(r, c, n)).store(dx + c, n);
    });
  }
}

BPTT_INSTANTIATE(combine);
BPTT_INSTANTIATE(combineBackward);
BPTT_INSTANTIATE(spread);
BPTT_INSTANTIATE(spreadBackward);

}  // namespace kernel
}  // namespace bptt
