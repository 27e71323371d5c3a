// Places in the packed rows of a time axis: sequences are sorted by length, and step t holds the rows
// offsets[t] .. offsets[t] + batch_sizes[t].
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/generic/call.h"

namespace bptt {
namespace kernel {

// Steps of a sequence.
inline int64_t length_of(const BpttAxis& axis, int64_t sequence) {
  const int32_t* sizes = axis.batch_sizes;
  return std::partition_point(sizes, sizes + axis.steps, [=](int32_t alive) { return alive > sequence; }) - sizes;
}

// Whether a sequence has a step t + 1.
inline bool has_next(const BpttAxis& axis, int64_t step, int64_t sequence) {
  return step + 1 < axis.steps && sequence < axis.batch_sizes[step + 1];
}

// For the packed rows in `mine`, in ascending order: visit(row, step, sequence).
template <typename Visit>
inline void for_packed_rows(const BpttAxis& axis, Range mine, Visit visit) {
  int64_t step = std::upper_bound(axis.offsets, axis.offsets + axis.steps, mine.begin) - axis.offsets - 1;
  for (int64_t row = mine.begin; row < mine.end; ++row) {
    while (row >= axis.offsets[step + 1]) ++step;
    visit(row, step, row - axis.offsets[step]);
  }
}

}  // namespace kernel
}  // namespace bptt
