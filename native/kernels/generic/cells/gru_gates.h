// The parts that both forms of the gated recurrent unit have: the order of the gates, the attributes, and the equation
// of the new state with its gradient.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/cells/hidden_state.h"
#include "kernels/generic/cells/variant.h"

namespace bptt {
namespace kernel {

enum GruGate { kReset, kUpdate, kCandidateGate, kGruGates };

// The attributes that the operations of both directions have.
template <Opcode kOperation>
struct GruAttributeNames {
  static constexpr Row kRow{kOperation};
  static constexpr Attribute kGate = kRow.attribute("gate"), kCandidate = kRow.attribute("activation");
  static constexpr Attribute kReverse = kRow.attribute("reverse"), kZoneout = kRow.attribute("zoneout");
};

template <Opcode kOperation>
struct GruForward : GruAttributeNames<kOperation> {
  using Names = GruAttributeNames<kOperation>;
  static constexpr Attribute kGateAlpha = Names::kRow.attribute("gateAlpha");
  static constexpr Attribute kGateBeta = Names::kRow.attribute("gateBeta");
  static constexpr Attribute kAlpha = Names::kRow.attribute("activationAlpha");
  static constexpr Attribute kBeta = Names::kRow.attribute("activationBeta");
  static constexpr Attribute kInputClip = Names::kRow.attribute("inputClip");

  template <typename T>
  static NumberedActivation<T> gate(const BpttCall& call) {
    return numbered_activation(call, {Names::kGate, kGateAlpha, kGateBeta}, static_cast<T>(number(call, kInputClip)));
  }
  template <typename T>
  static NumberedActivation<T> candidate(const BpttCall& call) {
    return numbered_activation(call, {Names::kCandidate, kAlpha, kBeta}, static_cast<T>(number(call, kInputClip)));
  }
};

template <Opcode kOperation>
struct GruBackward : GruAttributeNames<kOperation> {
  using Names = GruAttributeNames<kOperation>;

  template <typename T>
  static NumberedActivation<T> gate(const BpttCall& call) {
    return activation_without_numbers<T>(call, Names::kGate);
  }
  template <typename T>
  static NumberedActivation<T> candidate(const BpttCall& call) {
    return activation_without_numbers<T>(call, Names::kCandidate);
  }
};

template <typename T, bool kPlain>
struct GruAttributes {
  VariantActivation<T, Activation::kSigmoid, kPlain> gate;
  VariantActivation<T, Activation::kTanh, kPlain> candidate;
  bool reverse;
  T zoneout;

  template <typename Names>
  GruAttributes(const BpttCall& call, Names)
      : gate(Names::template gate<T>(call)),
        candidate(Names::template candidate<T>(call)),
        reverse(is_set(call, Names::kReverse)),
        zoneout(static_cast<T>(number(call, Names::kZoneout))) {}

  BPTT_INLINE Vec<T> activated(int index, Vec<T> x) const { return index == kCandidateGate ? candidate(x) : gate(x); }
  BPTT_INLINE Vec<T> slope_at(int index, Vec<T> x, Vec<T> value) const {
    return index == kCandidateGate ? candidate.slope_at(x, value) : gate.slope_at(x, value);
  }
  BPTT_INLINE Vec<T> slope(int index, Vec<T> value) const {
    return index == kCandidateGate ? candidate.slope(value) : gate.slope(value);
  }

  bool are_plain() const { return gate.is_usual() && candidate.is_usual() && zoneout == T(0); }
};

// h' = z*h + (1-z)*n.
template <typename T>
BPTT_INLINE Vec<T> gru_state(Vec<T> z, Vec<T> previous, Vec<T> n) {
  return n + z * (previous - n);
}

// The gradient of gru_state. The gates are stored in the type A.
template <typename T, typename A, bool kPlain>
class GruGradient {
 public:
  GruGradient(const GruAttributes<T, kPlain>& attributes, const A* gates, const A* slopes, const StateRows<T>& states,
              T* da, const HiddenGradient<T, kPlain>& hidden)
      : on_(attributes), gates_(gates), slopes_(slopes), states_(states), da_(da), hidden_(hidden) {}

  // Takes the gradient of h'. Stores the gradients of the arguments of z and n, and passes on the gradient of h.
  // Returns the gradient of the argument of n.
  BPTT_INLINE Vec<T> apply(const Place& at, int64_t u, int n_lanes, Vec<T> product) const {
    const Vec<T> dh = hidden_.take(at, u, n_lanes, product);
    const Vec<T> z = gate(at, kUpdate, u, n_lanes), n = gate(at, kCandidateGate, u, n_lanes);
    const Vec<T> previous = states_.previous(at, u, n_lanes);
    const Vec<T> dn = dh * (Vec<T>(T(1)) - z) * slope(at, kCandidateGate, u, n_lanes, n);
    put(at, kUpdate, u, n_lanes, dh * (previous - n) * slope(at, kUpdate, u, n_lanes, z));
    put(at, kCandidateGate, u, n_lanes, dn);
    hidden_.pass(at, u, n_lanes, dh * z);
    return dn;
  }

  // Prefetches what a row needs of W units.
  template <int64_t W>
  BPTT_INLINE void prefetch(const Place& at, int64_t u) const {
    for (int index = 0; index < kGruGates; ++index) {
      kernel::prefetch<W>(gates_ + (at.row * kGruGates + index) * states_.columns + u);
    }
    if (!at.begins) kernel::prefetch<W>(states_.previous_row(at) + u);
    hidden_.template prefetch<W>(at.row, u);
  }

  // `da` may be the same memory as `gates`. So a gate must be read before the gradient of its argument is written.
  BPTT_INLINE Vec<T> gate(const Place& at, GruGate gate, int64_t u, int n_lanes) const {
    return Vec<T>::load(gates_ + (at.row * kGruGates + gate) * states_.columns + u, n_lanes);
  }
  // The derivative of a gate's activation: as it was kept, or from the gate's value.
  BPTT_INLINE Vec<T> slope(const Place& at, GruGate gate, int64_t u, int n_lanes, Vec<T> value) const {
    if (slopes_ == nullptr) return on_.slope(gate, value);
    return Vec<T>::load(slopes_ + (at.row * kGruGates + gate) * states_.columns + u, n_lanes);
  }
  BPTT_INLINE void put(const Place& at, GruGate gate, int64_t u, int n_lanes, Vec<T> d) const {
    d.store(da_ + (at.row * kGruGates + gate) * states_.columns + u, n_lanes);
  }

 private:
  GruAttributes<T, kPlain> on_;
  const A* gates_;
  VariantOperand<const A, kPlain> slopes_;
  StateRows<T> states_;
  T* da_;
  const HiddenGradient<T, kPlain>& hidden_;
};

}  // namespace kernel
}  // namespace bptt
