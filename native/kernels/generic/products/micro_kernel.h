// The inner product of everything: a tile of rows times a panel of packed weights, summed over the whole depth in
// registers. Each element of the result is one chain of multiply-adds in ascending order of the depth, whatever the
// tile: so a row's result does not depend on its neighbours, on the batch or on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/generic/products/panel.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

// How panels and tiles fit the register file. A panel is kVectors SIMD vectors wide.
template <typename T>
struct Tiling {
  static constexpr int kLanes = Vec<T>::kLanes;
  // AVX-512 and arm64 have 32 vector registers, the others 16.
#if defined(__AVX512F__) || defined(__aarch64__)
  static constexpr int kAccumulators = 24;
#else
  static constexpr int kAccumulators = 12;
#endif
  // Without fused multiply-adds a product needs a register of its own.
#if defined(__FMA__) || defined(__aarch64__)
  static constexpr bool kFused = true;
#else
  static constexpr bool kFused = false;
#endif
  static constexpr int rows(int vectors) {
    return !kFused && kAccumulators == 12 && vectors == 4 ? 2 : kAccumulators / vectors;
  }
  // Tiles of neighbouring rows that a cell computes before their pointwise equations, which are long chains: more rows
  // have more of them, and one does not wait for another.
  static constexpr int kTiles = kAccumulators == 12 ? 2 : 1;
  // The rows of the next tile, of `rest` that remain, `most` at most. With 16 registers no single row is left over: it
  // has as many chains as vectors, and each waits for itself, so that it costs as much as two rows.
  static constexpr int64_t next_rows(int64_t rest, int most) {
    return kAccumulators == 12 && most > 2 && rest == most + 1 ? most - 1 : std::min<int64_t>(most, rest);
  }
  // Whether the next panel is fetched while one is multiplied, where a thread's panels need more than so many bytes.
  // Below, the processor's own prefetching is as good; tried on a processor with 512 KiB of second cache.
  static constexpr bool kFetchesAhead = kAccumulators == 12;
  static constexpr int64_t kCacheBytes = 1536 * 1024;
  // Vectors in one panel: one per gate where gates are interleaved, three otherwise.
  static constexpr int vectors(int gates) {
    return gates == 1 ? 3 : gates;
  }
};

// Where the left factor's element (row m, depth k) stands.
enum class Left {
  kRows,   // a[m * stride + k]: rows of a row-major matrix
  kPacked  // a[k * stride + m]: packed for the transposed product
};

// A function of its own where there are 16 vector registers. Inlined into a larger one, GCC 12 loads the panel's
// vectors again in each multiply-add, and the two load units then hold up the two units for multiply-adds.
#if defined(__GNUC__) && !defined(__AVX512F__) && !defined(__aarch64__)
#define BPTT_TILE [[gnu::noinline]]
#else
#define BPTT_TILE inline
#endif

// A vector that is loaded once. Else GCC may load it again in each multiply-add that reads it.
template <typename T>
BPTT_INLINE Vec<T> in_register(Vec<T> vector) {
#if defined(__GNUC__) && defined(__AVX2__) && !defined(__AVX512F__)
  asm("" : "+x"(vector.p));
#endif
  return vector;
}

// sum[m][v] += a[m * stride] * right(v)
template <int NV, int MR, typename T, typename Right>
BPTT_INLINE void add_products(const T* a, int64_t stride, Right right, Vec<T> (&sum)[MR][NV]) {
  // What there is less of stays in registers beside the sums.
  if constexpr (MR < NV && Tiling<T>::kFused) {
    Vec<T> factor[MR];
#pragma GCC unroll 4
    for (int m = 0; m < MR; ++m) factor[m] = Vec<T>(a[m * stride]);
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) {
      const Vec<T> weights = right(v);
#pragma GCC unroll 4
      for (int m = 0; m < MR; ++m) sum[m][v] = multiply_add(factor[m], weights, sum[m][v]);
    }
  } else {
    Vec<T> weights[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) weights[v] = right(v);
#pragma GCC unroll 16
    for (int m = 0; m < MR; ++m) {
      const Vec<T> factor(a[m * stride]);
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) sum[m][v] = multiply_add(factor, weights[v], sum[m][v]);
    }
  }
}

// Cache lines that are fetched into the second cache while tiles are computed: the panel that comes next, where all
// panels together do not stay there.
struct Ahead {
  const char* data = nullptr;
  int64_t lines = 0;

  // What is fetched with the rows [begin, end) of `all`.
  Ahead part(int64_t begin, int64_t end, int64_t all) const {
    if (lines == 0) return {};
    const int64_t first = lines * begin / all;
    return {data + first * kLine, lines * end / all - first};
  }
  static constexpr int64_t kLine = 64;
};

// The whole panel of so many numbers, which is one of those that have `all` numbers together.
template <typename T, typename S>
inline Ahead fetch_ahead(const S* panel, int64_t numbers, int64_t all) {
  constexpr int64_t kSize = sizeof(S);
  if (!Tiling<T>::kFetchesAhead || all * kSize <= Tiling<T>::kCacheBytes) return {};
  return {reinterpret_cast<const char*>(panel), numbers * kSize / Ahead::kLine};
}

