// The kernels of operations.def: for each row `template <typename T> void lstm(const BpttCall*)`, and where the row
// says `scratch` a function that says how much scratch memory a call needs at most.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/operations.h"

namespace bptt {
namespace kernel {

#define BPTT_OPERATION(name, operands, attributes, clauses) \
  template <typename T>                                     \
  void name(const BpttCall* call);                          \
  template <typename T>                                     \
  BpttScratch name##Scratch(const BpttOperand* operand_sizes, const BpttAxis* axis, const BpttAxis* other);
#include "kernels/operations.def"
#undef BPTT_OPERATION

template <typename T>
int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates);

// Makes the float and the double form of a kernel.
#define BPTT_INSTANTIATE(name)                     \
  template void name<float>(const BpttCall* call); \
  template void name<double>(const BpttCall* call)

// The same of the function that says how much scratch memory it needs.
#define BPTT_INSTANTIATE_SCRATCH(name)                                                                                 \
  static_assert(has_clause(text_of(Opcode::name), "scratch"), #name ": its row does not say that it needs scratch");   \
  template BpttScratch name##Scratch<float>(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other); \
  template BpttScratch name##Scratch<double>(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other)

}  // namespace kernel
}  // namespace bptt
