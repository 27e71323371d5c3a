// The gates of the long short-term memory cell, with and without a forget gate of its own, and the cell's attributes.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/cells/hidden_state.h"
#include "kernels/generic/rows/normalization.h"

namespace bptt {
namespace kernel {

// The order of the gates is i f g o, and i g o where they are coupled (f = 1 - i). The order of the peepholes is i f o,
// and i o.
template <bool kCoupled>
struct LstmGates {
  static constexpr int kInput = 0;
  static constexpr int kForget = 1;  // not coupled
  static constexpr int kCell = kCoupled ? 1 : 2;
  static constexpr int kOutput = kCoupled ? 2 : 3;
  static constexpr int kCount = kCoupled ? 3 : 4;
  static constexpr int kOutputPeephole = kCoupled ? 1 : 2;
};

template <typename T, bool kPlain>
struct LstmAttributes {
  static_assert(have_same_attributes(Opcode::lstm, Opcode::lstmBackward) &&
                have_same_attributes(Opcode::lstm, Opcode::lstmCoupled) &&
                have_same_attributes(Opcode::lstm, Opcode::lstmCoupledBackward));
  static constexpr Row kRow{Opcode::lstm};
  static constexpr Attribute kGate = kRow.attribute("gate"), kActivation = kRow.attribute("activation");
  static constexpr Attribute kOutput = kRow.attribute("output"), kReverse = kRow.attribute("reverse");
  static constexpr Attribute kClip = kRow.attribute("clip"), kZoneout = kRow.attribute("zoneout");
  static constexpr Attribute kZoneoutCell = kRow.attribute("zoneoutCell"), kEpsilon = kRow.attribute("epsilon");

  VariantActivation<Activation::kSigmoid, kPlain> gate;
  VariantActivation<Activation::kTanh, kPlain> cell;
  VariantActivation<Activation::kTanh, kPlain> output;
  bool reverse;
  T clip;  // 0: none
  T zoneout;
  T zoneout_cell;
  T epsilon;

  explicit LstmAttributes(const BpttCall& call)
      : gate(number(call, kGate)),
        cell(number(call, kActivation)),
        output(number(call, kOutput)),
        reverse(is_set(call, kReverse)),
        clip(static_cast<T>(number(call, kClip))),
        zoneout(static_cast<T>(number(call, kZoneout))),
        zoneout_cell(static_cast<T>(number(call, kZoneoutCell))),
        epsilon(static_cast<T>(number(call, kEpsilon))) {}

  bool has_clip() const { return !kPlain && clip > T(0); }
  bool are_plain() const {
    return gate.is_usual() && cell.is_usual() && output.is_usual() && clip == T(0) && zoneout == T(0) &&
           zoneout_cell == T(0);
  }
};

}  // namespace kernel
}  // namespace bptt
