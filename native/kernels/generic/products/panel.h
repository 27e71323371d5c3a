// A panel of weights as it lies in memory, and the rows of a left factor that it is multiplied with.
#pragma once

#include "kernels/generic/call.h"
#include "kernels/generic/scratch.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

// Numbers of the type S, loaded and stored as vectors of the compute type T. A row of a left factor is read where it
// stands.
template <typename T, typename S>
struct Panel {
  static constexpr bool kIsPaired = false;
  // Depths that a column of a panel, or a row of a left factor, has in memory for `depth`.
  static constexpr int64_t stored_depth(int64_t depth) { return depth; }

  BPTT_INLINE static Vec<T> load(const S* from) { return Vec<T>::load(from); }
  static void store(Vec<T> vector, S* to) { vector.store(to); }

  // Vector v of a depth in a panel of `vectors` vectors.
  BPTT_INLINE static Vec<T> at(const S* panel, int64_t depth, int v, int vectors) {
    return load(panel + (depth * vectors + v) * Vec<T>::kLanes);
  }
  // A number of a left factor.
  BPTT_INLINE static Vec<T> rounded(Vec<T> value) { return value; }
};

// bfloat16: both factors of a product are rounded to it, sums are float32, in ascending order of the depth as for all
// weights. Depths lie in pairs, the first of a pair in the upper half of a lane, because VDPBF16PS adds that half
// first; an odd depth ends with a pair whose second part is zero. The product of two such numbers is exact in float32,
// so the bits are the same whether or not the multiply-add is fused, while products are 0 or between 2^-126 and 2^128.
// Rows of a left factor are copied: rounded, in float32.
template <>
struct Panel<float, BFloat16> {
  static constexpr bool kIsPaired = true;
  static constexpr int64_t stored_depth(int64_t depth) { return (depth + 1) / 2 * 2; }

  // Stores one vector of each depth of a pair.
  static void store_pair(Vec<float> first, Vec<float> second, BFloat16* to) { store_halves(first, second, to); }
  BPTT_INLINE static Vec<float> at(const BFloat16* panel, int64_t depth, int v, int vectors) {
    const BFloat16* pairs = panel + (depth / 2 * vectors + v) * 2 * Vec<float>::kLanes;
    return depth % 2 == 0 ? high_halves(pairs) : low_halves(pairs);
  }
  BPTT_INLINE static Vec<float> rounded(Vec<float> value) { return rounded_to_bfloat16(value); }

  // A panel in float32.
  static void widen(const BFloat16* panel, int64_t depth, int vectors, float* to) {
    constexpr int L = Vec<float>::kLanes;
    for (int64_t k = 0; k < depth; k += 2, panel += 2 * vectors * L, to += 2 * vectors * L) {
      for (int v = 0; v < vectors; ++v) {
        high_halves(panel + v * 2 * L).store(to + v * L);
        low_halves(panel + v * 2 * L).store(to + (vectors + v) * L);
      }
    }
  }
};

// What a thread needs for products with weights that are stored in S, in its own scratch memory: rows of left factors
// in the form that these weights need, and a panel of them in the type of the arithmetic. The rows of a step are few
// beside the products that read them, so each thread copies them, and none waits for another. Nothing is copied where
// both types are the same.
template <typename T, typename S>
class LeftRows {
 public:
  using Weights = Panel<T, S>;
  static constexpr bool kCopies = Weights::kIsPaired;

  // Room for `rows` rows of at most `depth` numbers.
  LeftRows(Scratch* own, int64_t rows, int64_t depth)
      : copies_(own->take<T>(kCopies ? rows * Weights::stored_depth(depth) : 0)),
        panel_(own->take<T>(kCopies ? Weights::stored_depth(depth) * kMostVectors * Vec<T>::kLanes : 0)) {}

  // `count` rows of a matrix, `*stride` apart, as the micro-kernel reads them: returns the first, and their distance.
  BPTT_INLINE const T* of(const T* data, int64_t count, int64_t depth, int64_t* stride) const {
    if constexpr (!kCopies) return data;
    const int64_t from = *stride;
    *stride = Weights::stored_depth(depth);
    for (int64_t r = 0; r < count; ++r) {
      put(copies_ + r * *stride, data + r * from, depth);
      end(copies_ + r * *stride, depth);
    }
    return copies_;
  }

  // Writes some numbers of a row.
  static void put(T* to, const T* from, int64_t count) {
    if constexpr (kCopies) {
      for_columns<T>(count, [=](int64_t c, int n) { Weights::rounded(Vec<T>::load(from + c, n)).store(to + c, n); });
    }
  }
  // Writes zeros behind the numbers of a row.
  static void end(T* row, int64_t depth) { std::fill(row + depth, row + Weights::stored_depth(depth), T(0)); }

  T* copies() const { return copies_; }
  T* panel() const { return panel_; }

 private:
  static constexpr int kMostVectors = 4;  // of a panel: gates of a cell

  T* copies_;
  T* panel_;
};

// Up to so many rows are multiplied with a panel as it is stored.
constexpr int64_t kFewRows = 2;

// Calls multiply(weights, depth) for the product of `rows` rows with a panel: widened first where it is stored in
// another form and there are rows enough to be worth it. `room` is a panel of LeftRows.
template <typename T, typename S, typename Multiply>
BPTT_INLINE void with_panel(const S* panel, int64_t rows, int64_t depth, int vectors, T* room, Multiply multiply) {
  if constexpr (Panel<T, S>::kIsPaired) {
    if (rows > kFewRows) {
      const int64_t stored = Panel<T, S>::stored_depth(depth);
      Panel<T, S>::widen(panel, stored, vectors, room);
      return multiply(static_cast<const T*>(room), stored);
    }
  }
  multiply(panel, depth);
}

}  // namespace kernel
}  // namespace bptt
