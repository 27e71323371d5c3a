// The table of this instruction set: the one symbol that a kernel module exports.
#include <Eigen/Core>

#include "kernels/generic/declarations.h"

#define BPTT_TEXT_(x) #x
#define BPTT_TEXT(x) BPTT_TEXT_(x)

namespace bptt {
namespace kernel {
namespace {

#define BPTT_COUNT(name) +1
constexpr int kScratchOperations = 0 BPTT_SCRATCH_OPERATIONS(BPTT_COUNT);
#undef BPTT_COUNT

struct ScratchRow {
  const char* name;
  BpttScratchSize size[2];
};

#define BPTT_SCRATCH_ROW(name) {#name, {name##Scratch<float>, name##Scratch<double>}},
constexpr ScratchRow kScratch[kScratchOperations] = {BPTT_SCRATCH_OPERATIONS(BPTT_SCRATCH_ROW)};
#undef BPTT_SCRATCH_ROW

constexpr bool same(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

constexpr BpttScratchSize scratch_of(const char* name, int type) {
  for (const ScratchRow& row : kScratch) {
    if (same(row.name, name)) return row.size[type];
  }
  return nullptr;
}

constexpr BpttOperation kOperations[] = {
#define BPTT_OPERATION(name, signature, attributes) \
  {#name, {name<float>, name<double>}, {scratch_of(#name, 0), scratch_of(#name, 1)}},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

int64_t packed_elements(int64_t inputs, int64_t outputs, int32_t gates, int32_t is_double) {
  return is_double != 0 ? packed_size<double>(inputs, outputs, gates) : packed_size<float>(inputs, outputs, gates);
}

constexpr BpttKernelTable kTable = {
    BPTT_KERNEL_ABI,
    sizeof(kOperations) / sizeof(kOperations[0]),
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
