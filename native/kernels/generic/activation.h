// The activations that a gate or a candidate may have, by the codes of operations.def.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

enum class Activation {
  kTanh,
  kRelu,
  kSigmoid,
  kIdentity,
  kHardSigmoid,    // clip(x/6 + 1/2, 0, 1): Keras 3
  kHardSigmoid02,  // clip(0.2 x + 1/2, 0, 1): Keras 2, TensorFlow.js, the default of ONNX
};

inline Activation activation_of(double code) {
  return static_cast<Activation>(static_cast<int>(code));
}

namespace detail {

template <typename T>
inline Vec<T> hard_sigmoid(T slope, Vec<T> x) {
  return clamp(multiply_add(Vec<T>(slope), x, Vec<T>(T(0.5))), T(0), T(1));
}

// Apart from the two usual activations, so that the code of these stays small where it is inlined.
template <typename T>
BPTT_RARE Vec<T> rare_activation(Activation f, Vec<T> x) {
  switch (f) {
    case Activation::kRelu:
      return relu(x);
    case Activation::kHardSigmoid:
      return hard_sigmoid<T>(T(1) / T(6), x);
    case Activation::kHardSigmoid02:
      return hard_sigmoid<T>(T(0.2), x);
    default:
      return x;
  }
}

template <typename T>
BPTT_RARE Vec<T> rare_slope(Activation f, Vec<T> y) {
  const Vec<T> one(T(1));
  const Vec<T> is_inside = both(is_less(Vec<T>::zero(), y), is_less(y, one));
  switch (f) {
    case Activation::kRelu:
      return relu_slope(y);
    case Activation::kHardSigmoid:
      return select(is_inside, Vec<T>(T(1) / T(6)), Vec<T>::zero());
    case Activation::kHardSigmoid02:
      return select(is_inside, Vec<T>(T(0.2)), Vec<T>::zero());
    default:
      return one;
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

}  // namespace kernel
}  // namespace bptt
