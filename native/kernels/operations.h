// Opcodes and operation rows from operations.def.
#pragma once

namespace bptt {

enum class Opcode : int {
#define BPTT_OPERATION(name, signature, attributes) name,
#include "kernels/operations.def"
#undef BPTT_OPERATION
  count
};

struct OperationRow {
  const char* name;
  const char* signature;
  const char* attributes;
};

constexpr OperationRow kOperationRows[] = {
#define BPTT_OPERATION(name, signature, attributes) {#name, signature, attributes},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

}  // namespace bptt
