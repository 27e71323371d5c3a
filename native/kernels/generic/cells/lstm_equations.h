// The pointwise equations of the long short-term memory cell and their gradients, for one vector of units. The plain
// cell, its variants and the cell with coupled gates are all compiled from them. lstm.cc and lstm_backward.cc define
// where the values are in memory.
//   i = s(a_i + P_i*c)    f = s(a_f + P_f*c), coupled: f = 1 - i    g = t(a_g)
//   c' = f*c + i*g within the limit                                 o = s(a_o + P_o*c')    h' = o*t(c')
// a is the argument of a gate, P its peephole; s and t are the activations (sigmoid and tanh in the plain cell).
#pragma once

#include "kernels/generic/cells/lstm_gates.h"

namespace bptt {
namespace kernel {

template <typename T, bool kCoupled, bool kPlain>
class LstmEquations {
 public:
  using Gates = LstmGates<kCoupled>;

  // `peepholes` [3,H], coupled [2,H], or null for none.
  LstmEquations(const LstmAttributes<T, kPlain>& attributes, const T* peepholes, int64_t units)
      : on_(attributes), peepholes_(peepholes), H_(units) {}

  bool has_peephole(int gate) const { return peepholes_ != nullptr && gate != Gates::kCell; }
  // x + P*y with the peephole of a gate. x and y are the gate's argument and the state that the gate reads, or the
  // gradients of both.
  BPTT_INLINE Vec<T> add_peephole(int gate, int64_t u, int n, Vec<T> x, Vec<T> y) const {
    const int row = gate == Gates::kOutput ? Gates::kOutputPeephole : gate;
    return x + Vec<T>::load(peepholes_ + row * H_ + u, n) * y;
  }

  // A gate from its whole argument.
  BPTT_INLINE Vec<T> gate(int gate, Vec<T> sum) const { return gate == Gates::kCell ? on_.cell(sum) : on_.gate(sum); }
  // The derivative of its activation there, where the gate is `value`.
  BPTT_INLINE Vec<T> slope_at(int gate, Vec<T> sum, Vec<T> value) const {
    return gate == Gates::kCell ? on_.cell.slope_at(sum, value) : on_.gate.slope_at(sum, value);
  }
  // The derivative of its activation from the gate itself.
  BPTT_INLINE Vec<T> slope(int gate, Vec<T> value) const {
    return gate == Gates::kCell ? on_.cell.slope(value) : on_.gate.slope(value);
  }

  // c' from the gates, in their order, and c.
  BPTT_INLINE Vec<T> cell_state(const Vec<T>* gates, Vec<T> previous) const {
    const Vec<T> c = forget(gates) * previous + gates[Gates::kInput] * gates[Gates::kCell];
    return on_.has_clip() ? clamp(c, -on_.clip, on_.clip) : c;
  }

  // h', or the input of the projection.
  BPTT_INLINE Vec<T> hidden_state(Vec<T> o, Vec<T> c) const { return o * on_.output(c); }

  // From the gradient of h' to the gradient of the argument of o, which is returned, and the gradient of c'. `slope` is
  // the derivative of the output gate's activation.
  BPTT_INLINE Vec<T> hidden_gradient(Vec<T> dh, Vec<T> o, Vec<T> slope, Vec<T> c, Vec<T>* dc) const {
    const Vec<T> value = on_.output(c);
    *dc = dh * o * on_.output.slope_at(c, value);
    return dh * value * slope;
  }

  bool has_clip() const { return on_.has_clip(); }
  // From the gradient of c' to the gradient of c before the limit. It is zero where c' was limited.
  BPTT_INLINE Vec<T> clip_gradient(Vec<T> dc, Vec<T> c) const {
    return select(is_less(absolute(c), Vec<T>(on_.clip)), dc, Vec<T>::zero());
  }

  // From the gradient of f*c + i*g to the gradients of the arguments of i, f and g, which are written to `sums`, and
  // the gradient of c in this expression, which is returned. `slopes` are the derivatives of their activations.
  BPTT_INLINE Vec<T> gate_gradients(const Vec<T>* gates, const Vec<T>* slopes, Vec<T> previous, Vec<T> dc,
                                    Vec<T>* sums) const {
    const Vec<T> i = gates[Gates::kInput], f = forget(gates), g = gates[Gates::kCell];
    if constexpr (kCoupled) {
      sums[Gates::kInput] = dc * (g - previous) * slopes[Gates::kInput];
    } else {
      sums[Gates::kInput] = dc * g * slopes[Gates::kInput];
      sums[Gates::kForget] = dc * previous * slopes[Gates::kForget];
    }
    sums[Gates::kCell] = dc * i * slopes[Gates::kCell];
    return dc * f;
  }

 private:
  BPTT_INLINE static Vec<T> forget(const Vec<T>* gates) {
    if constexpr (kCoupled) {
      return Vec<T>(T(1)) - gates[Gates::kInput];
    } else {
      return gates[Gates::kForget];
    }
  }

  LstmAttributes<T, kPlain> on_;
  VariantOperand<const T, kPlain> peepholes_;
  int64_t H_;
};

}  // namespace kernel
}  // namespace bptt
