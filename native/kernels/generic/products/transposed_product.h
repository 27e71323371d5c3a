// Weight gradients: C[O,K] = A^T B, summed over all rows of a batch.
#pragma once

#include <cstddef>
#include <cstring>

#include "kernels/generic/call.h"
#include "kernels/generic/products/micro_kernel.h"

namespace bptt {
namespace kernel {

// Rows that are packed and multiplied together; their sums are added to C in ascending order.
constexpr int64_t kDepthBlock = 256;

template <typename T>
inline int64_t panel_width() {
  return Tiling<T>::vectors(1) * Vec<T>::kLanes;
}

// Tiles of columns of A that are packed together: the memory of one row of A is then read in whole cache lines, and
// its rows, often a power of two apart, do not push each other out of the cache before the next tile wants them.
constexpr int kLeftTiles = 8;

// Two buffers for one block of packed rows of B, used in turn, so that one barrier per block is enough; and for each
// thread packed columns of A.
template <typename T>
inline BpttScratch transposed_product_scratch(int64_t width) {
  constexpr int64_t kLeftRows = kLeftTiles * Tiling<T>::rows(Tiling<T>::vectors(1));
  return {2 * kDepthBlock * round_up(width, panel_width<T>()) * static_cast<int64_t>(sizeof(T)),
          kDepthBlock * kLeftRows * static_cast<int64_t>(sizeof(T))};
}

// left[tile][k][m] = a[k, tile * MR + m], zero from column `count` on.
template <typename T, int MR>
inline void pack_left(const T* a, int64_t stride, int64_t depth, int64_t count, T* left) {
  for (int64_t k = 0; k < depth; ++k, a += stride) {
    T* to = left + k * MR;
    int64_t m = 0;
    for (; m + MR <= count; m += MR, to += depth * MR) std::memcpy(to, a + m, MR * sizeof(T));
    if (m == count) continue;
    for (int64_t rest = 0; rest < MR; ++rest) to[rest] = m + rest < count ? a[m + rest] : T(0);
  }
}

// Some columns of the right factor and of the product.
//   row_of   r -> const X*      a row of them, which may be stored in another type, or null for a row of zeros
//   product  [outputs, width]   out
template <typename T, typename RowOf>
struct RightColumns {
  int64_t width;
  T* product;
  RowOf row_of;
};

struct NoRows {
  std::nullptr_t operator()(int64_t) const { return nullptr; }
};

template <typename T, typename RowOf>
inline RightColumns<T, RowOf> right_columns(int64_t width, T* product, RowOf row_of) {
  return {width, product, row_of};
}

// Where columns of rows of B go when they are packed.
template <typename T>
struct RightPanels {
  static constexpr int W = Tiling<T>::vectors(1) * Vec<T>::kLanes;
  T* packed;
  int64_t width;
  int64_t rows;

  T* panel(int64_t p) const { return packed + p * rows * W; }
  int64_t padded(int64_t p) const { return panel_vectors<T>(width, p) * Vec<T>::kLanes; }

