// One template per operation, from operations.def: `template <typename T> void lstm(const BpttCall*)` and so on.
#pragma once

#include "kernels/kernel_table.h"

namespace bptt {
namespace kernel {

#define BPTT_OPERATION(name, signature, attributes) \
  template <typename T>                             \
  void name(const BpttCall* call);
#include "kernels/operations.def"
#undef BPTT_OPERATION

// Operations that need scratch memory.
#define BPTT_SCRATCH_OPERATIONS(X) \
  X(weightGradient)                \
  X(stateWeightGradient)           \
  X(gruWeightGradient)             \
  X(lstmBackward)                  \
  X(gruBackward)                   \
  X(gruResetBeforeBackward)        \
  X(softmaxCrossEntropy)           \
  X(sigmoidCrossEntropy)           \
  X(meanSquaredError)              \
  X(clipNorm)

#define BPTT_DECLARE_SCRATCH(name) \
  template <typename T>            \
  BpttScratch name##Scratch(const BpttOperand* operands, const BpttAxis* axis);
BPTT_SCRATCH_OPERATIONS(BPTT_DECLARE_SCRATCH)
#undef BPTT_DECLARE_SCRATCH

template <typename T>
int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates);

}  // namespace kernel
}  // namespace bptt
