// Penalties on the outputs of a recurrent layer, with their gradients: their size, and their change from step to step.
// Source: Merity, Keskar, Socher, "Regularizing and optimizing LSTM language models", 2017.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/packed_rows.h"
#include "kernels/generic/rows/row_sums.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// Sum of the squares of term(0) .. term(n - 1): eight partial sums, added as a tree.
template <typename Term>
double sum_of_squares(int64_t n, Term term) {
  constexpr int kSums = 8;
  double sums[kSums] = {};
  for (int64_t c = 0; c < n; c += kSums) {
    const int count = static_cast<int>(std::min<int64_t>(kSums, n - c));
    for (int l = 0; l < count; ++l) {
      const double value = term(c + l);
      sums[l] += value * value;
    }
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// Elements that have a predecessor.
int64_t differences(const BpttAxis& axis, int64_t width) {
  return (axis.rows - axis.batch) * width;
}

// 1 / count, 0 when nothing counts.
double one_over(int64_t count) {
  return count == 0 ? 0.0 : 1.0 / static_cast<double>(count);
}

// dloss times the derivative of a mean of `count` squares, without the factor of the squared value itself.
template <typename T>
T slope_of_mean(const T* dloss, int64_t count) {
  return static_cast<T>(static_cast<double>(*dloss) * 2.0 * one_over(count));
}

}  // namespace

// loss = mean over all elements of x^2.   x [R,C] in; loss [1] out
template <typename T>
void meanSquare(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquare);
  constexpr Operand kX = kRow["x"], kLoss = kRow["loss"];
  const int64_t width = columns(*call, kX);
  double* sums = row_sums(*call);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    sums[r] = sum_of_squares(width, [=](int64_t c) { return static_cast<double>(x[c]); });
  }
  finish_row_sums(*call, rows(*call, kX), one_over(rows(*call, kX) * width), data<T>(*call, kLoss));
}

template <typename T>
BpttScratch meanSquareScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kX = Row(Opcode::meanSquare)["x"];
  return row_sums_scratch(of(operands, kX));
}

// dx = dloss * 2 / (R C) * x.   dloss [1], x [R,C] in; dx [R,C] out, may be the same memory as x
template <typename T>
void meanSquareBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquareBackward);
  constexpr Operand kDloss = kRow["dloss"], kX = kRow["x"], kDx = kRow["dx"];
  constexpr int L = Vec<T>::kLanes;
  const int64_t elements = rows(*call, kX) * columns(*call, kX);
  const Vec<T> by(slope_of_mean(data<T>(*call, kDloss), elements));
  const Range mine = share(elements, 16 * L, *call->team);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    (by * Vec<T>::load(data<T>(*call, kX) + e, n)).store(data<T>(*call, kDx) + e, n);
  }
}

// loss = mean of (x[t] - x[t-1])^2 over the elements of all steps that have a predecessor, 0 when none has.
// x [N,F] in; loss [1] out
template <typename T>
void temporalDifference(const BpttCall* call) {
  constexpr Row kRow(Opcode::temporalDifference);
  constexpr Operand kX = kRow["x"], kLoss = kRow["loss"];
  const int64_t width = columns(*call, kX);
  const BpttAxis& axis = *call->axis;
  double* sums = row_sums(*call);
  for_packed_rows(axis, share(axis.rows, 1, *call->team), [&](int64_t row, int64_t step, int64_t sequence) {
    sums[row] = 0;
    if (step == 0) return;
    const T* x = data<T>(*call, kX) + row * width;
    const T* previous = data<T>(*call, kX) + (axis.offsets[step - 1] + sequence) * width;
    sums[row] =
        sum_of_squares(width, [=](int64_t c) { return static_cast<double>(x[c]) - static_cast<double>(previous[c]); });
  });
  finish_row_sums(*call, axis.rows, one_over(differences(axis, width)), data<T>(*call, kLoss));
}

template <typename T>
BpttScratch temporalDifferenceScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kX = Row(Opcode::temporalDifference)["x"];
  return row_sums_scratch(of(operands, kX));
}

// dx[t] = dloss * 2 / count * ((x[t] - x[t-1]) - (x[t+1] - x[t])), without the term whose step does not exist.
// dloss [1], x [N,F] in; dx [N,F] out
template <typename T>
void temporalDifferenceBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::temporalDifferenceBackward);
  constexpr Operand kDloss = kRow["dloss"], kX = kRow["x"], kDx = kRow["dx"];
  constexpr int L = Vec<T>::kLanes;
  const int64_t width = columns(*call, kX);
  const BpttAxis& axis = *call->axis;
  const Vec<T> by(slope_of_mean(data<T>(*call, kDloss), differences(axis, width)));
  const T* x = data<T>(*call, kX);
  for_packed_rows(axis, share(axis.rows, 16, *call->team), [&](int64_t row, int64_t step, int64_t sequence) {
    const T* here = x + row * width;
    // For a step that does not exist this step is used: the difference is 0.
    const T* previous = step == 0 ? here : x + (axis.offsets[step - 1] + sequence) * width;
    const T* next = has_next(axis, step, sequence) ? x + (axis.offsets[step + 1] + sequence) * width : here;
    T* to = data<T>(*call, kDx) + row * width;
    for (int64_t c = 0; c < width; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, width - c));
      const Vec<T> value = Vec<T>::load(here + c, n);
      const Vec<T> change = (value - Vec<T>::load(previous + c, n)) - (Vec<T>::load(next + c, n) - value);
      (by * change).store(to + c, n);
    }
  });
}

BPTT_INSTANTIATE(meanSquare);
BPTT_INSTANTIATE_SCRATCH(meanSquare);
BPTT_INSTANTIATE(meanSquareBackward);
BPTT_INSTANTIATE(temporalDifference);
BPTT_INSTANTIATE_SCRATCH(temporalDifference);
BPTT_INSTANTIATE(temporalDifferenceBackward);

}  // namespace kernel
}  // namespace bptt
