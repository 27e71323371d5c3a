// What the fuzzer of the program loader makes of bytes: a program in the flat form (program/format.h), the sizes of its
// blocks, and an execution. test/kernels/fuzz-input.ts reads and writes the same form. All numbers are little endian.
//
//   header      words, attributes, blocks, words of the execution, options; 4 bytes each
//   blocks      bytes of each, 4 bytes
//   words       of the program, 4 bytes each
//   attributes  8 bytes each
//   execution   for each axis: steps, number of samples (-1: none), batch size of each step, samples; 4 bytes each
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/kernel_table.h"
#include "kernels/row.h"
#include "program/format.h"

// The kernels that are linked in.
extern "C" const BpttKernelTable* bptt_kernels_baseline(void);

namespace bptt::fuzz {

// What stands in the blocks before the execution.
enum class Fill : uint32_t { kZeros, kOnes, kSmall, kBytes };

struct Input {
  std::vector<int32_t> block_bytes;
  std::vector<int32_t> words;
  std::vector<double> attributes;
  std::vector<int32_t> execution;
  uint32_t options = 0;

  int threads() const { return static_cast<int>(options & 3u) % 3 + 1; }
  Fill fill() const { return static_cast<Fill>((options >> 2) & 3u); }
  // A second execution, from the instruction on that does not depend on the parameters alone.
  bool is_repeated() const { return (options & 16u) != 0; }
  // Whole numbers are what `fill` says, not numbers in their range.
  bool has_wild_indices() const { return (options & 32u) != 0; }
};

// Reads as much as there is: a count that is too large ends where the bytes end. The lists keep their memory.
void parse(const uint8_t* data, size_t size, Input* input);
// Writes the bytes of an input, and returns how many; 0 when there is no room for them.
size_t write(const Input& input, uint8_t* data, size_t max_size);

// The parts of a program's words.
struct Value {
  int32_t block, offset, type, storage, kind, rows, columns, low, high, stride, first;
};
static_assert(sizeof(Value) == Format::valueWords * sizeof(int32_t));

struct Axis {
  int32_t steps, batch, rows;
};
static_assert(sizeof(Axis) == Format::axisWords * sizeof(int32_t));

// As many operands as a row may have.
constexpr size_t kMostOperands = std::extent_v<decltype(decltype(OperationRow::operands)::items)>;
using Operands = Few<int32_t, static_cast<int>(kMostOperands)>;

struct Instruction {
  int32_t opcode;
  Operands operands;
  int32_t first_attribute;
};

struct Parts {
  std::array<int32_t, 3> begin{Format::magic, Format::version, 0};  // magic, version, compute type
  int32_t prepare_end = 0, commit_begin = 0;
  std::vector<Axis> axes;
  std::vector<Value> values;
  std::vector<Instruction> instructions;
};

// Returns false when the words cannot be divided into parts. The lists keep their memory.
bool take_apart(const std::vector<int32_t>& words, Parts* parts);
void put_together(const Parts& parts, std::vector<int32_t>* words);

// The bytes from the start of a value to its end at full capacity; 0 when its words make no sense.
int64_t bytes_of(const Parts& parts, const Value& value);

}  // namespace bptt::fuzz
