// The products of attention, for one source and a block of its query rows. The rows of one sequence are far apart in
// packed memory, so they are copied into panels once. Each element is one chain of multiply-adds, for every size of the
// block.
#pragma once

#include "kernels/generic/products/transposed_product.h"

namespace bptt {
namespace kernel {

// The rows of one sequence of an operand, as a function from the step to const T*.
template <typename T>
inline auto steps_of(const BpttAxis& axis, int64_t sequence, T* operand, int64_t width) {
  return [&axis, sequence, operand, width](int64_t step) { return operand + (axis.offsets[step] + sequence) * width; };
}

// How many elements the rows take in panels.
template <typename T>
inline int64_t panels_size(int64_t rows, int64_t width) {
  return rows * round_up(width, Vec<T>::kLanes);
}

// Rows in panels for two products: as the right factor (the rows are the depth), and as the left factor of a product
// over their columns.
template <typename T, typename RowOf>
inline RightPanels<T> pack_rows(int64_t count, int64_t width, RowOf row_of, T* memory) {
  const RightPanels<T> panels{memory, width, count};
  const int64_t padded = round_up(width, Vec<T>::kLanes);
  for (int64_t r = 0; r < count; ++r) {
    panels.put(r, row_of(r), 0, width);
    panels.put(r, nullptr, width, padded);
  }
  return panels;
}

// Rows as the right factor of a product over their columns: panels of neighbouring rows, packed[panel][column][row].
// Blocks of as many columns as a vector has lanes are transposed in registers.
template <typename T, typename RowOf>
inline void pack_across(int64_t count, int64_t width, RowOf row_of, T* packed) {
  constexpr int L = Vec<T>::kLanes;
  constexpr int W = Tiling<T>::vectors(1) * L;
  for (int64_t first = 0; first < count; first += L) {
    const int64_t stride = panel_vectors<T>(count, first / W) * L;
    const int lanes = static_cast<int>(std::min<int64_t>(L, count - first));
    T* to = packed + first / W * W * width + first % W;
    const T* rows[L];
    for (int l = 0; l < lanes; ++l) rows[l] = row_of(first + l);
    int64_t c = 0;
    if constexpr (L > 1) {
      for (; c + L <= width; c += L) {
        Vec<T> block[L];
        for (int l = 0; l < L; ++l) block[l] = l < lanes ? Vec<T>::load(rows[l] + c) : Vec<T>::zero();
        transpose(block);
        for (int i = 0; i < L; ++i) block[i].store(to + (c + i) * stride);
      }
    }
    for (; c < width; ++c) {
      for (int l = 0; l < L; ++l) to[c * stride + l] = l < lanes ? rows[l][c] : T(0);
    }
  }
}

// A number for every pair of a query row of the block and a source step, in panels of W steps. Each row of a panel has
// space for W numbers, like a row of the micro-kernel's tile. So products are written directly into it.
template <typename T>
struct PairTable {
  static constexpr int L = Vec<T>::kLanes;
  static constexpr int W = Tiling<T>::vectors(1) * L;
  T* memory;
  int64_t rows;
  int64_t steps;

  static int64_t size(int64_t rows, int64_t steps) { return rows * round_up(steps, W); }
  int64_t panels() const { return (steps + W - 1) / W; }
  T* panel(int64_t p) const { return memory + p * rows * W; }
  T* row(int64_t p, int64_t r) const { return panel(p) + r * W; }
  T& at(int64_t r, int64_t s) const { return row(s / W, r)[s % W]; }
  // Steps in a panel.
  int64_t columns(int64_t p) const { return std::min<int64_t>(W, steps - p * W); }

  // For each vector of a row: visit(its index, how many of its lanes are steps).
  template <typename Visit>
  void for_row(int64_t r, Visit visit) const {
    for (int64_t s = 0; s < steps; s += L) {
      visit(row(s / W, r) + s % W, static_cast<int>(std::min<int64_t>(L, steps - s)));
    }
  }
};

// table[r, s] = sum over columns of left[r] * right[s];   right is packed across
template <typename T>
inline void multiply_across(const RightPanels<T>& left, const T* right, const PairTable<T>& table) {
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int MR = Tiling<T>::rows(NV);
  constexpr int64_t W = PairTable<T>::W;
  for (int64_t p = 0; p < table.panels(); ++p) {
    const int vectors = panel_vectors<T>(table.steps, p);
    const T* panel = right + p * W * left.width;
    // One part of the depth for all rows, so that its part of the panel stays in the first-level cache.
    for (int64_t k = 0; k < left.width; k += W) {
      const int64_t depth = std::min(W, left.width - k), stride = left.padded(k / W);
      for (int64_t r = 0; r < table.rows; r += MR) {
        const int count = static_cast<int>(std::min<int64_t>(MR, table.rows - r));
        panel_product<T, NV, Left::kRows>(vectors, count, depth, left.panel(k / W) + r * stride, stride,
                                          panel + k * vectors * Vec<T>::kLanes, table.row(p, r), k > 0);
      }
    }
  }
}

// Sums over steps of table[r, s] * right[s]:   store(row, first column, sums, how many)
template <typename T, typename Store>
inline void multiply_steps(const PairTable<T>& table, const RightPanels<T>& right, Store store) {
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int MR = Tiling<T>::rows(NV);
  constexpr int64_t W = PairTable<T>::W;
  Tile<T, NV> tile;
  for (int64_t c = 0; c < right.width; c += W) {
    const int vectors = panel_vectors<T>(right.width, c / W);
    for (int64_t r = 0; r < table.rows; r += MR) {
      const int count = static_cast<int>(std::min<int64_t>(MR, table.rows - r));
      for (int64_t p = 0; p < table.panels(); ++p) {
        panel_product<T, NV, Left::kRows>(vectors, count, table.columns(p), table.row(p, r), W,
                                          right.panel(c / W) + p * W * right.padded(c / W), tile.value, p > 0);
      }
      for (int m = 0; m < count; ++m) store(r + m, c, tile.row(m), std::min(W, right.width - c));
    }
  }
}

// Sums over rows of table[r, s] * right[r]:   store(step, first column, sums, how many)
template <typename T, typename Store>
inline void multiply_rows(const PairTable<T>& table, const RightPanels<T>& right, Store store) {
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int MR = Tiling<T>::rows(NV);
  constexpr int64_t W = PairTable<T>::W;
  Tile<T, NV> tile;
  for (int64_t c = 0; c < right.width; c += W) {
    const int vectors = panel_vectors<T>(right.width, c / W);
    for (int64_t p = 0; p < table.panels(); ++p) {
      for (int64_t s = 0; s < table.columns(p); s += MR) {
        const int count = static_cast<int>(std::min<int64_t>(MR, table.columns(p) - s));
        panel_product<T, NV, Left::kPacked>(vectors, count, table.rows, table.panel(p) + s, W, right.panel(c / W),
                                            tile.value);
        for (int m = 0; m < count; ++m) store(p * W + s + m, c, tile.row(m), std::min(W, right.width - c));
      }
    }
  }
}

// A store into rows of an operand: it writes the sums if they are the first, and adds them otherwise.
template <typename T, typename RowOf>
inline auto into_rows(RowOf row_of, bool is_first) {
  return [=](int64_t row, int64_t column, const T* sums, int64_t count) {
    add_sums(sums, row_of(row) + column, count, is_first);
  };
}

}  // namespace kernel
}  // namespace bptt
