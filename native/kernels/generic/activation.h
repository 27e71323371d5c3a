// The activations that a gate or a candidate may have, by the codes of operations.def.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

// The derivatives of those up to kHardSigmoid02 follow from the function's value, of the others from its argument.
enum class Activation {
  kTanh,
  kRelu,
  kSigmoid,
  kIdentity,
  kHardSigmoid,    // clip(x/6 + 1/2, 0, 1): Keras 3
  kHardSigmoid02,  // clip(0.2 x + 1/2, 0, 1): Keras 2, TensorFlow.js, the default of ONNX
  kSoftsign,       // x / (1 + |x|)
  kSoftplus,       // log(1 + e^x)
  // With the numbers alpha and beta, as ONNX defines them:
  kAffine,               // alpha x + beta
  kLeakyRelu,            // x, below 0 alpha x
  kThresholdedRelu,      // x, up to alpha 0
  kScaledTanh,           // alpha tanh(beta x)
  kNumberedHardSigmoid,  // clip(alpha x + beta, 0, 1)
  kElu,                  // x, below 0 alpha (e^x - 1)
};

inline Activation activation_of(double code) {
  return static_cast<Activation>(static_cast<int>(code));
}

// Whether the derivative follows from the function's value.
inline bool has_slope_of_value(Activation f) {
  return f <= Activation::kHardSigmoid02;
}

namespace detail {

template <typename T>
inline Vec<T> hard_sigmoid(T slope, T shift, Vec<T> x) {
  return clamp(multiply_add(Vec<T>(slope), x, Vec<T>(shift)), T(0), T(1));
}

// 1 where y is between 0 and 1, else 0.
template <typename T>
inline Vec<T> is_inside(Vec<T> y, Vec<T> value) {
  return select(both(is_less(Vec<T>::zero(), y), is_less(y, Vec<T>(T(1)))), value, Vec<T>::zero());
}

// Apart from the two usual activations, so that the code of these stays small where it is inlined.
template <typename T>
BPTT_RARE Vec<T> rare_activation(Activation f, Vec<T> x) {
  switch (f) {
    case Activation::kRelu:
      return relu(x);
    case Activation::kHardSigmoid:
      return hard_sigmoid<T>(T(1) / T(6), T(0.5), x);
    case Activation::kHardSigmoid02:
      return hard_sigmoid<T>(T(0.2), T(0.5), x);
    default:
      return x;
  }
}

template <typename T>
BPTT_RARE Vec<T> rare_slope(Activation f, Vec<T> y) {
  switch (f) {
    case Activation::kRelu:
      return relu_slope(y);
    case Activation::kHardSigmoid:
      return is_inside(y, Vec<T>(T(1) / T(6)));
    case Activation::kHardSigmoid02:
      return is_inside(y, Vec<T>(T(0.2)));
    default:
      return Vec<T>(T(1));
  }
}

}  // namespace detail

template <typename T>
BPTT_INLINE Vec<T> activate(Activation f, Vec<T> x) {
  if (f == Activation::kSigmoid) return sigmoid(x);
  if (f == Activation::kTanh) return tanh(x);
  return detail::rare_activation(f, x);
}

// The derivative in terms of the function's value y.
template <typename T>
BPTT_INLINE Vec<T> slope(Activation f, Vec<T> y) {
  if (f == Activation::kSigmoid) return sigmoid_slope(y);
  if (f == Activation::kTanh) return tanh_slope(y);
  return detail::rare_slope(f, y);
}

namespace detail {

// Values and derivatives at x of the activations with numbers, and of those whose derivative needs x.
template <typename T>
BPTT_RARE Vec<T> rare_value(Activation f, T alpha, T beta, Vec<T> x) {
  const Vec<T> zero = Vec<T>::zero(), one(T(1)), a(alpha), b(beta);
  switch (f) {
    case Activation::kSoftsign:
      return x / (one + absolute(x));
    case Activation::kSoftplus:
      return softplus(x);
    case Activation::kAffine:
      return multiply_add(a, x, b);
    case Activation::kLeakyRelu:
      return select(is_less(x, zero), a * x, x);
    case Activation::kThresholdedRelu:
      return select(is_less(a, x), x, select(is_equal(x, x), zero, x));
    case Activation::kScaledTanh:
      return a * tanh(b * x);
    case Activation::kNumberedHardSigmoid:
      return hard_sigmoid<T>(alpha, beta, x);
    default:
      return select(is_less(x, zero), a * expm1_below_zero(x), x);
  }
}

template <typename T>
BPTT_RARE Vec<T> rare_slope_at(Activation f, T alpha, T beta, Vec<T> x) {
  const Vec<T> zero = Vec<T>::zero(), one(T(1)), a(alpha), b(beta);
  switch (f) {
    case Activation::kSoftsign: {
      const Vec<T> below = one + absolute(x);
      return one / (below * below);
    }
    case Activation::kSoftplus:
      return sigmoid(x);
    case Activation::kAffine:
      return a;
    case Activation::kLeakyRelu:
      return select(is_less(zero, x), one, a);
    case Activation::kThresholdedRelu:
      return both(is_less(a, x), one);
    case Activation::kScaledTanh:
      return a * b * tanh_slope(tanh(b * x));
    case Activation::kNumberedHardSigmoid:
      return is_inside(hard_sigmoid<T>(alpha, beta, x), a);
    default:
      return select(is_less(zero, x), one, a * (expm1_below_zero(x) + one));
  }
}

}  // namespace detail

// An activation with its numbers, and with a limit of its argument's absolute value; 0: none.
template <typename T>
struct NumberedActivation {
  Activation f;
  T alpha;
  T beta;
  T limit;

  BPTT_INLINE Vec<T> operator()(Vec<T> x) const {
    if (limit > T(0)) x = clamp(x, -limit, limit);
    return has_slope_of_value(f) ? activate(f, x) : detail::rare_value(f, alpha, beta, x);
  }

  // The derivative in terms of the function's value y, of activations that have it and no limit.
  BPTT_INLINE Vec<T> slope(Vec<T> y) const { return kernel::slope(f, y); }

  // The derivative at x, where the value is y. Beyond the limit it is 0; at the limit it is not, as with PyTorch's
  // clamp.
  BPTT_INLINE Vec<T> slope_at(Vec<T> x, Vec<T> y) const {
    const Vec<T> inner = has_slope_of_value(f) ? kernel::slope(f, y) : detail::rare_slope_at(f, alpha, beta, x);
    return limit > T(0) ? select(is_less(Vec<T>(limit), absolute(x)), Vec<T>::zero(), inner) : inner;
  }
};

}  // namespace kernel
}  // namespace bptt
