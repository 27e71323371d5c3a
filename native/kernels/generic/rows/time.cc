// Operations that combine the steps of a sequence, or give one value to each step. For sums and maxima each sequence is
// walked from end to end, and threads divide the columns. Operations that write one row for each step divide the rows.
#include <cmath>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/packed_rows.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// The number of columns that one walk along a sequence handles.
template <typename T>
constexpr int kWalkVectors = 4;
template <typename T>
constexpr int kWalkColumns = kWalkVectors<T>* Vec<T>::kLanes;

// For every sequence and every group of up to kWalkColumns columns of this thread: visit(sequence, its length, first
// column, columns).
template <typename T, typename Visit>
void for_sequences(const BpttCall& call, int64_t width, Visit visit) {
  const Range mine = share(width, kWalkColumns<T>, *call.team);
  if (mine.begin == mine.end) return;
  for (int64_t b = 0; b < call.axis->batch; ++b) {
    const int64_t length = length_of(*call.axis, b);
    for (int64_t c = mine.begin; c < mine.end; c += kWalkColumns<T>) {
      visit(b, length, c, static_cast<int>(std::min<int64_t>(kWalkColumns<T>, mine.end - c)));
    }
  }
}

// For the rows of steps of this thread: visit(row, step, sequence).
template <typename Visit>
void for_steps(const BpttCall& call, Visit visit) {
  for_packed_rows(*call.axis, share(call.axis->rows, 16, *call.team), visit);
}

template <typename T>
bool is_nan(T x) {
  return std::isnan(x);
}

}  // namespace

// y[b] = x of the first step of sequence b: the first B rows.   x [N,F] in; y [B,F] out
template <typename T>
void firstStep(const BpttCall* call) {
  constexpr Row kRow(Opcode::firstStep);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kY), 16, *call->team);
  const T* x = data<T>(*call, kX);
  std::copy(x + mine.begin * width, x + mine.end * width, data<T>(*call, kY) + mine.begin * width);
}

// dx = dy[b] at the first step of sequence b, 0 at the others.   dy [B,F] in; dx [N,F] out
template <typename T>
void firstStepBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::firstStepBackward);
  constexpr Operand kDy = kRow["dy"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy), sequences = rows(*call, kDy);
  const Range mine = share(rows(*call, kDx), 16, *call->team);
  const int64_t copied = std::max(mine.begin, std::min(mine.end, sequences));
  const T* dy = data<T>(*call, kDy);
  T* dx = data<T>(*call, kDx);
  std::copy(dy + mine.begin * width, dy + copied * width, dx + mine.begin * width);
  std::fill(dx + copied * width, dx + mine.end * width, T(0));
}

// y[b] = x of the last step of sequence b.   x [N,F] in; y [B,F] out
template <typename T>
void lastStep(const BpttCall* call) {
  constexpr Row kRow(Opcode::lastStep);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kY), 16, *call->team);
  for (int64_t b = mine.begin; b < mine.end; ++b) {
    const T* from = data<T>(*call, kX) + (call->axis->offsets[length_of(*call->axis, b) - 1] + b) * width;
    std::copy(from, from + width, data<T>(*call, kY) + b * width);
  }
}

// dx = dy[b] at the last step of sequence b, 0 at the others.   dy [B,F] in; dx [N,F] out
template <typename T>
void lastStepBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::lastStepBackward);
  constexpr Operand kDy = kRow["dy"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy);
  for_steps(*call, [&](int64_t row, int64_t step, int64_t sequence) {
    const T* from = data<T>(*call, kDy) + sequence * width;
    T* to = data<T>(*call, kDx) + row * width;
    if (has_next(*call->axis, step, sequence)) {
      std::fill(to, to + width, T(0));
    } else {
      std::copy(from, from + width, to);
    }
  });
}

// hT[b] = the last steps of h0[b] and then sequence b, S / F of them, one behind the other; numbers of hT that are no
// whole step are zero.
//   x   [N,F]  in
//   h0  [B,S]  in   the steps before the first
//   hT  [B,S]  out
template <typename T>
void lastSteps(const BpttCall* call) {
  constexpr Row kRow(Opcode::lastSteps);
  constexpr Operand kX = kRow["x"], kH0 = kRow["h0"], kHT = kRow["hT"];
  const int64_t width = columns(*call, kX), size = columns(*call, kHT), steps = size / width;
  const Range mine = share(rows(*call, kHT), 1, *call->team);
  for (int64_t b = mine.begin; b < mine.end; ++b) {
    const int64_t length = length_of(*call->axis, b);
    const T* before = data<T>(*call, kH0) + b * size;
    T* to = data<T>(*call, kHT) + b * size;
    for (int64_t step = length - steps; step < length; ++step, to += width) {
      const T* from =
          step < 0 ? before + (steps + step) * width : data<T>(*call, kX) + (call->axis->offsets[step] + b) * width;
      std::copy(from, from + width, to);
    }
    std::fill(to, to + size - steps * width, T(0));
  }
}

// y[b] = the largest x of all steps of sequence b; NaN when one is NaN.   x [N,F] in; y [B,F] out
template <typename T>
void maxOverTime(const BpttCall* call) {
  constexpr Row kRow(Opcode::maxOverTime);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const T* x = data<T>(*call, kX);
  const int64_t* offsets = call->axis->offsets;
  for_sequences<T>(*call, width, [&](int64_t b, int64_t length, int64_t c, int n) {
    T most[kWalkColumns<T>];
    std::copy(x + b * width + c, x + b * width + c + n, most);
    for (int64_t t = 1; t < length; ++t) {
      const T* from = x + (offsets[t] + b) * width + c;
      for (int l = 0; l < n; ++l) most[l] = from[l] > most[l] || is_nan(from[l]) ? from[l] : most[l];
    }
    std::copy(most, most + n, data<T>(*call, kY) + b * width + c);
  });
}

