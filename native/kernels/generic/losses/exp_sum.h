// What softmax needs of a row: its largest element, and the sum of the exponentials.
#pragma once

#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

// The largest of n >= 1 elements; NaN or not when one of them is.
template <typename T>
inline T largest(const T* x, int64_t n) {
  constexpr int L = Vec<T>::kLanes;
  T most = x[0];
  int64_t c = 1;
  if (n >= 2 * L) {
    Vec<T> all = Vec<T>::load(x);
    for (c = L; c + L <= n; c += L) all = larger(all, Vec<T>::load(x + c));
    T lanes[L];
    all.store(lanes);
    for (T lane : lanes) most = lane > most ? lane : most;
  }
  for (; c < n; ++c) most = x[c] > most ? x[c] : most;
  return most;
}

// The logarithm of the sum of e^x over a row, in two parts, as operands named `lse` have it [rows, 2]. Their sum in one
// number would lose digits of the second part where the row has a large offset, and with them those of the gradient.
template <typename T>
struct LogSum {
  T largest;
  T log;  // of the sum of e^(x - largest)

  // The logarithm of e^x divided by the sum.
  Vec<T> log_softmax(Vec<T> x) const { return x - Vec<T>(largest) - Vec<T>(log); }
};

template <typename T>
inline void store_log_sum(LogSum<T> sum, T* rows, int64_t r) {
  rows[2 * r] = sum.largest;
  rows[2 * r + 1] = sum.log;
}

template <typename T>
inline LogSum<T> load_log_sum(const T* rows, int64_t r) {
  return {rows[2 * r], rows[2 * r + 1]};
}

// y[c] = e^(x[c] - shift), and their sum, which is NaN when an x is.
template <typename T>
inline T exp_sum(const T* x, T shift, int64_t n, T* y) {
  constexpr int L = Vec<T>::kLanes;
  const Vec<T> by(shift);
  Vec<T> sum = Vec<T>::zero();
  int64_t c = 0;
  for (; c + L <= n; c += L) {
    const Vec<T> e = exp(Vec<T>::load(x + c) - by);
    if (y != nullptr) e.store(y + c);
    sum = sum + e;
  }
  T lanes[L];
  sum.store(lanes);
  T total = 0;
  for (T lane : lanes) total += lane;
  if (c < n) {
    exp(Vec<T>::load(x + c, static_cast<int>(n - c)) - by).store(lanes);
    for (int64_t l = 0; c + l < n; ++l) {
      if (y != nullptr) y[c + l] = lanes[l];
      total += lanes[l];
    }
  }
  return total;
}

}  // namespace kernel
}  // namespace bptt
