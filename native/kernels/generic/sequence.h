// The loops over time that all cells share. A cell supplies its pointwise equations; these loops supply the product
// with the recurrent weights, the packed rows, the sequences that end early, and the division among threads: each
// thread owns some panels (units) at every step, so a step needs one barrier and no sum is ever divided.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/micro_kernel.h"

namespace bptt {
namespace kernel {

// Where a tile's row stands.
struct Place {
  int64_t step;      // t
  int64_t sequence;  // b
  int64_t row;       // packed row of (t, b)
  int64_t previous;  // packed row of (t-1, b); meaningless at t = 0
  bool first;        // t == 0: the previous state is the initial one
  bool last;         // the sequence ends here
};

inline Place place_of(const BpttAxis& axis, int64_t step, int64_t sequence) {
  return {step,
          sequence,
          axis.offsets[step] + sequence,
          step == 0 ? -1 : axis.offsets[step - 1] + sequence,
          step == 0,
          step + 1 == axis.steps || sequence >= axis.batch_sizes[step + 1]};
}

// A left factor made of up to two matrices side by side: the recurrent gradient of a reset-after GRU has its
// candidate columns elsewhere.
template <typename T>
struct Segment {
  const T* data;  // first row, or null for none
  int64_t stride;
  int64_t depth;
};

template <typename T>
struct Factor {
  Segment<T> first;
  Segment<T> second;
  int64_t depth() const { return first.depth + second.depth; }
};

template <typename T>
inline Factor<T> factor(const T* data, int64_t columns) {
  return {{data, columns, columns}, {nullptr, 0, 0}};
}

// For every panel of this thread and every tile of `row_count` rows: tile = left[0..alive) * packed, rows from `alive`
// on are zero; then visit(row, panel, values of that row) for each row.
template <typename T, int NV, typename Visit>
inline void for_rows(int64_t row_count, int64_t alive, const Factor<T>& left, const T* packed, Range panels,
                     Visit visit) {
  constexpr int W = NV * Vec<T>::kLanes;
  constexpr int MR = Tiling<T>::rows(NV);
  Tile<T, NV> tile;
  const int64_t depth = left.depth();
  for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
    const T* weights = packed + panel * depth * W;
    for (int64_t b = 0; b < row_count; b += MR) {
      const int count = static_cast<int>(std::min<int64_t>(MR, row_count - b));
      const int active = static_cast<int>(std::max<int64_t>(0, std::min<int64_t>(count, alive - b)));
      if (active > 0) {
        tile_product<T, NV, Left::kRows>(active, left.first.depth, left.first.data + b * left.first.stride,
                                         left.first.stride, weights, tile.value);
        if (left.second.data != nullptr) {
          tile_product<T, NV, Left::kRows>(active, left.second.depth, left.second.data + b * left.second.stride,
                                           left.second.stride, weights + left.first.depth * W, tile.value, true);
        }
      }
      std::fill(tile.row(active), tile.row(count), T(0));
      for (int m = 0; m < count; ++m) visit(b + m, panel, tile.row(m));
    }
  }
}

// For each vector of a panel of neighbouring units: visit(v, first unit, how many of its lanes are units).
template <typename T, typename Visit>
inline void for_units(int64_t panel, int64_t units, Visit visit) {
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  for (int v = 0; v < NV; ++v) {
    const int64_t u = (panel * NV + v) * L;
    if (u >= units) return;
    visit(v, u, static_cast<int>(std::min<int64_t>(L, units - u)));
  }
}

inline int64_t panels_of(int64_t units, int64_t width) {
  return (units + width - 1) / width;
}

// Forward in time. `left_of(step)` is the factor of R at a step (data null where it is zero); `visit(place, panel,
// R h)` applies the cell to one row and one panel of units.
template <typename T, int NV, typename LeftOf, typename Visit>
inline void forward_in_time(const BpttCall& call, Range panels, const T* packed, LeftOf left_of, Visit visit) {
  const BpttAxis& axis = *call.axis;
  for (int64_t t = 0; t < axis.steps; ++t) {
    const Factor<T> left = left_of(t);
    const int64_t alive = left.first.data == nullptr ? 0 : axis.batch_sizes[t];
    for_rows<T, NV>(axis.batch_sizes[t], alive, left, packed, panels,
                    [&](int64_t b, int64_t panel, const T* product) { visit(place_of(axis, t, b), panel, product); });
    if (barrier(call)) return;
  }
}

// Where the gradient of the initial states goes; dh0 is null when nobody wants it.
template <typename T>
struct InitialGradient {
  T* dh0;            // [B,H]
  const T* carried;  // [B,H] what reaches h directly from the first step, or null
  int64_t units;     // H
};

// dh0 = left * packed + carried.
template <typename T>
inline void write_initial_gradient(const BpttCall& call, Range panels, const T* packed, const Factor<T>& left,
                                   const InitialGradient<T>& to) {
  if (to.dh0 == nullptr) return;
  const int64_t batch = call.axis->batch;
  for_rows<T, Tiling<T>::vectors(1)>(
      batch, batch, left, packed, panels, [&](int64_t b, int64_t panel, const T* product) {
        for_units<T>(panel, to.units, [&](int v, int64_t u, int n) {
          const Vec<T> direct = Vec<T>::load_or_zero(at_or_null(to.carried, b * to.units + u), n);
          (Vec<T>::load(product + v * Vec<T>::kLanes) + direct).store(to.dh0 + b * to.units + u, n);
        });
      });
}

// Backward in time. At step t, visit(place, panel, R^T dA of step t+1): zero for sequences that end at t; at last the
// gradient of the initial states. `left_of(step)` is the factor dA of R^T at a step.
template <typename T, typename LeftOf, typename Visit>
inline void backward_in_time(const BpttCall& call, Range panels, const T* packed, LeftOf left_of, Visit visit,
                             const InitialGradient<T>& initial) {
  const BpttAxis& axis = *call.axis;
  for (int64_t t = axis.steps - 1; t >= 0; --t) {
    const bool is_end = t + 1 == axis.steps;
    const int64_t alive = is_end ? 0 : axis.batch_sizes[t + 1];
    for_rows<T, Tiling<T>::vectors(1)>(
        axis.batch_sizes[t], alive, is_end ? Factor<T>{} : left_of(t + 1), packed, panels,
        [&](int64_t b, int64_t panel, const T* product) { visit(place_of(axis, t, b), panel, product); });
    if (barrier(call)) return;
  }
  write_initial_gradient(call, panels, packed, left_of(0), initial);
}

// Scratch memory of one state [B,H].
template <typename T>
inline BpttScratch state_scratch(const BpttAxis& axis, int64_t units) {
  return {axis.batch * units * static_cast<int64_t>(sizeof(T)), 0};
}

// Row t-1 of the states for packed row `row`, the initial state for rows of the first step, null where that is absent.
template <typename T>
class PreviousRow {
 public:
  PreviousRow(const BpttAxis& axis, const T* states, const T* initial, int64_t columns)
      : axis_(axis), states_(states), initial_(initial), columns_(columns) {}
  const T* operator()(int64_t row) {
    while (row >= axis_.offsets[step_ + 1]) ++step_;
    while (row < axis_.offsets[step_]) --step_;
    const int64_t sequence = row - axis_.offsets[step_];
    if (step_ == 0) return row_or_null(initial_, sequence, columns_);
    return states_ + (axis_.offsets[step_ - 1] + sequence) * columns_;
  }

 private:
  const BpttAxis& axis_;
  const T* states_;
  const T* initial_;
  int64_t columns_;
  int64_t step_ = 0;  // the step of the last row asked for: rows come in order
};

}  // namespace kernel
}  // namespace bptt
