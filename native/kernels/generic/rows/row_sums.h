// A number made of all rows. The part of each row is summed in double separately, and the parts are added in ascending
// order. So the number does not depend on the number of threads.
#pragma once

#include "kernels/generic/call.h"

namespace bptt {
namespace kernel {

// Memory for one part for each row of an operand.
inline BpttScratch row_sums_scratch(const BpttOperand& rows_of) {
  return {rows_of.rows * static_cast<int64_t>(sizeof(double)), 0};
}

inline double* row_sums(const BpttCall& call) {
  return static_cast<double*>(call.shared_scratch);
}

// result = factor * sum over rows. Every thread must have filled its rows.
template <typename T>
inline void finish_row_sums(const BpttCall& call, int64_t row_count, double factor, T* result) {
  if (barrier(call) || call.team->id != 0) return;
  double sum = 0;
  for (int64_t r = 0; r < row_count; ++r) sum += row_sums(call)[r];
  *result = static_cast<T>(sum * factor);
}

}  // namespace kernel
}  // namespace bptt
