// Operands and activations that only the variants of a cell have. The plain cell is the same template with kPlain.
// There the operands of variants are absent and the activations are known at compile time, so that its loop has no
// branch for them. This saves 2 to 12 % of a training step.
#pragma once

#include <initializer_list>

#include "kernels/generic/activation.h"
#include "kernels/generic/call.h"

namespace bptt {
namespace kernel {

// An operand that may be absent in a variant. It is always absent in the plain cell.
template <typename T, bool kPlain>
class VariantOperand {
 public:
  VariantOperand(T* data) : data_(data) {}  // NOLINT: it stands for the pointer
  operator T*() const { return kPlain ? nullptr : data_; }

 private:
  T* data_;
};

// An activation. In the plain cell it is always kUsual.
template <typename T, Activation kUsual, bool kPlain>
class VariantActivation {
 public:
  explicit VariantActivation(const NumberedActivation<T>& f) : f_(f) {}

  BPTT_INLINE Vec<T> operator()(Vec<T> x) const { return kPlain ? activate(kUsual, x) : f_(x); }
  // The derivative in terms of the function's value y.
  BPTT_INLINE Vec<T> slope(Vec<T> y) const { return kernel::slope(kPlain ? kUsual : f_.f, y); }
  // The derivative at x, where the value is y.
  BPTT_INLINE Vec<T> slope_at(Vec<T> x, Vec<T> y) const {
    return kPlain ? kernel::slope(kUsual, y) : f_.slope_at(x, y);
  }
  bool is_usual() const { return f_.f == kUsual && f_.limit == T(0); }

 private:
  NumberedActivation<T> f_;
};

// The attributes of an activation: its code and its numbers.
struct ActivationAttributes {
  Attribute code, alpha, beta;
};

template <typename T>
inline NumberedActivation<T> numbered_activation(const BpttCall& call, const ActivationAttributes& names, T limit) {
  return {activation_of(number(call, names.code)), static_cast<T>(number(call, names.alpha)),
          static_cast<T>(number(call, names.beta)), limit};
}

// An activation whose derivative is needed in terms of its value alone.
template <typename T>
inline NumberedActivation<T> activation_without_numbers(const BpttCall& call, Attribute code) {
  return {activation_of(number(call, code)), T(0), T(0), T(0)};
}

inline bool are_absent(const BpttCall& call, std::initializer_list<Operand> operands) {
  for (const Operand operand : operands) {
    if (has(call.operands, operand)) return false;
  }
  return true;
}

}  // namespace kernel
}  // namespace bptt
