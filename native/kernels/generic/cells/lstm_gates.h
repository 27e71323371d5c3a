// The gates of the long short-term memory cell, with and without a forget gate of its own, and the cell's attributes.
#pragma once

#include "kernels/generic/activation.h"
#include "kernels/generic/cells/hidden_state.h"
#include "kernels/generic/cells/variant.h"
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

// The attributes that the operations of both directions have.
template <Opcode kOperation>
struct LstmAttributeNames {
  static constexpr Row kRow{kOperation};
  static constexpr Attribute kGate = kRow.attribute("gate"), kActivation = kRow.attribute("activation");
  static constexpr ActivationAttributes kOutput{kRow.attribute("output"), kRow.attribute("outputAlpha"),
                                                kRow.attribute("outputBeta")};
  static constexpr Attribute kReverse = kRow.attribute("reverse"), kClip = kRow.attribute("clip");
  static constexpr Attribute kZoneout = kRow.attribute("zoneout"), kZoneoutCell = kRow.attribute("zoneoutCell");
  static constexpr Attribute kEpsilon = kRow.attribute("epsilon");
};

struct LstmForward : LstmAttributeNames<Opcode::lstm> {
  static_assert(have_same_attributes(Opcode::lstm, Opcode::lstmCoupled));
  static constexpr Attribute kGateAlpha = kRow.attribute("gateAlpha"), kGateBeta = kRow.attribute("gateBeta");
  static constexpr Attribute kAlpha = kRow.attribute("activationAlpha"), kBeta = kRow.attribute("activationBeta");
  static constexpr Attribute kInputClip = kRow.attribute("inputClip");

  template <typename T>
  static NumberedActivation<T> gate(const BpttCall& call) {
    return numbered_activation(call, {kGate, kGateAlpha, kGateBeta}, static_cast<T>(number(call, kInputClip)));
  }
  template <typename T>
  static NumberedActivation<T> cell(const BpttCall& call) {
    return numbered_activation(call, {kActivation, kAlpha, kBeta}, static_cast<T>(number(call, kInputClip)));
  }
};

struct LstmBackward : LstmAttributeNames<Opcode::lstmBackward> {
  static_assert(have_same_attributes(Opcode::lstmBackward, Opcode::lstmCoupledBackward));

  template <typename T>
  static NumberedActivation<T> gate(const BpttCall& call) {
    return activation_without_numbers<T>(call, kGate);
  }
  template <typename T>
  static NumberedActivation<T> cell(const BpttCall& call) {
    return activation_without_numbers<T>(call, kActivation);
  }
};

template <typename T, bool kPlain>
struct LstmAttributes {
  VariantActivation<T, Activation::kSigmoid, kPlain> gate;
  VariantActivation<T, Activation::kTanh, kPlain> cell;
  VariantActivation<T, Activation::kTanh, kPlain> output;
  bool reverse;
  T clip;  // 0: none
  T zoneout;
  T zoneout_cell;
  T epsilon;

  template <typename Names>
  LstmAttributes(const BpttCall& call, Names)
      : gate(Names::template gate<T>(call)),
        cell(Names::template cell<T>(call)),
        output(numbered_activation(call, Names::kOutput, T(0))),
        reverse(is_set(call, Names::kReverse)),
        clip(static_cast<T>(number(call, Names::kClip))),
        zoneout(static_cast<T>(number(call, Names::kZoneout))),
        zoneout_cell(static_cast<T>(number(call, Names::kZoneoutCell))),
        epsilon(static_cast<T>(number(call, Names::kEpsilon))) {}

  bool has_clip() const { return !kPlain && clip > T(0); }
  bool are_plain() const {
    return gate.is_usual() && cell.is_usual() && output.is_usual() && clip == T(0) && zoneout == T(0) &&
           zoneout_cell == T(0);
  }
};

}  // namespace kernel
}  // namespace bptt
