// The kernels of operations.def: for each row `template <typename T> void lstm(const BpttCall*)`. A row with `scratch`
// also has a function that returns how much scratch memory a call needs at most.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/operations.h"
#include "kernels/storage.h"

namespace bptt {
namespace kernel {

#define BPTT_OPERATION(name, operands, attributes, clauses) \
  template <typename T>                                     \
  void name(const BpttCall* call);                          \
  template <typename T, typename S>                         \
  void name(const BpttCall* call);                          \
  template <typename T>                                     \
  BpttScratch name##Scratch(const BpttOperand* operand_sizes, const BpttAxis* axis, const BpttAxis* other);
#include "kernels/operations.def"
#undef BPTT_OPERATION

// How many numbers of type S the packed weights [inputs, outputs] have.
template <typename T, typename S>
int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates);

// Whether this operation has packed weights. Then its kernel has their storage type as a second template parameter.
constexpr bool has_packed_operand(Opcode code) {
  std::string_view words = text_of(code).operands;
  while (!words.empty()) {
    const std::string_view word = take_word(&words);
    const size_t type = word.find(':', word.find(','));
    if (type != std::string_view::npos && word[type + 1] == 'p') return true;
  }
  return false;
}

// Makes all forms of a kernel.
#define BPTT_INSTANTIATE_FORM(compute, storage, name) \
  template void name<Stored<Storage::compute>>(const BpttCall* call);
#define BPTT_INSTANTIATE(name)                                                    \
  static_assert(!has_packed_operand(Opcode::name), #name ": weights are stored"); \
  BPTT_COMPUTE_TYPES(BPTT_INSTANTIATE_FORM, name)                                 \
  static_assert(true, "")

// All forms of a kernel that reads or writes packed weights.
#define BPTT_INSTANTIATE_STORED_FORM(compute, storage, name) \
  template void name<Stored<Storage::compute>, Stored<Storage::storage>>(const BpttCall* call);
#define BPTT_INSTANTIATE_STORED(name)                                                       \
  static_assert(has_packed_operand(Opcode::name), #name ": its row has no packed weights"); \
  BPTT_KERNEL_TYPES(BPTT_INSTANTIATE_STORED_FORM, name)                                     \
  static_assert(true, "")

// All forms of the function that returns how much scratch memory a kernel needs.
#define BPTT_INSTANTIATE_SCRATCH_FORM(compute, storage, name)                                                     \
  template BpttScratch name##Scratch<Stored<Storage::compute>>(const BpttOperand* operands, const BpttAxis* axis, \
                                                               const BpttAxis* other);
#define BPTT_INSTANTIATE_SCRATCH(name)                                                                               \
  static_assert(has_clause(text_of(Opcode::name), "scratch"), #name ": its row does not say that it needs scratch"); \
  BPTT_COMPUTE_TYPES(BPTT_INSTANTIATE_SCRATCH_FORM, name)                                                            \
  static_assert(true, "")

}  // namespace kernel
}  // namespace bptt
