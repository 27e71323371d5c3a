// The table of this instruction set: the one symbol that a kernel module exports.
#include <Eigen/Core>

#include "kernels/generic/declarations.h"
#include "kernels/generic/products/packed_size.h"

#define BPTT_TEXT_(x) #x
#define BPTT_TEXT(x) BPTT_TEXT_(x)

namespace bptt {
namespace kernel {
namespace {

constexpr BpttKernelTypes kTypes[] = {
#define BPTT_TYPES(compute, weights, activations, name)                            \
  {static_cast<int32_t>(Storage::compute), static_cast<int32_t>(Storage::weights), \
   static_cast<int32_t>(Storage::activations), packed_size<Stored<Storage::compute>, Stored<Storage::weights>>},
    BPTT_KERNEL_TYPES(BPTT_TYPES, all)
#undef BPTT_TYPES
};

// Of each operation its scratch functions, where its row says `scratch`: without them the module does not link, nor
// does it without kernels.
#define BPTT_OPERATION(name, operands, attributes, clauses)       \
  template <typename T>                                           \
  constexpr const T* scratch_of_##name() {                        \
    if constexpr (has_clause(text_of(Opcode::name), "scratch")) { \
      return kScratchOf_##name;                                   \
    } else {                                                      \
      return nullptr;                                             \
    }                                                             \
  }
#include "kernels/operations.def"
#undef BPTT_OPERATION

constexpr BpttOperation kOperations[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) \
  {#name, kKernelsOf_##name, scratch_of_##name<BpttScratchSize>()},
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
