// The table of this instruction set: the one symbol that a kernel module exports.
#include <Eigen/Core>

#include "kernels/generic/declarations.h"

#define BPTT_TEXT_(x) #x
#define BPTT_TEXT(x) BPTT_TEXT_(x)

namespace bptt {
namespace kernel {
namespace {

// A row that says `scratch` has such a function, or the module does not link; another one is never asked for.
#define BPTT_OPERATION(name, operands, attributes, clauses)       \
  template <typename T>                                           \
  constexpr BpttScratchSize scratch_of_##name() {                 \
    if constexpr (has_clause(text_of(Opcode::name), "scratch")) { \
      return name##Scratch<T>;                                    \
    } else {                                                      \
      return nullptr;                                             \
    }                                                             \
  }
#include "kernels/operations.def"
#undef BPTT_OPERATION

constexpr BpttOperation kOperations[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) \
  {#name, {name<float>, name<double>}, {scratch_of_##name<float>(), scratch_of_##name<double>()}},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

int64_t packed_elements(int64_t inputs, int64_t outputs, int32_t gates, int32_t is_double) {
  return is_double != 0 ? packed_size<double>(inputs, outputs, gates) : packed_size<float>(inputs, outputs, gates);
}

constexpr BpttKernelTable kTable = {
    BPTT_KERNEL_ABI,
    sizeof(kOperations) / sizeof(kOperations[0]),
    kOperationsFingerprint,
    BPTT_ISA_NAME,
    BPTT_TEXT(EIGEN_WORLD_VERSION) "." BPTT_TEXT(EIGEN_MAJOR_VERSION) "." BPTT_TEXT(EIGEN_MINOR_VERSION),
    kOperations,
    packed_elements,
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
