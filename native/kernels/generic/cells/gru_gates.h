// The parts that both forms of the gated recurrent unit have: the order of the gates, the attributes, and the equation
// of the new state with its gradient.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/cells/hidden_state.h"

namespace bptt {
namespace kernel {

enum GruGate { kReset, kUpdate, kCandidateGate, kGruGates };

template <Opcode kOperation>
struct GruAttributeNames {
  static constexpr Row kRow{kOperation};
  static constexpr Attribute kGate = kRow.attribute("gate"), kCandidate = kRow.attribute("activation");
  static constexpr Attribute kReverse = kRow.attribute("reverse"), kZoneout = kRow.attribute("zoneout");
};

template <typename T, bool kPlain>
struct GruAttributes {
  VariantActivation<Activation::kSigmoid, kPlain> gate;
  VariantActivation<Activation::kTanh, kPlain> candidate;
  bool reverse;
  T zoneout;

  template <typename Names>
  GruAttributes(const BpttCall& call, Names)
      : gate(number(call, Names::kGate)),
        candidate(number(call, Names::kCandidate)),
        reverse(is_set(call, Names::kReverse)),
        zoneout(static_cast<T>(number(call, Names::kZoneout))) {}

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
  GruGradient(const GruAttributes<T, kPlain>& attributes, const A* gates, const StateRows<T>& states, T* da,
              const HiddenGradient<T, kPlain>& hidden)
      : on_(attributes), gates_(gates), states_(states), da_(da), hidden_(hidden) {}

  // Takes the gradient of h'. Stores the gradients of the arguments of z and n, and passes on the gradient of h.
  // Returns the gradient of the argument of n.
  BPTT_INLINE Vec<T> apply(const Place& at, int64_t u, int n_lanes, Vec<T> product) const {
    const Vec<T> dh = hidden_.take(at, u, n_lanes, product);
    const Vec<T> z = gate(at, kUpdate, u, n_lanes), n = gate(at, kCandidateGate, u, n_lanes);
    const Vec<T> previous = states_.previous(at, u, n_lanes);
    const Vec<T> dn = dh * (Vec<T>(T(1)) - z) * on_.candidate.slope(n);
    put(at, kUpdate, u, n_lanes, dh * (previous - n) * on_.gate.slope(z));
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
  BPTT_INLINE void put(const Place& at, GruGate gate, int64_t u, int n_lanes, Vec<T> d) const {
    d.store(da_ + (at.row * kGruGates + gate) * states_.columns + u, n_lanes);
  }

 private:
  GruAttributes<T, kPlain> on_;
  const A* gates_;
  StateRows<T> states_;
  T* da_;
  const HiddenGradient<T, kPlain>& hidden_;
};

}  // namespace kernel
}  // namespace bptt
