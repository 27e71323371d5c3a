// Convolution along sequences of packed rows: which steps an output sums over, and the product of the columns that they
// make side by side (unfolded rows) with packed weights. Nothing leads from one sequence to another.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/products/micro_kernel.h"
#include "kernels/generic/rows/packed_rows.h"
#include "kernels/generic/scratch.h"

namespace bptt {
namespace kernel {

// Where the steps stand that an output of step t sums over, when the kernel reaches over `reach` steps: from
// t * stride - left on.
enum class Padding : int64_t {
  kCausal,   // left = reach - 1: none of them is later than t * stride
  kSame,     // ceil(length / stride) outputs; what is missing is divided among both ends, the odd step behind
  kValid,    // left = 0
  kExplicit  // left = front
};

// Sizes of a convolution. A row of a program may have sizes that do not go together; whatever they are, the columns
// below stay within the operands.
struct Convolution {
  int64_t groups;
  int64_t inputs;   // columns of x
  int64_t outputs;  // columns of y
  int64_t width;    // J, columns of the weights
  int64_t group_inputs;
  int64_t group_outputs;
  int64_t taps;  // kernel size
  int64_t stride;
  int64_t dilation;
  Padding padding;
  int64_t front;  // steps of explicit padding before a sequence

  Convolution(int64_t all_inputs, int64_t all_outputs, int64_t weights, int64_t group_count, int64_t step_stride,
              int64_t tap_distance, Padding kind, int64_t steps_in_front)
      : groups(group_count),
        inputs(all_inputs),
        outputs(all_outputs),
        width(weights),
        group_inputs(std::max<int64_t>(1, all_inputs / group_count)),
        group_outputs(std::max<int64_t>(1, all_outputs / group_count)),
        taps(weights / group_inputs),
        stride(step_stride),
        dilation(tap_distance),
        padding(kind),
        front(steps_in_front) {}

  // A channel by itself: every group has one input and one output.
  bool is_depthwise() const { return groups == inputs && groups == outputs; }

  // Steps of padding before a sequence of the input.
  int64_t left(const BpttAxis& input, int64_t sequence) const {
    const int64_t before_last = (taps - 1) * dilation;
    if (padding == Padding::kValid) return 0;
    if (padding == Padding::kExplicit) return front;
    if (padding == Padding::kCausal) return before_last;
    if (stride == 1) return before_last / 2;
    const int64_t length = length_of(input, sequence);
    const int64_t last = (length - 1) / stride * stride;
    return std::max<int64_t>(0, last + before_last + 1 - length) / 2;
  }
};

// The columns of one group; the last group has what is left over where columns do not divide.
inline Range group_columns(int64_t group, int64_t groups, int64_t size, int64_t columns) {
  const int64_t begin = std::min(group * size, columns);
  return {begin, group + 1 == groups ? columns : std::min(begin + size, columns)};
}
inline int64_t group_of(int64_t column, int64_t groups, int64_t size) {
  return std::min(column / size, groups - 1);
}

// Rows of a time axis by sequence and step, and the steps before the first one.
template <typename T>
struct StepRows {
  const T* rows;
  int64_t stride;
  const BpttAxis* axis;
  const T* context = nullptr;  // [sequences, context_columns]
  int64_t context_columns = 0;
  int64_t columns = 1;

  int64_t context_steps() const { return context_columns / columns; }

  // Null where the sequence has no such step.
  const T* at(int64_t sequence, int64_t step) const {
    if (step >= 0) {
      const bool is_there = step < axis->steps && sequence < axis->batch_sizes[step];
      return is_there ? rows + (axis->offsets[step] + sequence) * stride : nullptr;
    }
    if (context == nullptr || step + context_steps() < 0) return nullptr;
    return context + sequence * context_columns + (step + context_steps()) * columns;
  }
};

// The sequence of the other axis that has the sample of sequence b.
inline int64_t other_sequence(const BpttCall& call, int64_t b) {
  return call.other->places[call.axis->samples[b]];
}

// The rows of x that an output sums over, by tap.
template <typename T>
struct InputTaps {
  const Convolution& sizes;
  StepRows<T> x;
  const BpttCall& call;

