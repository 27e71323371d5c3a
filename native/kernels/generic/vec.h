// What the kernels compute with a vector (eigen_packets.h): sigmoid, tanh, their derivatives, and walks over columns.
// test/kernels/activations.test.ts asserts the bounds of these functions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/generic/eigen_packets.h"

namespace bptt {
namespace kernel {

// Calls body(n). When all lanes are used, which is the usual case, n is a constant at compile time.
template <typename T, typename Body>
inline void with_lanes(int n, Body body) {
  if (n == Vec<T>::kLanes) {
    body(std::integral_constant<int, Vec<T>::kLanes>());
  } else {
    body(n);
  }
}

// For each vector of a row: visit(first column, how many of its lanes are columns of the row).
template <typename T, typename Visit>
inline void for_columns(int64_t columns, Visit visit) {
  constexpr int L = Vec<T>::kLanes;
  int64_t c = 0;
  for (; c + L <= columns; c += L) visit(c, L);
  if (c < columns) visit(c, static_cast<int>(columns - c));
}

// Copies some columns of a row that may be stored in another type.
template <typename T, typename X>
inline void copy_columns(const X* from, int64_t columns, T* to) {
  if constexpr (std::is_same_v<T, X>) {
    std::copy(from, from + columns, to);
  } else {
    for_columns<T>(columns, [=](int64_t c, int n) { Vec<T>::load(from + c, n).store(to + c, n); });
  }
}

namespace detail {

// e^x in the parts 2^n and e^r with |r| <= ln(2)/2, for x from -87 to 88.7. e^r = 1 + r + r^2 q is a polynomial of
// degree 6 whose relative error is 3e-9.
struct ExpParts {
  Vec<float> shifted;  // n + kShift
  Vec<float> r;
  Vec<float> q;
};

inline ExpParts exp_parts(Vec<float> x) {
  const Vec<float> shifted = multiply_add(x, Vec<float>(1.44269504F), Vec<float>(kShift));
  const Vec<float> n = shifted - Vec<float>(kShift);
  // ln(2) in two parts. n times the first part is exact.
  Vec<float> r = multiply_add(n, Vec<float>(-0.693359375F), x);
  r = multiply_add(n, Vec<float>(2.12194440e-4F), r);
  Vec<float> q = multiply_add(r, Vec<float>(0.00138145406F), Vec<float>(0.00836874545F));
  q = multiply_add(q, r, Vec<float>(0.0416683890F));
  q = multiply_add(q, r, Vec<float>(0.166665211F));
  q = multiply_add(q, r, Vec<float>(0.499999940F));
  return {shifted, r, q};
}

}  // namespace detail

// 1 / (1 + e^-x), within 3 ULP, saturates to 0 and 1; NaN stays NaN. The same operations on every instruction set;
// about as fast as Eigen's exponential with AVX-512, twice as fast with the others.
inline Vec<float> sigmoid(Vec<float> x) {
  const Vec<float> one(1.0F);
  // Beyond these e^-x is infinite, or does not change 1.
  const detail::ExpParts parts = detail::exp_parts(Vec<float>::zero() - clamp(x, -88.7F, 87.0F));
  Vec<float> e = multiply_add(parts.q, parts.r, one);
  e = multiply_add(e, parts.r, one);
  return one / multiply_add(e, detail::power_of_two(parts.shifted), one);
}
inline Vec<double> sigmoid(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return 1.0 / (1.0 + std::exp(-v)); });
}

// tanh x, within 6 ULP and within [-1, 1]; it saturates beyond 9, and NaN stays NaN. It is x P(x^2) / Q(x^2), where P
// and Q have degree 4 and were fitted for the smallest relative error, 2e-8.
inline Vec<float> tanh(Vec<float> x) {
  x = clamp(x, -8.902735F, 8.902735F);  // where the quotient is 1 with and without fused multiply-adds
  const Vec<float> z = x * x, one(1.0F);
  Vec<float> p = multiply_add(z, Vec<float>(1.33191156e-8F), Vec<float>(2.05835186e-5F));
  Vec<float> q = multiply_add(z, Vec<float>(7.76203933e-7F), Vec<float>(3.28309688e-4F));
  p = multiply_add(p, z, Vec<float>(3.49403708e-3F));
  q = multiply_add(q, z, Vec<float>(2.58710831e-2F));
  p = multiply_add(p, z, Vec<float>(0.133797199F));
  q = multiply_add(q, z, Vec<float>(0.467130363F));
  p = multiply_add(p, z, one);
  q = multiply_add(q, z, one);
  return clamp(x * p / q, -1.0F, 1.0F);
}
inline Vec<double> tanh(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::tanh(v); });
}

