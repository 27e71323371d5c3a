// The table of this instruction set: the one symbol that a kernel module exports.
#include <Eigen/Core>
#include <type_traits>

#include "kernels/generic/declarations.h"

#define BPTT_TEXT_(x) #x
#define BPTT_TEXT(x) BPTT_TEXT_(x)

namespace bptt {
namespace kernel {
namespace {

constexpr BpttKernelTypes kTypes[] = {
#define BPTT_TYPES(compute, storage, name)                                         \
  {static_cast<int32_t>(Storage::compute), static_cast<int32_t>(Storage::storage), \
   packed_size<Stored<Storage::compute>, Stored<Storage::storage>>},
    BPTT_KERNEL_TYPES(BPTT_TYPES, all)
#undef BPTT_TYPES
};

// The kernels of each operation for these types, and its scratch functions if its row has `scratch`. Without such a
// function the module does not link. An operation without packed weights has no kernels for types that differ.
#define BPTT_OPERATION(name, operands, attributes, clauses)                                \
  template <typename T, typename S>                                                        \
  constexpr BpttKernel kernel_of_##name() {                                                \
    if constexpr (has_packed_operand(Opcode::name)) {                                      \
      return name<T, S>;                                                                   \
    } else if constexpr (std::is_same_v<T, S>) {                                           \
      return name<T>;                                                                      \
    } else {                                                                               \
      return nullptr;                                                                      \
    }                                                                                      \
  }                                                                                        \
  template <typename T>                                                                    \
  constexpr BpttScratchSize scratch_of_##name() {                                          \
    if constexpr (has_clause(text_of(Opcode::name), "scratch")) {                          \
      return name##Scratch<T>;                                                             \
    } else {                                                                               \
      return nullptr;                                                                      \
    }                                                                                      \
  }                                                                                        \
  constexpr BpttKernel kKernelsOf_##name[] = {BPTT_KERNEL_TYPES(BPTT_KERNEL_ENTRY, name)}; \
  constexpr BpttScratchSize kScratchOf_##name[] = {BPTT_KERNEL_TYPES(BPTT_SCRATCH_ENTRY, name)};
#define BPTT_KERNEL_ENTRY(compute, storage, name) \
  kernel_of_##name<Stored<Storage::compute>, Stored<Storage::storage>>(),
#define BPTT_SCRATCH_ENTRY(compute, storage, name) scratch_of_##name<Stored<Storage::compute>>(),
#include "kernels/operations.def"
#undef BPTT_OPERATION

constexpr BpttOperation kOperations[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) {#name, kKernelsOf_##name, kScratchOf_##name},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

constexpr BpttKernelTable kTable = {
    BPTT_KERNEL_ABI,
    sizeof(kOperations) / sizeof(kOperations[0]),
    kOperationsFingerprint,
    BPTT_ISA_NAME,
    BPTT_TEXT(EIGEN_WORLD_VERSION) "." BPTT_TEXT(EIGEN_MAJOR_VERSION) "." BPTT_TEXT(EIGEN_MINOR_VERSION),
    sizeof(kTypes) / sizeof(kTypes[0]),
    kTypes,
    kOperations,
};

}  // namespace
}  // namespace kernel
}  // namespace bptt

#if defined(_WIN32) && defined(BPTT_KERNELS_MODULE)
#define BPTT_EXPORT __declspec(dllexport)
#else
#define BPTT_EXPORT __attribute__((visibility("default")))
#endif

extern "C" BPTT_EXPORT const BpttKernelTable* BPTT_KERNELS_ENTRY(void) {
  return &bptt::kernel::kTable;
}