  // Calls f(tap, row of x or null) for the output of a step.
  template <typename F>
  void operator()(int64_t step, int64_t b, F f) const {
    const int64_t sequence = other_sequence(call, b);
    int64_t from = step * sizes.stride - sizes.left(*x.axis, sequence);
    for (int64_t tap = 0; tap < sizes.taps; ++tap, from += sizes.dilation) f(tap, x.at(sequence, from));
  }
};

// The rows of dy that a step of x has a part in, by tap.
template <typename T>
struct OutputTaps {
  const Convolution& sizes;
  StepRows<T> dy;
  int64_t count;  // of the taps
  const BpttCall& call;

  template <typename F>
  void operator()(int64_t step, int64_t b, F f) const {
    const int64_t sequence = other_sequence(call, b);
    int64_t from = step + sizes.left(*call.axis, b);
    for (int64_t tap = 0; tap < count; ++tap, from -= sizes.dilation) {
      const bool is_output = from >= 0 && from % sizes.stride == 0;
      f(tap, is_output ? dy.at(sequence, from / sizes.stride) : nullptr);
    }
  }
};

// to[tap, column] = columns [begin, begin + size) of the tap's row, zero where there is none, up to `width` numbers.
template <typename T, typename Taps>
inline void unfold_row(const Taps& taps, int64_t step, int64_t b, int64_t begin, int64_t size, int64_t width, T* to) {
  T* end = to + width;
  taps(step, b, [&](int64_t, const T* from) {
    if (from == nullptr) {
      std::fill(to, to + size, T(0));
    } else {
      std::copy(from + begin, from + begin + size, to);
    }
    to += size;
  });
  std::fill(to, end, T(0));
}

// Rows that are unfolded and multiplied together: 256 KiB, a part of the second cache.
template <typename T>
inline int64_t unfolded_rows(int64_t width) {
  constexpr int64_t kBlockBytes = 256 * 1024;
  constexpr int MR = Tiling<T>::rows(Tiling<T>::vectors(1));
  return std::max<int64_t>(MR, kBlockBytes / (width * static_cast<int64_t>(sizeof(T))) / MR * MR);
}

// Scratch memory of one thread: a block of unfolded rows, or the rows of the taps.
template <typename T>
struct UnfoldScratch {
  T* block;
  const T** taps;
  T* panel;

  // `widened` numbers of a panel in the type of the arithmetic, 0 where it is read as it is.
  UnfoldScratch(int64_t width, int64_t widened, Scratch* scratch)
      : block(scratch->take<T>(unfolded_rows<T>(width) * width)),
        taps(scratch->take<const T*>(width)),
        panel(scratch->take<T>(widened)) {}
};

// A product of unfolded rows with packed weights, group by group.
//   packed  [width, outputs]  group by group below each other's columns, as `pack` leaves them
//   y       [.., y_stride]    out  `outputs` columns of each row
template <typename T, typename S>
struct UnfoldedProduct {
  const BpttTeam& team;
  int64_t groups;
  int64_t group_inputs;  // numbers of a tap
  int64_t group_outputs;
  int64_t outputs;
  int64_t width;  // numbers of an unfolded row of one group
  const S* packed;
  const T* bias;
  T* y;
  int64_t y_stride;
  UnfoldScratch<T> scratch;
  Tile<T, Tiling<T>::vectors(1)> tile{};

  static constexpr int NV = Tiling<T>::vectors(1);
  static constexpr int W = NV * Vec<T>::kLanes;
  static constexpr int MR = Tiling<T>::rows(NV);

  // Numbers from one unfolded row to the next; a column of a panel has as many.
  int64_t row_stride() const { return Panel<T, S>::stored_depth(width); }

