// Layer normalization of one row: LN(x) = (x - mean(x)) / sqrt(var(x) + epsilon), with the biased variance, and its
// gradient. Sums have a fixed order: vector i of the row belongs to accumulator i mod 4; accumulators and then lanes
// are added as a tree. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

template <typename T>
struct RowStatistics {
  T mean;
  T inverse_deviation;  // 1 / sqrt(var + epsilon)
};

namespace detail {

// Sum of the n terms of a row; term(c, count) returns the terms from c on in its first `count` lanes.
template <typename T, typename Term>
inline T row_sum(int64_t n, Term term) {
  constexpr int L = Vec<T>::kLanes;
  constexpr int kSums = 4;
  Vec<T> sums[kSums];
  for (Vec<T>& sum : sums) sum = Vec<T>::zero();
  int64_t c = 0;
  for (; c + kSums * L <= n; c += kSums * L) {
    for (int v = 0; v < kSums; ++v) sums[v] = sums[v] + term(c + v * L, L);
  }
  for (int v = 0; v < kSums && c < n; ++v, c += L) {
    const int count = static_cast<int>(std::min<int64_t>(L, n - c));
    T lanes[L];
    term(c, count).store(lanes);
    sums[v] = sums[v] + Vec<T>::load(lanes, count);
  }
  T lanes[L];
  ((sums[0] + sums[2]) + (sums[1] + sums[3])).store(lanes);
  for (int half = L / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

}  // namespace detail

// Mean and deviation of x[0..n): the mean first, then the squares of the differences from it. x may be stored in
// another type.
template <typename T, typename X>
inline RowStatistics<T> row_statistics(const X* x, int64_t n, T epsilon) {
  const T sum = detail::row_sum<T>(n, [=](int64_t c, int count) { return Vec<T>::load(x + c, count); });
  const T mean = sum / static_cast<T>(n);
  const T squares = detail::row_sum<T>(n, [=](int64_t c, int count) {
    const Vec<T> difference = Vec<T>::load(x + c, count) - Vec<T>(mean);
    return difference * difference;
  });
  return {mean, T(1) / std::sqrt(squares / static_cast<T>(n) + epsilon)};
}

// LN of some lanes of a row.
template <typename T>
inline Vec<T> normalized(Vec<T> x, RowStatistics<T> statistics) {
  return (x - Vec<T>(statistics.mean)) * Vec<T>(statistics.inverse_deviation);
}

// y = LN(x) * gain + shift; a gain that is null is 1, a shift that is null is 0. y may be the same memory as x.
template <typename T>
inline void normalize_row(const T* x, RowStatistics<T> statistics, const T* gain, const T* shift, int64_t n, T* y) {
  for_columns<T>(n, [=](int64_t c, int count) {
    Vec<T> value = normalized(Vec<T>::load(x + c, count), statistics);
    if (gain != nullptr) value = value * Vec<T>::load(gain + c, count);
    if (shift != nullptr) value = value + Vec<T>::load(shift + c, count);
    value.store(y + c, count);
  });
}

// dx from dy, the gradient of LN(x) * gain: with d = dy * gain and both means taken over the row,
// dx = (d - mean(d) - LN(x) * mean(d * LN(x))) * inverse_deviation. A gain that is null is 1. dx may be the same memory
// as dy, or as x where that is stored alike.
template <typename T, typename X>
inline void normalization_backward(const X* x, RowStatistics<T> statistics, const T* dy, const T* gain, int64_t n,
                                   T* dx) {
  const auto upstream = [=](int64_t c, int count) {
    const Vec<T> d = Vec<T>::load(dy + c, count);
    return gain == nullptr ? d : d * Vec<T>::load(gain + c, count);
  };
  const auto value = [=](int64_t c, int count) { return normalized(Vec<T>::load(x + c, count), statistics); };
  const T sum = detail::row_sum<T>(n, upstream);
  const T products = detail::row_sum<T>(n, [=](int64_t c, int count) { return upstream(c, count) * value(c, count); });
  const Vec<T> mean(sum / static_cast<T>(n)), slope(products / static_cast<T>(n));
  for_columns<T>(n, [=](int64_t c, int count) {
    const Vec<T> difference = upstream(c, count) - mean - value(c, count) * slope;
    (difference * Vec<T>(statistics.inverse_deviation)).store(dx + c, count);
  });
}

}  // namespace kernel
}  // namespace bptt
