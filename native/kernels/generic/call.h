// What every kernel uses to read its call: typed operands, and the share of the work that falls to this thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/alignment.h"
#include "kernels/kernel_table.h"

namespace bptt {
namespace kernel {

// For the pointwise equations: inlined into the loop over a tile, what they read of the call stays in registers.
// BPTT_FLATTEN stands behind the parameters of the lambda that applies a cell to a row of a tile: whatever it calls is
// inlined, Eigen's functions too, so that the activations of several gates overlap.
#if defined(__GNUC__)
#define BPTT_INLINE [[gnu::always_inline]] inline
#define BPTT_FLATTEN __attribute__((flatten))
#else
#define BPTT_INLINE inline
#define BPTT_FLATTEN
#endif

struct Range {
  int64_t begin;
  int64_t end;
};

// The part of 0..total that this thread does, in multiples of `grain`. Only whole elements are divided, never a sum.
inline Range share(int64_t total, int64_t grain, const BpttTeam& team) {
  const int64_t grains = (total + grain - 1) / grain;
  const int64_t begin = grains * team.id / team.count * grain;
  const int64_t end = grains * (team.id + 1) / team.count * grain;
  return {std::min(begin, total), std::min(end, total)};
}

inline bool barrier(const BpttCall& call) {
  return call.team->barrier(call.team->context) != 0;
}

template <typename T>
inline T* data(const BpttCall& call, int operand) {
  return static_cast<T*>(call.operands[operand].data);
}
inline int64_t rows(const BpttCall& call, int operand) {
  return call.operands[operand].rows;
}
inline int64_t columns(const BpttCall& call, int operand) {
  return call.operands[operand].columns;
}
// From row to row of an operand that may be some columns of a wider matrix.
inline int64_t stride(const BpttCall& call, int operand) {
  return call.operands[operand].stride;
}

// An index, read once: the caller might change the memory meanwhile, and what was checked must be what is used. A plain
// load may be repeated by the compiler after any vector store.
inline int32_t read_once(const int32_t* index) {
  return *static_cast<const volatile int32_t*>(index);
}

// A row of an operand that may be absent.
template <typename T>
inline T* row_or_null(T* base, int64_t row, int64_t columns) {
  return base == nullptr ? nullptr : base + row * columns;
}

template <typename T>
inline T* at_or_null(T* base, int64_t offset) {
  return base == nullptr ? nullptr : base + offset;
}

// Asks for W elements, which will be needed soon.
template <int64_t W, typename T>
BPTT_INLINE void prefetch(const T* data) {
#if defined(__GNUC__)
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t e = 0; e < W; e += kLine) __builtin_prefetch(data + e);
#endif
}

// Makes the float and the double form of a kernel.
#define BPTT_INSTANTIATE(name)                     \
  template void name<float>(const BpttCall* call); \
  template void name<double>(const BpttCall* call)

#define BPTT_INSTANTIATE_SCRATCH(name)                                                                                 \
  template BpttScratch name##Scratch<float>(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other); \
  template BpttScratch name##Scratch<double>(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other)

}  // namespace kernel
}  // namespace bptt
