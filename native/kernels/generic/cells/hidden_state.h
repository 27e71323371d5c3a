// The hidden state of a cell, forward, and its gradient, backward. This covers the state that the recurrent product
// reads (the previous one times the mask of variational dropout), zoneout, and the initial and final states. A cell
// supplies its pointwise equations alone. Sources: Gal & Ghahramani 2016 (one mask per sequence); Krueger et al. 2017
// (zoneout).
#pragma once

#include "kernels/generic/cells/sequence.h"
#include "kernels/generic/cells/variant.h"
#include "kernels/generic/scratch.h"

namespace bptt {
namespace kernel {

// Zoneout: the fraction k of the previous state that the new state keeps.
template <typename T, bool kPlain>
struct Zone {
  const T* fractions;  // [N, columns] or null
  T constant;          // k where `fractions` is null; 0 for no zoneout

  bool is_active() const { return !kPlain && (fractions != nullptr || constant != T(0)); }
  BPTT_INLINE Vec<T> at(int64_t offset, int n) const {
    return fractions == nullptr ? Vec<T>(constant) : Vec<T>::load(fractions + offset, n);
  }
  // k * previous + (1 - k) * next. For k = 0 or 1 this is exactly one of the two.
  BPTT_INLINE Vec<T> mix(Vec<T> k, Vec<T> previous, Vec<T> next) const {
    return k * previous + (Vec<T>(T(1)) - k) * next;
  }
};

// The rows of a state in memory.
template <typename T>
struct StateRows {
  T* values;  // [N, columns] of all steps, `stride` apart; null where these are not kept
  int64_t stride;
  const T* initial;  // [B, columns], null for zero
  T* final_values;   // [B, columns] or null
  int64_t columns;
  T* latest = nullptr;  // [B, columns] of the last step of each sequence, where `values` is null

  BPTT_INLINE const T* previous_row(const Place& at) const {
    if (at.begins) return row_or_null(initial, at.sequence, columns);
    return values == nullptr ? latest + at.sequence * columns : values + at.previous * stride;
  }
  BPTT_INLINE Vec<T> previous(const Place& at, int64_t u, int n) const {
    return Vec<T>::load_or_zero(at_or_null(previous_row(at), u), n);
  }
  BPTT_INLINE void put(const Place& at, int64_t u, int n, Vec<T> value) const {
    value.store((values == nullptr ? latest + at.sequence * columns : values + at.row * stride) + u, n);
    if (at.ends && final_values != nullptr) value.store(final_values + at.sequence * columns + u, n);
  }
};

// Scratch memory of a masked state: [B, columns] twice with a mask, nothing without.
template <typename T>
struct MaskedStates {
  T* buffer[2];

  MaskedStates(Scratch* scratch, const BpttAxis& axis, int64_t columns, bool has_mask) {
    for (T*& piece : buffer) piece = scratch->take<T>(has_mask ? axis.batch * columns : 0);
  }
};

// The hidden state in the forward pass.
template <typename T, bool kPlain>
class HiddenState {
 public:
  // `mask` [B, columns] or null.
  HiddenState(const Walk& walk, const StateRows<T>& rows, const T* mask, const Zone<T, kPlain>& zone,
              const MaskedStates<T>& masked)
      : walk_(walk), rows_(rows), mask_(mask), zone_(zone), masked_(masked) {}

  // Makes the masked initial states. To be called before the walk. Returns false when the call was cancelled.
  BPTT_INLINE bool begin(const BpttCall& call) {
    if (mask_ == nullptr) return true;
    const int64_t size = call.axis->batch * rows_.columns;
    const Range mine = share(size, 64, *call.team);
    for (int64_t e = mine.begin; e < mine.end; e += Vec<T>::kLanes) {
      const int n = static_cast<int>(std::min<int64_t>(Vec<T>::kLanes, mine.end - e));
      const Vec<T> value = Vec<T>::load(mask_ + e, n) * Vec<T>::load_or_zero(at_or_null(rows_.initial, e), n);
      for (T* buffer : masked_.buffer) value.store(buffer + e, n);
    }
    return !barrier(call);
  }

  // The left factor of the recurrent product at step t. Masked states have two buffers: one step reads the first and
  // writes the second, the next step the other way round. Both hold the initial state of a sequence that has not begun.
  BPTT_INLINE StepRows<T> left(int64_t t) {
    if (mask_ != nullptr) {
      turn_ = !turn_;
      return all_rows(walk_.alive(t), factor<T>(masked_.buffer[turn_], rows_.columns));
    }
    const int64_t carried = walk_.carried(t);
    const T* before = carried == 0 ? nullptr : rows_.values + walk_.row(walk_.before(t)) * rows_.stride;
    return {carried, walk_.alive(t), factor<T>(before, rows_.columns, rows_.stride),
            factor<T>(rows_.initial, rows_.columns)};
  }

  // The previous state.
  BPTT_INLINE Vec<T> previous(const Place& at, int64_t u, int n) const { return rows_.previous(at, u, n); }
  // The previous state as the recurrent product reads it: masked.
  BPTT_INLINE Vec<T> fed(const Place& at, int64_t u, int n) const {
    const Vec<T> value = previous(at, u, n);
    return mask_ == nullptr ? value : value * Vec<T>::load(mask_ + at.sequence * rows_.columns + u, n);
  }

  // Stores the new state, given what the cell computed: mixes it by zoneout, and masks it for the next step.
  BPTT_INLINE void put(const Place& at, int64_t u, int n, Vec<T> next) const {
    if (zone_.is_active()) next = zone_.mix(zone_.at(at.row * rows_.columns + u, n), previous(at, u, n), next);
    rows_.put(at, u, n, next);
    if (mask_ == nullptr) return;
    const int64_t offset = at.sequence * rows_.columns + u;
    (next * Vec<T>::load(mask_ + offset, n)).store(masked_.buffer[!turn_] + offset, n);
  }

