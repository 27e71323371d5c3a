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
  VariantActivation<Activation::kSigmoid, kPlain> gate;
  VariantActivation<Activation::kTanh, kPlain> cell;
  VariantActivation<Activation::kTanh, kPlain> output;
  bool reverse;
  T clip;  // 0: none
  T zoneout;
  T zoneout_cell;
  T epsilon;

  explicit LstmAttributes(const double* attributes)
      : gate(attributes[0]),
        cell(attributes[1]),
        output(attributes[2]),
        reverse(attributes[3] != 0),
        clip(static_cast<T>(attributes[4])),
        zoneout(static_cast<T>(attributes[5])),
        zoneout_cell(static_cast<T>(attributes[6])),
        epsilon(static_cast<T>(attributes[7])) {}

  bool has_clip() const { return !kPlain && clip > T(0); }
  bool are_plain() const {
    return gate.is_usual() && cell.is_usual() && output.is_usual() && clip == T(0) && zoneout == T(0) &&
           zoneout_cell == T(0);
  }
};

}  // namespace kernel
}  // namespace bptt