// dx = dy[b] at the first step of sequence b that holds the largest x, or the first NaN; 0 at the others.
//   dy  [B,F]  in
//   x   [N,F]  in   may be the same memory as dx
//   y   [B,F]  in
//   dx  [N,F]  out
template <typename T>
void maxOverTimeBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::maxOverTimeBackward);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kY = kRow["y"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy);
  const int64_t* offsets = call->axis->offsets;
  for_sequences<T>(*call, width, [&](int64_t b, int64_t length, int64_t c, int n) {
    const T* most = data<T>(*call, kY) + b * width + c;
    T left[kWalkColumns<T>];  // dy until the step with the largest x has taken it
    std::copy(data<T>(*call, kDy) + b * width + c, data<T>(*call, kDy) + b * width + c + n, left);
    bool taken[kWalkColumns<T>] = {};
    for (int64_t t = 0; t < length; ++t) {
      const int64_t begin = (offsets[t] + b) * width + c;
      const T* from = data<T>(*call, kX) + begin;
      T* to = data<T>(*call, kDx) + begin;
      for (int l = 0; l < n; ++l) {
        const bool takes = !taken[l] && (from[l] == most[l] || is_nan(from[l]));
        to[l] = takes ? left[l] : T(0);
        taken[l] = taken[l] || takes;
      }
    }
  });
}

// y[b] = sum of x over the steps of sequence b, in blocks of 64 steps, so that the rounding error grows with the number
// of blocks and not with the number of steps.   x [N,F] in; y [B,F] out
// attributes: mean (1: divided by the length of the sequence)
template <typename T>
void sumOverTime(const BpttCall* call) {
  constexpr Row kRow(Opcode::sumOverTime);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kMean = kRow.attribute("mean");
  constexpr int64_t kStepBlock = 64;
  constexpr int L = Vec<T>::kLanes;
  const bool mean = is_set(*call, kMean);
  const int64_t width = columns(*call, kX);
  const int64_t* offsets = call->axis->offsets;
  for_sequences<T>(*call, width, [&](int64_t b, int64_t length, int64_t c, int n) {
    Vec<T> total[kWalkVectors<T>], block[kWalkVectors<T>];
    for (Vec<T>& v : total) v = Vec<T>::zero();
    for (int64_t t0 = 0; t0 < length; t0 += kStepBlock) {
      for (Vec<T>& v : block) v = Vec<T>::zero();
      for (int64_t t = t0; t < std::min(length, t0 + kStepBlock); ++t) {
        const T* from = data<T>(*call, kX) + (offsets[t] + b) * width + c;
        for (int v = 0; v * L < n; ++v) block[v] = block[v] + Vec<T>::load(from + v * L, std::min(L, n - v * L));
      }
      for (int v = 0; v < kWalkVectors<T>; ++v) total[v] = total[v] + block[v];
    }
    const Vec<T> divisor(mean ? static_cast<T>(length) : T(1));
    T* to = data<T>(*call, kY) + b * width + c;
    for (int v = 0; v * L < n; ++v) (total[v] / divisor).store(to + v * L, std::min(L, n - v * L));
  });
}

// y = x[b] at every step of sequence b.   x [B,F] in; y [N,F] out
// attributes: mean (1: divided by the length of the sequence)
template <typename T>
void repeatOverTime(const BpttCall* call) {
  constexpr Row kRow(Opcode::repeatOverTime);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kMean = kRow.attribute("mean");
  const bool mean = is_set(*call, kMean);
  const int64_t width = columns(*call, kX);
  for_steps(*call, [&](int64_t row, int64_t, int64_t sequence) {
    const T* from = data<T>(*call, kX) + sequence * width;
    T* to = data<T>(*call, kY) + row * width;
    const Vec<T> divisor(mean ? static_cast<T>(length_of(*call->axis, sequence)) : T(1));
    for_columns<T>(width, [&](int64_t c, int n) { (Vec<T>::load(from + c, n) / divisor).store(to + c, n); });
  });
}

// y = x * mask[b] at every step of sequence b.   x [N,F], mask [B,F] in; y [N,F] out, may be the same memory as x
template <typename T>
void multiplySequence(const BpttCall* call) {
  constexpr Row kRow(Opcode::multiplySequence);
  constexpr Operand kX = kRow["x"], kMask = kRow["mask"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  for_steps(*call, [&](int64_t row, int64_t, int64_t sequence) {
    const T* x = data<T>(*call, kX) + row * width;
    const T* mask = data<T>(*call, kMask) + sequence * width;
    T* y = data<T>(*call, kY) + row * width;
    for_columns<T>(width,
                   [&](int64_t c, int n) { (Vec<T>::load(x + c, n) * Vec<T>::load(mask + c, n)).store(y + c, n); });
  });
}

BPTT_INSTANTIATE(firstStep);
BPTT_INSTANTIATE(firstStepBackward);
BPTT_INSTANTIATE(lastStep);
BPTT_INSTANTIATE(lastStepBackward);
BPTT_INSTANTIATE(lastSteps);
BPTT_INSTANTIATE(maxOverTime);
BPTT_INSTANTIATE(maxOverTimeBackward);
BPTT_INSTANTIATE(sumOverTime);
BPTT_INSTANTIATE(repeatOverTime);
BPTT_INSTANTIATE(multiplySequence);

}  // namespace kernel
}  // namespace bptt
