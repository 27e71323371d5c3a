// The signatures of operations.def in a form that a program can be checked against.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace bptt {

// An extent of a value: a fixed number, or the rows (steps) or sequences (batch) of a time axis.
struct Extent {
  enum Kind : int32_t { kFixed = 0, kSteps = 1, kBatch = 2 };
  Kind kind = kFixed;
  int64_t value = 0;  // the number, or the axis

  bool operator==(const Extent& other) const { return kind == other.kind && value == other.value; }
  bool operator!=(const Extent& other) const { return !(*this == other); }
};

std::string to_string(const Extent& extent);

enum class ValueType : int32_t { kReal = 0, kInt32 = 1, kDouble = 2, kPacked = 3 };

struct ExtentTerm {
  int64_t factor;  // 4 in 4H; the number itself when letter is 0
  char letter;
};

struct OperandSpec {
  std::string name;
  std::vector<ExtentTerm> rows;     // a sum
  std::vector<ExtentTerm> columns;  // a sum
  ValueType type = ValueType::kReal;
  int32_t gates = 0;  // of packed weights
  bool optional = false;
  bool output = false;
  bool in_place = false;
  bool may_be_view = false;  // some columns of a wider matrix
};

struct AttributeSpec {
  std::string name;
  double low = 0;
  double high = 0;
  bool whole = false;
};

struct OperationSpec {
  std::string name;
  std::vector<OperandSpec> operands;
  std::vector<AttributeSpec> attributes;
};

// One for each row of operations.def, by opcode.
const std::vector<OperationSpec>& operation_specs();

// The letters of one instruction, bound as its operands are matched in order.
using Letters = std::map<char, Extent>;

// Matches an operand's extents with its specification; an error names the operation, the operand and both extents.
Status match_operand(const OperationSpec& operation, const OperandSpec& operand, const Extent& rows,
                     const Extent& columns, Letters* letters);

// The axis that these two letters stand for, N and B or M and E, or -1 when neither is bound.
int32_t axis_of(const Letters& letters, char steps, char batch);

}  // namespace bptt
