// The walk over time that all cells share, and the product with the recurrent weights at each step. It handles packed
// rows, sequences of different lengths, both directions, and the division among threads. Each thread owns some panels
// (units) at every step. So a step needs one barrier, and no sum is divided.
#pragma once

#include <type_traits>

#include "kernels/generic/call.h"
#include "kernels/generic/cells/step_factors.h"
#include "kernels/generic/products/micro_kernel.h"

namespace bptt {
namespace kernel {

// Where a row stands on the walk of its sequence.
struct Place {
  int64_t sequence;  // b
  int64_t row;       // packed row of (t, b)
  int64_t previous;  // packed row of the previous step of the walk; undefined where `begins`
  bool begins;       // the first step of this sequence's walk: the previous state is the initial one
  bool ends;         // the last step of this sequence's walk: the new state is the final one
};

// The order in which a cell visits the steps of its sequences: forward in time, or in reverse. In reverse each sequence
// starts at its own last step. Rows keep their places in memory. Sequences are sorted by length, the longest first. So
// the sequences that have a previous step are the first ones of every step, and so are those that have a next step.
class Walk {
 public:
  Walk(const BpttAxis& axis, bool reverse) : axis_(axis), reverse_(reverse) {}

  int64_t steps() const { return axis_.steps; }
  // The time step of the i-th step of the walk.
  int64_t step(int64_t i) const { return reverse_ ? axis_.steps - 1 - i : i; }
  int64_t before(int64_t t) const { return reverse_ ? t + 1 : t - 1; }
  int64_t after(int64_t t) const { return reverse_ ? t - 1 : t + 1; }
  int64_t alive(int64_t t) const { return t < 0 || t >= axis_.steps ? 0 : axis_.batch_sizes[t]; }
  int64_t row(int64_t t) const { return axis_.offsets[t]; }
  // Sequences [0, carried) have a step before t. The others begin at t.
  int64_t carried(int64_t t) const { return std::min(alive(t), alive(before(t))); }
  // Sequences [0, continuing) have a step after t. The others end at t.
  int64_t continuing(int64_t t) const { return std::min(alive(t), alive(after(t))); }

  Place place(int64_t t, int64_t sequence) const;

 private:
  const BpttAxis& axis_;
  bool reverse_;
};

// The places of one step.
class StepPlaces {
 public:
  StepPlaces(const Walk& walk, int64_t t)
      : row_(walk.row(t)),
        carried_(walk.carried(t)),
        continuing_(walk.continuing(t)),
        previous_(carried_ == 0 ? 0 : walk.row(walk.before(t))) {}

  BPTT_INLINE Place operator()(int64_t sequence) const {
    return {sequence, row_ + sequence, previous_ + sequence, sequence >= carried_, sequence >= continuing_};
  }

 private:
  int64_t row_;
  int64_t carried_;
  int64_t continuing_;
  int64_t previous_;  // row of sequence 0 at the previous step of the walk
};

inline Place Walk::place(int64_t t, int64_t sequence) const {
  return StepPlaces(*this, t)(sequence);
}

// The left factors of a step of the backward pass. A sequence that has a next step reads the gradients of that step.
// The others have a product of zero. `left_of(t)` returns the factor of step t.
template <typename T, typename LeftOf>
inline StepRows<T> following_rows(const Walk& walk, int64_t t, LeftOf left_of) {
  const int64_t continuing = walk.continuing(t);
  return {continuing, walk.alive(t), continuing == 0 ? Factor<T>{} : left_of(walk.after(t)), {}};
}

// The panels of this thread. All threads have the same number of vectors. So this thread may share its first and its
// last panel with its neighbours: each thread then computes some of the rows.
struct Panels {
  int64_t begin;
  int64_t end;
  int64_t columns;  // of a matrix that is packed for one gate (its last panel may be narrower); 0 with several gates
  // The vectors of all panels are divided into `parts`. `part` is that of this thread.
  int64_t all = 0;
  int64_t part = 0;
  int64_t parts = 1;

  template <typename T, int NV>
  int vectors(int64_t panel) const {
    return columns == 0 ? NV : panel_vectors<T>(columns, panel);
  }

