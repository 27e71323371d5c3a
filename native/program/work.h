// How much there is to do in an instruction, and how many threads that is worth.
#pragma once

#include <vector>

#include "kernels/kernel_table.h"
#include "program/signature.h"

namespace bptt {

// Multiply-adds that one thread does in about the time of two barriers, a few microseconds.
constexpr int64_t kDefaultGrain = 1 << 17;

// Whether all threads share the instruction: where the work between two barriers is small, one thread is done before
// the others have met it. Results do not depend on the answer.
//   operands  with the sizes of this run
//   axis      of the letters N and B, or null
//   other     of the letters M and E, or null
//   grain     work below which it is not, in multiply-adds, for all threads together
bool is_worth_sharing(const OperationSpec& spec, const BpttOperand* operands, const BpttAxis* axis,
                      const BpttAxis* other, int64_t grain);

}  // namespace bptt
