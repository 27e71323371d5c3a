// The kernels of operations.def: for each row `template <typename T> void lstm(const BpttCall*)`, with a parameter S
// more where its weights are packed and a parameter A where activations are stored, and where the row says `scratch` a
// function that says how much scratch memory a call needs at most.
#pragma once

#include "kernels/kernel_table.h"
#include "kernels/operations.h"
#include "kernels/storage.h"

namespace bptt {
namespace kernel {

#define BPTT_OPERATION(name, operands, attributes, clauses)                                                 \
  template <typename T>                                                                                     \
  void name(const BpttCall* call);                                                                          \
  template <typename T, typename SA>                                                                        \
  void name(const BpttCall* call);                                                                          \
  template <typename T, typename S, typename A>                                                             \
  void name(const BpttCall* call);                                                                          \
  template <typename T>                                                                                     \
  BpttScratch name##Scratch(const BpttOperand* operand_sizes, const BpttAxis* axis, const BpttAxis* other); \
  template <typename T, typename S>                                                                         \
  BpttScratch name##Scratch(const BpttOperand* operand_sizes, const BpttAxis* axis, const BpttAxis* other); \
  extern const BpttKernel kKernelsOf_##name[];      /* for each of BPTT_KERNEL_TYPES */                     \
  extern const BpttScratchSize kScratchOf_##name[]; /* the same, where the row says `scratch` */
#include "kernels/operations.def"
#undef BPTT_OPERATION

// Whether an operand of this operation has a type that begins with this letter. With `p` its kernel has the type in
// which packed weights are stored as a parameter, with `s` that of activations, after it.
constexpr bool has_operand_of_type(Opcode code, char letter) {
  std::string_view words = text_of(code).operands;
  while (!words.empty()) {
    const std::string_view word = take_word(&words);
    const size_t type = word.find(':', word.find(','));
    if (type != std::string_view::npos && word[type + 1] == letter) return true;
  }
  return false;
}

// Makes all forms of a kernel: those that differ in what its row uses.
#define BPTT_INSTANTIATE_FORM(compute, weights, activations, name) \
  form_of_##name<Stored<Storage::compute>, Stored<Storage::weights>, Stored<Storage::activations>>(),
#define BPTT_INSTANTIATE(name)                                               \
  template <typename T, typename S, typename A>                              \
  constexpr BpttKernel form_of_##name() {                                    \
    constexpr bool kHasWeights = has_operand_of_type(Opcode::name, 'p');     \
    constexpr bool kHasActivations = has_operand_of_type(Opcode::name, 's'); \
    if constexpr (kHasWeights && kHasActivations) {                          \
      return name<T, S, A>;                                                  \
    } else if constexpr (kHasWeights) {                                      \
      return name<T, S>;                                                     \
    } else if constexpr (kHasActivations) {                                  \
      return name<T, A>;                                                     \
    } else {                                                                 \
      return name<T>;                                                        \
    }                                                                        \
  }                                                                          \
  const BpttKernel kKernelsOf_##name[] = {BPTT_KERNEL_TYPES(BPTT_INSTANTIATE_FORM, name)}

// And those of the function that says how much scratch memory it needs.
#define BPTT_SCRATCH_FORM(compute, weights, activations, name) \
  scratch_form_of_##name<Stored<Storage::compute>, Stored<Storage::weights>>(),
#define BPTT_INSTANTIATE_SCRATCH(name)                                                                               \
  static_assert(has_clause(text_of(Opcode::name), "scratch"), #name ": its row does not say that it needs scratch"); \
  template <typename T, typename S>                                                                                  \
  constexpr BpttScratchSize scratch_form_of_##name() {                                                               \
    if constexpr (has_operand_of_type(Opcode::name, 'p')) {                                                          \
      return name##Scratch<T, S>;                                                                                    \
    } else {                                                                                                         \
      return name##Scratch<T>;                                                                                       \
    }                                                                                                                \
  }                                                                                                                  \
  const BpttScratchSize kScratchOf_##name[] = {BPTT_KERNEL_TYPES(BPTT_SCRATCH_FORM, name)}

}  // namespace kernel
}  // namespace bptt