  // The rows of a panel that this thread computes: whole tiles of `count` rows. `width` is the panel's number of
  // vectors, as `all` counts them.
  Range rows(int64_t panel, int64_t count, int64_t width, int64_t tile) const {
    if (parts == 1) return {0, count};
    const int64_t first = panel * width, n = std::min(width, all - first) * parts;
    const int64_t low = all * part - first * parts, high = low + all;
    const auto row = [&](int64_t at) {
      if (at <= 0) return int64_t{0};
      return at >= n ? count : std::min(count, (count * at + n * tile / 2) / (n * tile) * tile);
    };
    return {row(low), row(high)};
  }
};

// The fill of for_rows that leaves the tile empty.
struct NoFill {
  template <typename Tile>
  bool operator()(int64_t, int, int64_t, Tile*) const {
    return false;
  }
};

// Computes the sequences [begin, end) of one panel, some tiles at a time. First fill(first sequence, count, panel,
// tile) may put values into the tile; it returns whether it did. Then left * weights is added, and visit(first
// sequence, count, panel, tile) takes the result. `ahead` is fetched with the sequences `of_ahead`, of which these are
// a part.
template <typename T, int NV, typename S, typename Visit, typename Fill>
inline void for_group(int64_t begin, int64_t end, const Factor<T>& left, const S* weights, int64_t panel, int vectors,
                      Tile<T, NV>* tile, Visit visit, Fill fill, Ahead ahead = {}, Range of_ahead = {0, 0}) {
  int count = 0;
  for (int64_t b = begin; b < end; b += count) {
    count = static_cast<int>(Tiling<T>::next_rows(end - b, Tile<T, NV>::kRows));
    const bool is_filled = fill(b, count, panel, tile);
    if (left.first.data != nullptr) {
      rows_product<T, NV>(vectors, count, left.first.depth, left.first.data + b * left.first.stride, left.first.stride,
                          weights, tile->value, is_filled,
                          ahead.part(b - of_ahead.begin, b - of_ahead.begin + count, of_ahead.end - of_ahead.begin));
      if (left.second.data != nullptr) {
        rows_product<T, NV>(vectors, count, left.second.depth, left.second.data + b * left.second.stride,
                            left.second.stride, weights + left.first.depth * vectors * Vec<T>::kLanes, tile->value,
                            true);
      }
    } else if (!is_filled) {
      std::fill(tile->row(0), tile->row(count), T(0));
    }
    visit(b, count, panel, tile);
  }
}

// The visit of for_rows that takes one row after the other: visit(sequence, panel, row of the tile).
template <typename Visit>
inline auto row_by_row(Visit visit) {
  return [visit](int64_t b, int count, int64_t panel, auto* tile) {
    for (int m = 0; m < count; ++m) visit(b + m, panel, tile->row(m));
  };
}

// Computes left * packed for all panels of this thread, tile by tile. `fill` and `visit` are those of for_group.
template <typename T, int NV, typename S, typename Visit, typename Fill = NoFill>
inline void for_rows(const StepRows<T>& rows, const S* packed, const Panels& panels, Visit visit, Fill fill = {}) {
  constexpr int W = NV * Vec<T>::kLanes;
  Tile<T, NV> tile;
  const int64_t depth = Panel<T, S>::stored_depth(std::max(rows.head.depth(), rows.tail.depth()));
  for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const S* weights = packed + panel * depth * W;
    const int vectors = panels.template vectors<T, NV>(panel);
    const Range mine = panels.rows(panel, rows.end, panels.columns == 0 ? 1 : NV, Tiling<T>::rows(NV));
    const int64_t next = panel + 1 < panels.end ? panel + 1 : panels.begin;
    const Ahead ahead =
        fetch_ahead<T>(packed + next * depth * W, depth * panels.template vectors<T, NV>(next) * Vec<T>::kLanes,
                       (panels.end - panels.begin) * depth * W);
    with_panel(weights, mine.end - mine.begin, depth, vectors, rows.panel_room, [&](const auto* read, int64_t) {
      for_group<T, NV>(mine.begin, std::min(mine.end, rows.split), rows.head, read, panel, vectors, &tile, visit, fill,
                       ahead, mine);
      for_group<T, NV>(std::max(mine.begin, rows.split), mine.end, rows.tail, read, panel, vectors, &tile, visit, fill,
                       ahead, mine);
    });
  }
}

// The product of the input, x W, with which a cell fills its tiles. For a narrow input this costs less than one product
// over all steps, which is written to memory and read again.
template <typename T, typename S>
class InputProduct {
 public:
  // `x` [N, inputs], or null: there is no such product. `packed` is W packed like R.
  InputProduct(const T* x, const S* packed, int64_t inputs, const LeftRows<T, S>& copies)
      : x_(x), packed_(packed), inputs_(inputs), copies_(copies) {}

  // To be called at the begin of a step of `count` rows, the first of which is `row`.
  BPTT_INLINE void begin_step(int64_t row, int64_t count) {
    if (x_ == nullptr) return;
    stride_ = inputs_;
    count_ = count;
    widened_ = -1;
    rows_ = copies_.of(x_ + row * inputs_, count, inputs_, &stride_);
  }

  // tile[count rows] = x[sequences [b, b + count) of the step] times one panel. Returns false, and leaves the tile,
  // where x is not given.
  template <int NV>
  BPTT_INLINE bool fill(int64_t b, int count, int64_t panel, const Panels& panels, Tile<T, NV>* tile) {
    if (x_ == nullptr) return false;
    const int vectors = panels.template vectors<T, NV>(panel);
    const auto multiply = [&](const auto* weights, int64_t depth) {
      rows_product<T, NV>(vectors, count, depth, rows_ + b * stride_, stride_, weights, tile->value);
    };
    if (widened_ == panel) {
      multiply(static_cast<const T*>(copies_.panel()), Panel<T, S>::stored_depth(inputs_));
      return true;
    }
    const S* weights = packed_ + panel * Panel<T, S>::stored_depth(inputs_) * NV * Vec<T>::kLanes;
    with_panel(weights, count_, inputs_, vectors, copies_.panel(), multiply);
    if (LeftRows<T, S>::kCopies && count_ > kFewRows) widened_ = panel;
    return true;
  }