  // Columns [begin, end) of row k; zeros where there is no source.
  template <typename X>
  void put(int64_t k, const X* from, int64_t begin, int64_t end) const {
    while (begin < end) {
      const int64_t p = begin / W, column = begin % W;
      const int64_t n = std::min(end - begin, padded(p) - column);
      T* to = panel(p) + k * padded(p) + column;
      if (from == nullptr) {
        std::fill(to, to + n, T(0));
      } else {
        copy_columns(from, n, to);
        from += n;
      }
      begin += n;
    }
  }
  void put(int64_t k, std::nullptr_t, int64_t begin, int64_t end) const {
    put(k, static_cast<const T*>(nullptr), begin, end);
  }
};

template <typename T>
inline void prefetch_row(const T* row, int64_t count) {
#if defined(__GNUC__)
  for (int64_t c = 0; c < count; c += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(row + c, 1);
  __builtin_prefetch(row + count - 1, 1);
#endif
}

// to[0..count] = sums, added to what stands there unless it is the first block.
template <typename T>
inline void add_sums(const T* sums, T* to, int64_t count, bool is_first) {
  for (int64_t v = 0; v < count; v += Vec<T>::kLanes) {
    const int n = static_cast<int>(std::min<int64_t>(Vec<T>::kLanes, count - v));
    const Vec<T> sum = Vec<T>::load(sums + v, n);
    (is_first ? sum : Vec<T>::load(to + v, n) + sum).store(to + v, n);
  }
}

// The columns of A^T [B1 B2]: B1's to b1.product, B2's to b2.product, summed over the rows r < depth.
//   a  [depth, stride]  in   only the first `outputs` columns are used
// All threads of the call take part: together they pack B, then each does its own rows of the product.
template <typename T, typename RowOf1, typename RowOf2 = NoRows>
inline void transposed_product(const BpttCall& call, const T* a, int64_t stride, int64_t outputs, int64_t depth,
                               RightColumns<T, RowOf1> b1, RightColumns<T, RowOf2> b2 = {0, nullptr, {}}) {
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int W = NV * Vec<T>::kLanes;
  constexpr int MR = Tiling<T>::rows(NV);
  const int64_t width = b1.width + b2.width;
  const int64_t panels = (width + W - 1) / W;
  const Range mine = share(outputs, MR, *call.team);
  Tile<T, NV> tile;
  T* left = static_cast<T*>(call.thread_scratch);
  for (int64_t k0 = 0; k0 < depth; k0 += kDepthBlock) {
    const int64_t block = std::min(kDepthBlock, depth - k0);
    T* buffer = static_cast<T*>(call.shared_scratch) + (k0 / kDepthBlock % 2) * kDepthBlock * panels * W;
    const RightPanels<T> right{buffer, width, block};
    const int64_t padded = (panels - 1) * W + right.padded(panels - 1);
    const Range packs = share(block, 1, *call.team);
    for (int64_t k = packs.begin; k < packs.end; ++k) {
      right.put(k, b1.row_of(k0 + k), 0, b1.width);
      if (b2.width > 0) right.put(k, b2.row_of(k0 + k), b1.width, width);
      right.put(k, nullptr, width, padded);
    }
    if (barrier(call)) return;
    for (int64_t o = mine.begin; o < mine.end; o += kLeftTiles * MR) {
      const int64_t o_end = std::min<int64_t>(mine.end, o + kLeftTiles * MR);
      pack_left<T, MR>(a + k0 * stride + o, stride, block, o_end - o, left);
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t begin = panel * W, end = std::min(width, begin + W);
        const int64_t n1 = std::max<int64_t>(0, std::min(end, b1.width) - begin), n2 = end - begin - n1;
        for (int64_t first = o; first < o_end; first += MR) {
          const int count = static_cast<int>(std::min<int64_t>(MR, o_end - first));
          T* to1 = b1.product + first * b1.width + begin;
          T* to2 = n2 == 0 ? nullptr : b2.product + first * b2.width + std::max<int64_t>(0, begin - b1.width);
          // They come from far away; on the way while the product is made.
          for (int m = 0; m < count && k0 != 0 && n1 > 0; ++m) prefetch_row(to1 + m * b1.width, n1);
          panel_product<T, NV, Left::kPacked>(panel_vectors<T>(width, panel), MR, block, left + (first - o) * block, MR,
                                              right.panel(panel), tile.value);
          for (int m = 0; m < count; ++m) {
            add_sums(tile.row(m), to1 + m * b1.width, n1, k0 == 0);
            if (n2 > 0) add_sums(tile.row(m) + n1, to2 + m * b2.width, n2, k0 == 0);
          }
        }
      }
    }
  }
}

// Columns that one pass of column_sums takes: half a kilobyte of each row, so that a page is visited once.
template <typename T>
constexpr int64_t sum_width() {
  return 8 * Vec<T>::kLanes;
}

// sums[c] = sum over rows of term(row, c, lanes), for the columns in `mine` (whole sum_widths, but for the last);
// begin(row) is called before the terms of a row. Rows are added in blocks of 64, so that the rounding error grows with
// the number of blocks and not with the number of rows.
template <typename T, typename Begin, typename Term>
inline void column_sums_of(int64_t row_count, Range mine, Begin begin, Term term, T* sums) {
  constexpr int64_t kRowBlock = 64;
  constexpr int L = Vec<T>::kLanes;
  for (int64_t c = mine.begin; c < mine.end; c += sum_width<T>()) {
    const int n = static_cast<int>(std::min<int64_t>(sum_width<T>(), mine.end - c));
    Vec<T> total[8], block[8];
    for (Vec<T>& t : total) t = Vec<T>::zero();
    for (int64_t r0 = 0; r0 < row_count; r0 += kRowBlock) {
      for (Vec<T>& b : block) b = Vec<T>::zero();
      for (int64_t r = r0; r < std::min(row_count, r0 + kRowBlock); ++r) {
        begin(r);
        if (n == sum_width<T>()) {
          for (int v = 0; v < 8; ++v) block[v] = block[v] + term(r, c + v * L, L);
        } else {
          for (int v = 0; v * L < n; ++v) block[v] = block[v] + term(r, c + v * L, std::min(L, n - v * L));
        }
      }
      for (int v = 0; v < 8; ++v) total[v] = total[v] + block[v];
    }
    for (int v = 0; v * L < n; ++v) total[v].store(sums + c + v * L, std::min(L, n - v * L));
  }
}

// sums[c] = sum over rows of x[., c].
template <typename T>
inline void column_sums(const T* x, int64_t stride, int64_t row_count, Range mine, T* sums) {
  column_sums_of<T>(
      row_count, mine, [](int64_t) {}, [&](int64_t r, int64_t c, int n) { return Vec<T>::load(x + r * stride + c, n); },
      sums);
}

}  // namespace kernel
}  // namespace bptt
