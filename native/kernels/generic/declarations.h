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
  X(rnn)                           \
  X(rnnBackward)                   \
  X(stateWeightGradient)           \
  X(lstm)                          \
  X(lstmBackward)                  \
  X(lstmCoupled)                   \
  X(lstmCoupledBackward)           \
  X(gru)                           \
  X(gruBackward)                   \
  X(gruResetBefore)                \
  X(gruResetBeforeBackward)        \
  X(gruWeightGradient)             \
  X(attention)                     \
  X(attentionBackward)             \
  X(attentionWeights)              \
  X(additiveAttention)             \
  X(additiveAttentionBackward)     \
  X(additiveAttentionWeights)      \
  X(softmaxCrossEntropy)           \
  X(ctc)                           \
  X(ctcBackward)                   \
  X(sigmoidCrossEntropy)           \
  X(meanSquaredError)              \
  X(quantileLoss)                  \
  X(normalizationGainGradient)     \
  X(meanSquare)                    \
  X(temporalDifference)            \
  X(clipNorm)

#define BPTT_DECLARE_SCRATCH(name) \
  template <typename T>            \
  BpttScratch name##Scratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other);
BPTT_SCRATCH_OPERATIONS(BPTT_DECLARE_SCRATCH)
#undef BPTT_DECLARE_SCRATCH

template <typename T>
int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates);

}  // namespace kernel
}  // namespace bptt