 private:
  const T* x_;
  const S* packed_;
  int64_t inputs_;
  LeftRows<T, S> copies_;
  const T* rows_ = nullptr;  // of the first sequence of the step
  int64_t count_ = 0;        // rows of the step
  int64_t widened_ = -1;     // the panel that stands widened in the scratch memory
  int64_t stride_ = 0;
};

// The fill of for_rows that leaves the tile empty and prefetches what its rows will need. It calls prefetch(place,
// first column, columns of the panel); the last argument is a constant at compile time.
template <typename Prefetch>
inline auto prefetch_rows(const StepPlaces& places, Prefetch prefetch) {
  return [places, prefetch](int64_t b, int count, int64_t panel, auto* tile) {
    constexpr int64_t W = std::remove_pointer_t<decltype(tile)>::kColumns;
    for (int m = 0; m < count; ++m) prefetch(places(b + m), panel * W, std::integral_constant<int64_t, W>());
    return false;
  };
}

// Calls visit(first unit, number of lanes that are units) for a panel that is packed for several gates.
template <typename T, typename Visit>
inline void with_panel_units(int64_t panel, int64_t units, Visit visit) {
  constexpr int L = Vec<T>::kLanes;
  const int64_t u = panel * L;
  with_lanes<T>(static_cast<int>(std::min<int64_t>(L, units - u)), [&](auto n) { visit(u, n); });
}

// Calls visit(v, first unit, number of lanes that are units) for each vector of a panel that is packed for one gate.
template <typename T, typename Visit>
inline void for_units(int64_t panel, int64_t units, Visit visit) {
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  for (int v = 0; v < NV; ++v) {
    const int64_t u = (panel * NV + v) * L;
    if (u >= units) return;
    with_lanes<T>(static_cast<int>(std::min<int64_t>(L, units - u)), [&](auto n) { visit(v, u, n); });
  }
}

// for_rows over a matrix that is packed for one gate. It calls visit(place, first column, number of lanes that are
// columns, product) for each vector.
template <typename T, typename S, typename Visit, typename Fill = NoFill>
inline void for_places(const StepPlaces& places, const StepRows<T>& rows, const S* packed, const Panels& panels,
                       Visit visit, Fill fill = {}) {
  constexpr int L = Vec<T>::kLanes;
  for_rows<T, Tiling<T>::vectors(1)>(
      rows, packed, panels, row_by_row([&](int64_t b, int64_t panel, const T* product) BPTT_FLATTEN {
        const Place at = places(b);
        for_units<T>(panel, panels.columns,
                     [&](int v, int64_t u, auto n) { visit(at, u, n, Vec<T>::load(product + v * L)); });
      }),
      fill);
}

// The panels of this thread, where all panels have `all` vectors and each has `width`.
inline Panels panels_of(const BpttCall& call, int64_t all, int64_t width, int64_t columns) {
  const int64_t part = call.team->id, parts = call.team->count;
  const int64_t begin = all * part / parts, end = (all * (part + 1) + parts - 1) / parts;
  return {begin / width, (end + width - 1) / width, columns, all, part, parts};
}

inline int64_t vectors_of(int64_t columns, int64_t lanes) {
  return (columns + lanes - 1) / lanes;
}

// The panels of this thread in a matrix that is packed for one gate.
template <typename T>
inline Panels my_panels(const BpttCall& call, int64_t columns) {
  return panels_of(call, vectors_of(columns, Vec<T>::kLanes), Tiling<T>::vectors(1), columns);
}

// The same for several gates. A panel has one vector of each gate, all of the same units.
template <typename T>
inline Panels my_unit_panels(const BpttCall& call, int64_t units) {
  return panels_of(call, vectors_of(units, Vec<T>::kLanes), 1, 0);
}

// A part of a step that needs whole rows. It waits for all threads, then each thread calls visit(place) for some of the
// sequences. Returns false when the call was cancelled.
template <typename Visit>
inline bool each_row(const BpttCall& call, const Walk& walk, int64_t t, Visit visit) {
  if (barrier(call)) return false;
  const Range mine = share(walk.alive(t), 1, *call.team);
  const StepPlaces places(walk, t);
  for (int64_t b = mine.begin; b < mine.end; ++b) visit(places(b));
  return true;
}

// Calls step(t) for every step in the order of the walk, and waits for all threads after each. `step` returns false
// when the call was cancelled.
template <typename Step>
inline void walk_forward(const BpttCall& call, const Walk& walk, Step step) {
  for (int64_t i = 0; i < walk.steps(); ++i) {
    if (!step(walk.step(i)) || barrier(call)) return;
  }
}

// The same in the opposite order. Returns false when the call was cancelled.
template <typename Step>
inline bool walk_back(const BpttCall& call, const Walk& walk, Step step) {
  for (int64_t i = walk.steps() - 1; i >= 0; --i) {
    if (!step(walk.step(i)) || barrier(call)) return false;
  }
  return true;
}

}  // namespace kernel
}  // namespace bptt