 private:
  const Walk& walk_;
  StateRows<T> rows_;
  VariantOperand<const T, kPlain> mask_;
  Zone<T, kPlain> zone_;
  MaskedStates<T> masked_;
  bool turn_ = false;  // the buffer that this step reads
};

// The operands of HiddenGradient.
template <typename T, bool kPlain>
struct HiddenGradientOperands {
  const T* dy;  // [N, columns], `stride` apart, or null
  int64_t stride;
  const T* dhT;                          // [B, columns] or null
  VariantOperand<const T, kPlain> mask;  // [B, columns] or null
  Zone<T, kPlain> zone;
  T* dh0;  // [B, columns] or null
  int64_t columns;
  bool reaches_before;  // whether the cell calls `pass`: its equations read the previous state
};

// The gradient of the hidden state in the backward pass.
template <typename T, bool kPlain>
class HiddenGradient {
 public:
  // `carried` [B, columns] is scratch memory.
  HiddenGradient(const HiddenGradientOperands<T, kPlain>& operands, T* carried)
      : on_(operands), carried_(operands.reaches_before || operands.zone.is_active() ? carried : nullptr) {}

  template <int64_t W>
  BPTT_INLINE void prefetch(int64_t row, int64_t u) const {
    if (on_.dy != nullptr) kernel::prefetch<W>(on_.dy + row * on_.stride + u);
  }

  // The gradient of what the cell computed. `product` is the gradient that comes through the recurrent weights from the
  // next step.
  BPTT_INLINE Vec<T> take(const Place& at, int64_t u, int n, Vec<T> product) const {
    const int64_t of_sequence = at.sequence * on_.columns + u;
    Vec<T> d = masked(of_sequence, n, product);
    if (on_.dy != nullptr) d = d + Vec<T>::load(on_.dy + at.row * on_.stride + u, n);
    if (!at.ends) {
      if (carried_ != nullptr) d = d + Vec<T>::load(carried_ + of_sequence, n);
    } else if (on_.dhT != nullptr) {
      d = d + Vec<T>::load(on_.dhT + of_sequence, n);
    }
    if (!on_.zone.is_active()) return d;
    const Vec<T> k = on_.zone.at(at.row * on_.columns + u, n);
    (k * d).store(carried_ + of_sequence, n);
    return (Vec<T>(T(1)) - k) * d;
  }

  // Adds d to the gradient of the previous state, beside the product. To be called once for each place, after `take`.
  BPTT_INLINE void pass(const Place& at, int64_t u, int n, Vec<T> d) const {
    if (on_.zone.is_active()) return pass_more(at, u, n, d);
    d.store(carried_ + at.sequence * on_.columns + u, n);
  }
  // The same, where something has been passed to this place before.
  BPTT_INLINE void pass_more(const Place& at, int64_t u, int n, Vec<T> d) const {
    T* carried = carried_ + at.sequence * on_.columns + u;
    (Vec<T>::load(carried, n) + d).store(carried, n);
  }
  // The same, where d is the gradient of the masked state.
  BPTT_INLINE void pass_fed(const Place& at, int64_t u, int n, Vec<T> d) const {
    pass_more(at, u, n, masked(at.sequence * on_.columns + u, n, d));
  }

  // Writes the gradients of the initial states. To be called after the walk. `left_of(t)` returns the left factor of
  // step t.
  template <typename S, typename LeftOf>
  void finish(const Walk& walk, const S* packed, const Panels& panels, LeftOf left_of,
              const StepFactors<T, S>& factors) const {
    if (on_.dh0 == nullptr) return;
    for (int64_t t = 0; t < walk.steps(); ++t) {
      const int64_t carried = walk.carried(t);
      if (carried == walk.alive(t)) continue;
      constexpr int NV = Tiling<T>::vectors(1);
      Tile<T, NV> tile;
      const Factor<T> left = factors.of(left_of(t), carried, walk.alive(t));
      for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
        const S* weights = packed + panel * Panel<T, S>::stored_depth(left.depth()) * NV * Vec<T>::kLanes;
        const Range mine = panels.rows(panel, walk.alive(t), NV, Tiling<T>::rows(NV));
        const auto put =
            row_by_row([&](int64_t b, int64_t of_panel, const T* product) { put_initial(b, of_panel, product); });
        for_group<T, NV>(std::max(mine.begin, carried), mine.end, left, weights, panel,
                         panels.template vectors<T, NV>(panel), &tile, put, NoFill());
      }
    }
  }

 private:
  // Writes the gradient of the initial state of sequence b for the units of one panel.
  void put_initial(int64_t b, int64_t panel, const T* product) const {
    for_units<T>(panel, on_.columns, [&](int v, int64_t u, auto n) {
      const int64_t offset = b * on_.columns + u;
      const Vec<T> through_product = masked(offset, n, Vec<T>::load(product + v * Vec<T>::kLanes));
      (through_product + Vec<T>::load_or_zero(at_or_null(carried_, offset), n)).store(on_.dh0 + offset, n);
    });
  }

  // The gradient of a state, given the gradient d of the masked state.
  BPTT_INLINE Vec<T> masked(int64_t offset, int n, Vec<T> d) const {
    return on_.mask == nullptr ? d : d * Vec<T>::load(on_.mask + offset, n);
  }

  HiddenGradientOperands<T, kPlain> on_;
  T* carried_;  // [B, columns] gradient from the next step that does not come through the product
};

}  // namespace kernel
}  // namespace bptt