  // The rows 0..total; for_rows(range, visit) calls visit(row, step, sequence) for the rows of a range.
  template <typename ForRows, typename Taps>
  void run(int64_t total, const ForRows& for_rows, const Taps& taps, bool is_depthwise) {
    // Threads divide the rows where there are enough of them, the columns otherwise.
    const int64_t panels = (outputs + W - 1) / W;
    const bool by_rows = total >= MR * 4 * team.count;
    const Range mine = by_rows ? share(total, MR, team) : Range{0, total};
    const Range my_panels = by_rows ? Range{0, panels} : share(panels, 1, team);
    if (my_panels.begin == my_panels.end) return;
    if (is_depthwise) {
      for_rows(mine, [&](int64_t row, int64_t step, int64_t b) { depthwise_row(row, step, b, taps, my_panels); });
      return;
    }
    const int64_t block = unfolded_rows<T>(row_stride());
    for (int64_t r0 = mine.begin; r0 < mine.end; r0 += block) {
      const Range rows{r0, std::min(mine.end, r0 + block)};
      for (int64_t group = 0; group < groups; ++group) {
        const Range columns = group_columns(group, groups, group_outputs, outputs);
        if (columns.end <= my_panels.begin * W || columns.begin >= my_panels.end * W) continue;
        for_rows(rows, [&](int64_t row, int64_t step, int64_t b) {
          T* to = scratch.block + (row - r0) * row_stride();
          unfold_row(taps, step, b, group * group_inputs, group_inputs, width, to);
          LeftRows<T, S>::put(to, to, width);
          LeftRows<T, S>::end(to, width);
        });
        const Range own{std::max(my_panels.begin, columns.begin / W),
                        std::min(my_panels.end, (columns.end + W - 1) / W)};
        for (int64_t panel = own.begin; panel < own.end; ++panel) multiply(rows, panel, columns);
      }
    }
  }

  // The columns of the panel that belong to the group.
  void multiply(Range rows, int64_t panel, Range group) {
    const int64_t first = panel * W;
    const int64_t begin = std::max(first, group.begin), end = std::min(first + W, group.end);
    const int vectors = panel_vectors<T>(outputs, panel);
    with_panel(packed + panel * row_stride() * W, rows.end - rows.begin, width, vectors, scratch.panel,
               [&](const auto* weights, int64_t depth) { multiply(rows, weights, depth, vectors, first, begin, end); });
  }

  template <typename Weights>
  void multiply(Range rows, const Weights* weights, int64_t depth, int vectors, int64_t first, int64_t begin,
                int64_t end) {
    for (int64_t r = rows.begin; r < rows.end; r += MR) {
      const int count = static_cast<int>(std::min<int64_t>(MR, rows.end - r));
      panel_product<T, NV, Left::kRows>(vectors, count, depth, scratch.block + (r - rows.begin) * row_stride(),
                                        row_stride(), weights, tile.value);
      for (int m = 0; m < count; ++m) {
        T* to = y + (r + m) * y_stride;
        for (int64_t c = begin; c < end; c += Vec<T>::kLanes) {
          const int n = static_cast<int>(std::min<int64_t>(Vec<T>::kLanes, end - c));
          (Vec<T>::load(tile.row(m) + (c - first), n) + Vec<T>::load_or_zero(at_or_null(bias, c), n)).store(to + c, n);
        }
      }
    }
  }

  template <typename Taps>
  void depthwise_row(int64_t row, int64_t step, int64_t b, const Taps& taps, Range panels) {
    constexpr int L = Vec<T>::kLanes;
    int64_t count = 0;
    taps(step, b, [&](int64_t, const T* from) { scratch.taps[count++] = from; });
    T* to = y + row * y_stride;
    for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
      const int vectors = panel_vectors<T>(outputs, panel);
      for (int v = 0; v < vectors; ++v) {
        const int64_t c = panel * W + v * L;
        const S* of_panel = packed + panel * row_stride() * W;
        with_lanes<T>(static_cast<int>(std::min<int64_t>(L, outputs - c)), [&](auto n) {
          Vec<T> sum = Vec<T>::zero();
          for (int64_t tap = 0; tap < count; ++tap) {
            const T* from = scratch.taps[tap];
            if (from == nullptr) continue;
            const Vec<T> x = Panel<T, S>::rounded(Vec<T>::load(from + c, n));
            sum = multiply_add(x, Panel<T, S>::at(of_panel, tap, v, vectors), sum);
          }
          (sum + Vec<T>::load_or_zero(at_or_null(bias, c), n)).store(to + c, n);
        });
      }
    }
  }
};

}  // namespace kernel
}  // namespace bptt