// e^x - 1 for x <= 0, within 3 ULP; NaN stays NaN. Nothing cancels: it is 2^n (e^r - 1) + (2^n - 1), whose second part
// is exact, or 1 rounded.
inline Vec<float> expm1_below_zero(Vec<float> x) {
  const detail::ExpParts parts = detail::exp_parts(clamp(x, -87.0F, 0.0F));
  const Vec<float> grown = detail::power_of_two(parts.shifted);
  const Vec<float> rest = multiply_add(parts.q * parts.r, parts.r, parts.r);
  return multiply_add(rest, grown, grown - Vec<float>(1.0F));
}
inline Vec<double> expm1_below_zero(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::expm1(v); });
}

// log(1 + e^x), within 6 ULP, 0 below -87.4; NaN stays NaN. It is max(x, 0) + log(1 + e) with e = e^-|x|; what is lost
// when 1 is added to a small e is put right by the factor e / ((1 + e) - 1).
inline Vec<float> softplus(Vec<float> x) {
  const Vec<float> one(1.0F);
  const Vec<float> e = exp(Vec<float>::zero() - absolute(x)), sum = one + e;
  return relu(x) + select(is_equal(sum, one), e, log(sum) * (e / (sum - one)));
}
inline Vec<double> softplus(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); });
}

// The error function, within 2 ULP for |x| >= 2^-120 and within [-1, 1]; it saturates beyond 4, and NaN stays NaN.
// It is x + x P(x^2) up to 15/16, and 1 - e^-(x + x Q(x)) beyond; P and Q have degree 6, and the relative error of
// their fit is 6e-10. Below 2^-120 products may be flushed to 0: then it is x.
inline Vec<float> erf(Vec<float> x) {
  const Vec<float> t = clamp(absolute(x), 0.0F, 4.0F), s = x * x, one(1.0F);
  Vec<float> p = multiply_add(s, Vec<float>(8.26745891e-05F), Vec<float>(-8.11807462e-04F));
  p = multiply_add(p, s, Vec<float>(5.19882981e-03F));
  p = multiply_add(p, s, Vec<float>(-0.0268584974F));
  p = multiply_add(p, s, Vec<float>(0.112836793F));
  p = multiply_add(p, s, Vec<float>(-0.376126319F));
  p = multiply_add(p, s, Vec<float>(0.128379166F));
  Vec<float> q = multiply_add(t, Vec<float>(1.21502853e-05F), Vec<float>(-3.31986084e-04F));
  q = multiply_add(q, t, Vec<float>(3.67972255e-03F));
  q = multiply_add(q, t, Vec<float>(-0.0238407142F));
  q = multiply_add(q, t, Vec<float>(0.106327996F));
  q = multiply_add(q, t, Vec<float>(0.635096312F));
  q = multiply_add(q, t, Vec<float>(0.128662005F));
  const Vec<float> beyond = one - exp(Vec<float>::zero() - multiply_add(q, t, t));
  const Vec<float> signed_beyond = select(is_less(x, Vec<float>::zero()), Vec<float>::zero() - beyond, beyond);
  return select(is_less(Vec<float>(0.9375F), t), signed_beyond, multiply_add(p, x, x));
}
inline Vec<double> erf(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::erf(v); });
}

// Derivatives in terms of the function's value.
template <typename T>
inline Vec<T> sigmoid_slope(Vec<T> y) {
  return y * (Vec<T>(T(1)) - y);
}
template <typename T>
inline Vec<T> tanh_slope(Vec<T> y) {
  return multiply_add(Vec<T>::zero() - y, y, Vec<T>(T(1)));
}
template <typename T>
inline Vec<T> relu_slope(Vec<T> y) {
  return both(is_less(Vec<T>::zero(), y), Vec<T>(T(1)));
}

}  // namespace kernel
}  // namespace bptt