// The tile's rows are kTileVectors vectors apart. The panel is stored in the type S.
template <typename T, int NV, int MR, Left left, int kTileVectors, typename S>
BPTT_TILE void tile_rows(int64_t depth, const T* a, int64_t stride, const S* b, T* tile, bool accumulate,
                         Ahead ahead = {}) {
  constexpr int L = Vec<T>::kLanes;
  Vec<T> sum[MR][NV];
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v)
      sum[m][v] = accumulate ? Vec<T>::load(tile + (m * kTileVectors + v) * L) : Vec<T>::zero();
  }
  // Depths that are added together.
  constexpr int kDepths = Panel<T, S>::kIsPaired ? 2 : 1;
  const auto step = [&](int64_t k) {
    const T* factors = left == Left::kRows ? a + k : a + k * stride;
    if constexpr (Panel<T, S>::kIsPaired) {
      static_assert(left == Left::kRows, "paired weights are multiplied with rows");
      add_products<NV, MR>(
          factors, stride, [&](int v) { return high_halves(b + v * 2 * L); }, sum);
      add_products<NV, MR>(
          factors + 1, stride, [&](int v) { return low_halves(b + v * 2 * L); }, sum);
    } else {
      add_products<NV, MR>(
          factors, left == Left::kRows ? stride : 1, [&](int v) { return in_register(Panel<T, S>::load(b + v * L)); },
          sum);
    }
    b += kDepths * NV * L;
  };
  int64_t k = 0;
#if defined(__GNUC__)
  if constexpr (Tiling<T>::kFetchesAhead) {
    constexpr int64_t kBlock = 32;
    // The lines are spread over the whole depth.
    for (int64_t due = 0; ahead.lines > 0 && k + kBlock <= depth;) {
      for (due += ahead.lines * kBlock; due >= depth; due -= depth, ahead.data += Ahead::kLine) {
        __builtin_prefetch(ahead.data, 0, 2);
      }
      const int64_t end = k + kBlock;
#pragma GCC unroll 1
      for (; k < end; k += kDepths) step(k);
    }
  }
#endif
#pragma GCC unroll 1
  for (; k < depth; k += kDepths) step(k);
#pragma GCC unroll 16
  for (int m = 0; m < MR; ++m) {
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) sum[m][v].store(tile + (m * kTileVectors + v) * L);
  }
}

// tile[rows, NV * lanes] = (accumulate ? tile : 0) + a[rows, depth] * panel[depth, NV * lanes], 1 <= rows <= MR.
template <typename T, int NV, Left left, int kTileVectors = NV, int MR = Tiling<T>::rows(kTileVectors), typename S>
inline void tile_product(int rows, int64_t depth, const T* a, int64_t stride, const S* panel, T* tile,
                         bool accumulate = false, Ahead ahead = {}) {
  if (rows == MR) {
    tile_rows<T, NV, MR, left, kTileVectors>(depth, a, stride, panel, tile, accumulate, ahead);
  } else if constexpr (MR > 1) {
    tile_product<T, NV, left, kTileVectors, MR - 1>(rows, depth, a, stride, panel, tile, accumulate, ahead);
  }
}

// Vectors in one panel of `columns` neighbouring columns: the last one may be narrower than the others.
template <typename T>
inline int panel_vectors(int64_t columns, int64_t panel) {
  constexpr int NV = Tiling<T>::vectors(1);
  const int64_t all = (columns + Vec<T>::kLanes - 1) / Vec<T>::kLanes;
  return static_cast<int>(std::min<int64_t>(NV, all - panel * NV));
}

// The same product with a panel of `vectors` vectors, at most NV, into a tile whose rows have room for NV.
template <typename T, int NV, Left left, typename S>
inline void panel_product(int vectors, int rows, int64_t depth, const T* a, int64_t stride, const S* panel, T* tile,
                          bool accumulate = false, Ahead ahead = {}) {
  if constexpr (NV == Tiling<T>::vectors(1)) {
    if (vectors == 1) return tile_product<T, 1, left, NV>(rows, depth, a, stride, panel, tile, accumulate, ahead);
    if (vectors == 2) return tile_product<T, 2, left, NV>(rows, depth, a, stride, panel, tile, accumulate, ahead);
  }
  tile_product<T, NV, left>(rows, depth, a, stride, panel, tile, accumulate, ahead);
}

// The same for up to Tile::kRows rows, tile by tile.
template <typename T, int NV, typename S>
inline void rows_product(int vectors, int rows, int64_t depth, const T* a, int64_t stride, const S* panel, T* tile,
                         bool accumulate = false, Ahead ahead = {}) {
  constexpr int kColumns = NV * Vec<T>::kLanes;
  for (int m = 0, count = 0; m < rows; m += count) {
    count = static_cast<int>(Tiling<T>::next_rows(rows - m, Tiling<T>::rows(NV)));
    panel_product<T, NV, Left::kRows>(vectors, count, depth, a + m * stride, stride, panel, tile + m * kColumns,
                                      accumulate, ahead.part(m, m + count, rows));
  }
}

// Local memory for the tiles that are computed together.
template <typename T, int NV>
struct alignas(64) Tile {
  static constexpr int kRows = Tiling<T>::kTiles * Tiling<T>::rows(NV);
  static constexpr int kColumns = NV * Vec<T>::kLanes;
  T value[kRows * kColumns];
  T* row(int m) { return value + m * kColumns; }
};

}  // namespace kernel
}  // namespace bptt
