// Functions of one number and of two, with their derivatives, by the codes of operations.def. NaN and what is infinite
// come out as PyTorch's do.
#pragma once

#include <cmath>
#include <type_traits>

#include "kernels/generic/call.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

// The exponent is that of kPower, and the factor of what is negative of kElu and kLeakyRelu.
enum class Function {
  kExp,
  kLog,
  kSqrt,
  kAbs,
  kSign,
  kPower,
  kSoftplus,
  kErf,
  kElu,
  kLeakyRelu,
  kSin,
  kCos,
};

// Calls body(f) with the function of a code as a constant at compile time.
template <int kCode = 0, typename Body>
inline void with_function(double code, Body body) {
  if constexpr (kCode < static_cast<int>(Function::kCos)) {
    if (code != kCode) return with_function<kCode + 1>(code, body);
  }
  body(std::integral_constant<Function, static_cast<Function>(kCode)>());
}

// Of two numbers a and b; the last two are b - a and b / a.
enum class Combination {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMaximum,
  kMinimum,
  kSubtractFrom,
  kDivideInto,
};

inline Combination combination_of(double code) {
  return static_cast<Combination>(static_cast<int>(code));
}

namespace detail {

// Rounded once, also for denormals, which `square_root` takes for 0.
template <typename T>
inline Vec<T> exact_root(Vec<T> x) {
  return per_lane(x, [](T v) { return std::sqrt(v); });
}

// 1, 0 or -1; 0 for NaN.
template <typename T>
inline Vec<T> sign(Vec<T> x) {
  const Vec<T> one(T(1)), zero = Vec<T>::zero();
  return both(is_less(zero, x), one) - both(is_less(x, zero), one);
}

// x^exponent; the usual exponents without the C library.
template <typename T>
BPTT_RARE Vec<T> power(Vec<T> x, T exponent) {
  const Vec<T> one(T(1));
  if (exponent == T(0)) return one;
  if (exponent == T(1)) return x;
  if (exponent == T(2)) return x * x;
  if (exponent == T(3)) return x * x * x;
  if (exponent == T(-1)) return one / x;
  if (exponent == T(-2)) return one / (x * x);
  if (exponent == T(0.5)) return exact_root(x);
  if (exponent == T(-0.5)) return one / exact_root(x);
  return per_lane(x, [exponent](T v) { return std::pow(v, exponent); });
}

// dy times the derivative of the larger, or smaller, of two numbers by one of them: half of it where both are equal.
// `is_other` says where the result is the other one.
template <typename T>
inline Vec<T> chosen_slope(Vec<T> dy, Vec<T> a, Vec<T> b, Vec<T> is_other) {
  return select(is_other, Vec<T>::zero(), select(is_equal(a, b), dy * Vec<T>(T(0.5)), dy));
}

}  // namespace detail

template <typename T>
BPTT_INLINE Vec<T> evaluate(Function f, T exponent, Vec<T> x) {
  switch (f) {
    case Function::kExp:
      return exp(x);
    case Function::kLog:
      return log(x);
    case Function::kSqrt:
      return detail::exact_root(x);
    case Function::kAbs:
      return absolute(x);
    case Function::kSign:
      return detail::sign(x);
    case Function::kSoftplus:
      return softplus(x);
    case Function::kErf:
      return erf(x);
    case Function::kElu:
      return select(is_less(Vec<T>::zero(), x), x, Vec<T>(exponent) * expm1_below_zero(x));
    case Function::kLeakyRelu:
      return select(is_less(Vec<T>::zero(), x), x, Vec<T>(exponent) * x);
    case Function::kSin:
      return sin(x);
    case Function::kCos:
      return cos(x);
    default:
      return detail::power(x, exponent);
  }
}

// dy f'(x)
template <typename T>
BPTT_INLINE Vec<T> evaluate_backward(Function f, T exponent, Vec<T> dy, Vec<T> x) {
  switch (f) {
    case Function::kExp:
      return dy * exp(x);
    case Function::kLog:
      return dy / x;
    case Function::kSqrt:
      return dy / (Vec<T>(T(2)) * detail::exact_root(x));
    case Function::kAbs:
      return dy * detail::sign(x);
    case Function::kSign:
      return Vec<T>::zero();
    case Function::kSoftplus:
      return dy * sigmoid(x);
    case Function::kErf:
      return dy * (Vec<T>(T(1.1283791670955126)) * exp(Vec<T>::zero() - x * x));
    case Function::kElu:
      return select(is_less(Vec<T>::zero(), x), dy, dy * (Vec<T>(exponent) * exp(x)));
    case Function::kLeakyRelu:
      return select(is_less(Vec<T>::zero(), x), dy, dy * Vec<T>(exponent));
    case Function::kSin:
      return dy * cos(x);
    case Function::kCos:
      return Vec<T>::zero() - dy * sin(x);
    default:
      if (exponent == T(0)) return Vec<T>::zero();
      return dy * (Vec<T>(exponent) * detail::power(x, exponent - T(1)));
  }
}

template <typename T>
BPTT_INLINE Vec<T> combined(Combination f, Vec<T> a, Vec<T> b) {
  switch (f) {
    case Combination::kAdd:
      return a + b;
    case Combination::kSubtract:
      return a - b;
    case Combination::kMultiply:
      return a * b;
    case Combination::kDivide:
      return a / b;
    case Combination::kMaximum:
      return select(is_equal(b, b), select(is_less(a, b), b, a), b);
    case Combination::kMinimum:
      return select(is_equal(b, b), select(is_less(b, a), b, a), b);
    case Combination::kSubtractFrom:
      return b - a;
    default:
      return b / a;
  }
}

// dy times the derivative by a.
template <typename T>
BPTT_INLINE Vec<T> combined_backward(Combination f, Vec<T> dy, Vec<T> a, Vec<T> b) {
  const Vec<T> zero = Vec<T>::zero();
  switch (f) {
    case Combination::kAdd:
    case Combination::kSubtract:
      return dy;
    case Combination::kMultiply:
      return dy * b;
    case Combination::kDivide:
      return dy / b;
    case Combination::kMaximum:
      return detail::chosen_slope(dy, a, b, is_less(a, b));
    case Combination::kMinimum:
      return detail::chosen_slope(dy, a, b, is_less(b, a));
    case Combination::kSubtractFrom:
      return zero - dy;
    default:
      return zero - dy * (b / a / a);
  }
}

// The same function with its operands the other way round.
inline Combination swapped(Combination f) {
  switch (f) {
    case Combination::kSubtract:
      return Combination::kSubtractFrom;
    case Combination::kDivide:
      return Combination::kDivideInto;
    case Combination::kSubtractFrom:
      return Combination::kSubtract;
    case Combination::kDivideInto:
      return Combination::kDivide;
    default:
      return f;
  }
}

}  // namespace kernel
}  // namespace bptt
