// How numbers are stored, and which kernels there are for them: the one list of both. Arithmetic is done in the compute
// type of a program. Packed weights may be stored in another type, from which the micro-kernel loads them
// (products/panel.h), and so may activations: the operands of type `s` in operations.def, which kernels load and store
// as vectors (`Vec`). To add a type: a line in each list, and a C++ type that converts to and from the compute types;
// `Vec` may convert a whole vector at once where that is worth it.
// scripts/generate-operations.cjs takes the names and codes from here.
#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"

namespace bptt {

// X(name, C++ type, bytes), in the order of the codes.
#define BPTT_STORAGES(X) \
  X(float32, float, 4)   \
  X(float64, double, 8)  \
  X(int32, int32_t, 4)   \
  X(bfloat16, BFloat16, 2)

// X(compute type, storage of packed weights, storage of activations, name), for each of which there are kernels. An
// operation is compiled once for what it uses of them. float64 is for checks of gradients and of the kernels
// themselves: the addon's own kernels alone compute in it, which keeps the modules of wider instruction sets small.
// BPTT_MIXED_STORAGE adds some whose types differ, for tests alone (test/kernels/storage.test.ts).
#define BPTT_FLOAT32_TYPES(X, name)  \
  X(float32, float32, float32, name) \
  X(float32, bfloat16, float32, name)
#if defined(BPTT_KERNELS_MODULE)
#define BPTT_KERNEL_TYPES(X, name) BPTT_FLOAT32_TYPES(X, name)
#elif defined(BPTT_MIXED_STORAGE)
#define BPTT_KERNEL_TYPES(X, name)   \
  BPTT_FLOAT32_TYPES(X, name)        \
  X(float64, float64, float64, name) \
  X(float64, float32, float64, name) \
  X(float64, float64, float32, name) \
  X(float64, float32, float32, name)
#else
#define BPTT_KERNEL_TYPES(X, name) \
  BPTT_FLOAT32_TYPES(X, name)      \
  X(float64, float64, float64, name)
#endif

enum class Storage : int32_t {
#define BPTT_STORAGE_NAME(name, type, bytes) name,
  BPTT_STORAGES(BPTT_STORAGE_NAME)
#undef BPTT_STORAGE_NAME
      count
};

template <Storage storage>
struct StorageType;
#define BPTT_STORAGE_TYPE(name, cpp_type, bytes)                             \
  template <>                                                                \
  struct StorageType<Storage::name> {                                        \
    static_assert(sizeof(cpp_type) == bytes, #cpp_type " has another size"); \
    using Type = cpp_type;                                                   \
  };
BPTT_STORAGES(BPTT_STORAGE_TYPE)
#undef BPTT_STORAGE_TYPE

template <Storage storage>
using Stored = typename StorageType<storage>::Type;

constexpr int64_t kStorageBytes[] = {
#define BPTT_STORAGE_BYTES(name, type, bytes) bytes,
    BPTT_STORAGES(BPTT_STORAGE_BYTES)
#undef BPTT_STORAGE_BYTES
};
// The bytes of one number.
constexpr int64_t bytes_of(Storage storage) {
  return kStorageBytes[static_cast<int32_t>(storage)];
}

constexpr const char* kStorageNames[] = {
#define BPTT_STORAGE_TEXT(name, type, bytes) #name,
    BPTT_STORAGES(BPTT_STORAGE_TEXT)
#undef BPTT_STORAGE_TEXT
};
constexpr const char* name_of(Storage storage) {
  return kStorageNames[static_cast<int32_t>(storage)];
}

}  // namespace bptt
