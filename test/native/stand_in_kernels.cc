// Kernels that stand in for the real ones where the executor is tested, and compile in a moment: of each operation all
// threads read all operands, meet, and write a share of what it writes. ThreadSanitizer so sees every instruction that
// begins before the one before it has ended on all threads.
#include <algorithm>
#include <cstring>

#include "kernels/kernel_table.h"
#include "kernels/row.h"
#include "kernels/storage.h"

namespace {

using bptt::Opcode;
using bptt::OperandRow;
using bptt::ValueType;

constexpr bptt::Storage kStorages[] = {bptt::Storage::float32, bptt::Storage::float64};

int64_t packed_size(int64_t inputs, int64_t outputs, int32_t) {
  return inputs * outputs;
}

// The bytes of one number of an operand.
int64_t width_of(const OperandRow& row, int types) {
  if (row.type == ValueType::kInt32) return 4;
  return row.type == ValueType::kDouble ? 8 : bptt::bytes_of(kStorages[types]);
}

uint8_t* row_of_operand(const BpttOperand& operand, int64_t row, int64_t width) {
  return static_cast<uint8_t*>(operand.data) + row * operand.stride * width;
}

void work_as(const bptt::OperationRow& row, int types, const BpttCall* call) {
  uint32_t sum = 1;
  for (int o = 0; o < row.operands.count; ++o) {
    const BpttOperand& operand = call->operands[o];
    if (operand.data == nullptr || row.operands[o].is_output) continue;
    const int64_t width = width_of(row.operands[o], types);
    for (int64_t r = 0; r < operand.rows; ++r) {
      const uint8_t* bytes = row_of_operand(operand, r, width);
      for (int64_t b = 0; b < operand.columns * width; ++b) sum = sum * 31 + bytes[b];
    }
  }
  if (call->team->barrier(call->team->context) != 0) return;
  for (int o = 0; o < row.operands.count; ++o) {
    const BpttOperand& operand = call->operands[o];
    if (operand.data == nullptr || !(row.operands[o].is_output || row.operands[o].is_in_place)) continue;
    const int64_t width = width_of(row.operands[o], types);
    for (int64_t r = call->team->id; r < operand.rows; r += call->team->count) {
      const auto byte = static_cast<int>((sum + static_cast<uint32_t>(r)) % 251);
      std::memset(row_of_operand(operand, r, width), byte, static_cast<size_t>(operand.columns * width));
    }
  }
}

template <Opcode code, int types>
void kernel(const BpttCall* call) {
  work_as(bptt::row_of(code), types, call);
}

#define BPTT_OPERATION(name, operands, attributes, clauses) \
  constexpr BpttKernel kKernelsOf_##name[] = {kernel<Opcode::name, 0>, kernel<Opcode::name, 1>};
#include "kernels/operations.def"
#undef BPTT_OPERATION

constexpr BpttOperation kOperations[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) {#name, kKernelsOf_##name, nullptr},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

constexpr BpttKernelTypes types_of(bptt::Storage storage) {
  const auto code = static_cast<int32_t>(storage);
  return {code, code, code, packed_size};
}
constexpr BpttKernelTypes kTypes[] = {types_of(kStorages[0]), types_of(kStorages[1])};

constexpr BpttKernelTable kTable = {
    BPTT_KERNEL_ABI,
    sizeof(kOperations) / sizeof(kOperations[0]),
    bptt::kOperationsFingerprint,
    "stand-in",
    "none",
    2,
    kTypes,
    kOperations,
};

}  // namespace

extern "C" const BpttKernelTable* bptt_kernels_baseline(void) {
  return &kTable;
}
