// Vectors of numbers m * 2^e >= 0 with a separate exponent. So a product of thousands of probabilities neither becomes
// zero nor loses bits. Every operation has a relative error of a few roundings for numbers of any size. Logarithms in
// the same type have larger errors and cost more. Mantissas are in [1, 2) up to rounding, or 0 or NaN; exponents are
// whole numbers, never NaN.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

template <typename T>
struct WideLimits {
  // The exponent of 0, and the smallest exponent. It is far from the values where float cannot hold all whole numbers.
  static constexpr T kLeast = T(-4194304);
  // For x below this the exponent is kLeast, although the mantissa is not 0.
  static constexpr T kLowest = T(-1453634);
};

template <typename T>
struct Wide {
  Vec<T> m;
  Vec<T> e;

  static Wide zero() { return {Vec<T>::zero(), Vec<T>(WideLimits<T>::kLeast)}; }
};

namespace detail {

// 2^n for whole n, which counts as at least -126 and at most 126.
inline Vec<float> bounded_power_of_two(Vec<float> n) {
  return power_of_two(clamp(n, -126.0F, 126.0F) + Vec<float>(kShift));
}
inline Vec<double> bounded_power_of_two(Vec<double> n) {
  return per_lane(clamp(n, -1022.0, 1022.0), [](double v) { return std::ldexp(1.0, static_cast<int>(v)); });
}

// Adding and subtracting kRounding rounds to a whole number. ln(2) is given in two parts.
template <typename T>
struct Reduction;
template <>
struct Reduction<float> {
  static constexpr float kRounding = kShift, kHigh = 0.693359375F, kLow = -2.12194440e-4F;
};
template <>
struct Reduction<double> {
  static constexpr double kRounding = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double kHigh = 6.93147180369123816490e-01, kLow = 1.90821492927058770002e-10;
};

}  // namespace detail

// e^x for x <= 0: 0 for -infinity, NaN for NaN.
template <typename T>
inline Wide<T> wide_exp(Vec<T> x) {
  using detail::Reduction;
  const Vec<T> lowest(WideLimits<T>::kLowest);
  const Vec<T> within = clamp(x, WideLimits<T>::kLowest, T(0)), rounding(Reduction<T>::kRounding);
  // Rounded down, except for rounding errors: e^rest is in [1, 2].
  const Vec<T> n = multiply_add(within, Vec<T>(T(1.44269504088896340736)), Vec<T>(T(-0.5))) + rounding - rounding;
  const Vec<T> minus_n = Vec<T>::zero() - n;
  const Vec<T> rest =
      multiply_add(minus_n, Vec<T>(Reduction<T>::kLow), multiply_add(minus_n, Vec<T>(Reduction<T>::kHigh), within));
  const Vec<T> is_zero = is_less(x, Vec<T>(std::numeric_limits<T>::lowest()));
  return {select(is_zero, Vec<T>::zero(), exp(rest)), select(is_less(lowest, x), n, Vec<T>(WideLimits<T>::kLeast))};
}

// Sums have mantissas up to 2 times the number of terms. The larger term is exact, so a term that matters is never lost
// to underflow.
template <typename T>
inline Wide<T> operator+(Wide<T> a, Wide<T> b) {
  const Vec<T> e = larger(a.e, b.e);
  return {multiply_add(a.m, detail::bounded_power_of_two(a.e - e), b.m * detail::bounded_power_of_two(b.e - e)), e};
}

template <typename T>
inline Wide<T> sum_of(Wide<T> a, Wide<T> b, Wide<T> c) {
  const Vec<T> e = larger(larger(a.e, b.e), c.e);
  const Vec<T> of_c = c.m * detail::bounded_power_of_two(c.e - e);
  const Vec<T> of_both = multiply_add(b.m, detail::bounded_power_of_two(b.e - e), of_c);
  return {multiply_add(a.m, detail::bounded_power_of_two(a.e - e), of_both), e};
}

template <typename T>
inline Wide<T> operator*(Wide<T> a, Wide<T> b) {
  return {a.m * b.m, a.e + b.e};
}

// a where the condition holds, else 0.
template <typename T>
inline Wide<T> keep_where(Vec<T> condition, Wide<T> a) {
  const Wide<T> zero = Wide<T>::zero();
  return {select(condition, a.m, zero.m), select(condition, a.e, zero.e)};
}

// The same number with the mantissa in [1, 2) again. Takes mantissas up to 16, for example a sum of three numbers times
// another number.
template <typename T>
inline Wide<T> normalized(Wide<T> a) {
  const Vec<T> below_four = is_less(a.m, Vec<T>(T(4)));
  a.m = select(below_four, a.m, a.m * Vec<T>(T(0.25)));
  a.e = select(below_four, a.e, a.e + Vec<T>(T(2)));
  const Vec<T> below_two = is_less(a.m, Vec<T>(T(2)));
  a.m = select(below_two, a.m, a.m * Vec<T>(T(0.5)));
  a.e = select(below_two, a.e, a.e + Vec<T>(T(1)));
  a.e = larger(a.e, Vec<T>(WideLimits<T>::kLeast));
  return a;
}

// a / 2^exponent as a plain number, which must not be large.
template <typename T>
inline Vec<T> relative_to(T exponent, Wide<T> a) {
  return a.m * detail::bounded_power_of_two(a.e - Vec<T>(exponent));
}

// Mantissas and exponents side by side in memory.
template <typename T>
struct WideArray {
  T* m;
  T* e;

  Wide<T> load(int64_t i) const { return {Vec<T>::load(m + i), Vec<T>::load(e + i)}; }
  Wide<T> all(int64_t i) const { return {Vec<T>(m[i]), Vec<T>(e[i])}; }
  void store(int64_t i, Wide<T> value) const {
    value.m.store(m + i);
    value.e.store(e + i);
  }
  void set(int64_t i, T mantissa) const {
    m[i] = mantissa;
    e[i] = mantissa == T(0) ? WideLimits<T>::kLeast : T(0);
  }
};

}  // namespace kernel
}  // namespace bptt
