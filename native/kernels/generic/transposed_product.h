// Weight gradients: C[O,K] = A^T B, summed over all rows of a batch.
#pragma once

#include <cstring>

#include "kernels/generic/call.h"
#include "kernels/generic/micro_kernel.h"

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

template <typename T>
inline void prefetch_row(const T* row, int64_t count) {
#if defined(__GNUC__)
  for (int64_t c = 0; c < count; c += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(row + c, 1);
  __builtin_prefetch(row + count - 1, 1);
#endif
}

// c[outputs, width] = sum over r < depth of a[r, 0..outputs]^T * row_of(r)[0..width].
//   a       [depth, stride]  in   only the first `outputs` columns are used
//   row_of  r -> const T*    in   a row of B, or null for a row of zeros
//   c       [outputs,width]  out
// All threads of the call take part: together they pack B, then each does its own rows of C.
template <typename T, typename RowOf>
inline void transposed_product(const BpttCall& call, const T* a, int64_t stride, int64_t outputs, int64_t depth,
                               int64_t width, T* c, RowOf row_of) {
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int W = NV * Vec<T>::kLanes;
  constexpr int MR = Tiling<T>::rows(NV);
  const int64_t panels = (width + W - 1) / W;
  const Range mine = share(outputs, MR, *call.team);
  Tile<T, NV> tile;
  T* left = static_cast<T*>(call.thread_scratch);
  for (int64_t k0 = 0; k0 < depth; k0 += kDepthBlock) {
    const int64_t block = std::min(kDepthBlock, depth - k0);
    T* packed = static_cast<T*>(call.shared_scratch) + (k0 / kDepthBlock % 2) * kDepthBlock * panels * W;
    const Range packs = share(block, 1, *call.team);
    for (int64_t k = packs.begin; k < packs.end; ++k) {
      const T* from = row_of(k0 + k);
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t padded = panel_vectors<T>(width, panel) * Vec<T>::kLanes;
        T* to = packed + panel * block * W + k * padded;
        const int64_t n = from == nullptr ? 0 : std::min<int64_t>(W, width - panel * W);
        if (n > 0) std::copy(from + panel * W, from + panel * W + n, to);
        std::fill(to + n, to + padded, T(0));
      }
    }
    if (barrier(call)) return;
    for (int64_t o = mine.begin; o < mine.end; o += kLeftTiles * MR) {
      const int64_t o_end = std::min<int64_t>(mine.end, o + kLeftTiles * MR);
      pack_left<T, MR>(a + k0 * stride + o, stride, block, o_end - o, left);
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t column = panel * W;
        const int n_columns = static_cast<int>(std::min<int64_t>(W, width - column));
        for (int64_t first = o; first < o_end; first += MR) {
          const int count = static_cast<int>(std::min<int64_t>(MR, o_end - first));
          T* to = c + first * width + column;
          if (k0 != 0) {
            // They come from far away; on the way while the product is made.
            for (int m = 0; m < count; ++m) prefetch_row(to + m * width, n_columns);
          }
          panel_product<T, NV, Left::kPacked>(panel_vectors<T>(width, panel), MR, block, left + (first - o) * block, MR,
                                              packed + panel * block * W, tile.value);
          for (int m = 0; m < count; ++m, to += width) {
            for (int v = 0; v < n_columns; v += Vec<T>::kLanes) {
              const int n = std::min(Vec<T>::kLanes, n_columns - v);
              const Vec<T> sum = Vec<T>::load(tile.row(m) + v);
              (k0 == 0 ? sum : Vec<T>::load(to + v, n) + sum).store(to + v, n);
            }
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
