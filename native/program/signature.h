// Matches the values of an instruction with the extents in the row of its operation.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "kernels/row.h"

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

// The letters of one instruction, bound as its operands are matched in order.
class Letters {
 public:
  // Null while nothing has bound the letter.
  const Extent* find(char letter) const { return is_bound_[index(letter)] ? &extents_[index(letter)] : nullptr; }
  void bind(char letter, const Extent& extent) {
    extents_[index(letter)] = extent;
    is_bound_[index(letter)] = true;
  }

 private:
  static size_t index(char letter) { return static_cast<size_t>(letter - 'A'); }

  std::array<Extent, 26> extents_{};
  std::array<bool, 26> is_bound_{};
};

// Matches an operand's extents with its row; an error names the operation, the operand and both extents.
Status match_operand(const OperationRow& operation, const OperandRow& operand, const Extent& rows,
                     const Extent& columns, Letters* letters);

// The axis that these two letters stand for, N and B or M and E, or -1 when neither is bound.
int32_t axis_of(const Letters& letters, char steps, char batch);

// A sum such as C-D as text with the values of its letters: "C (7)-D (3)".
std::string describe(const ExtentSum& sum, const Letters& letters);

// An error of code `invalid_program`: "operation: message".
Status refuse_program(std::string_view operation, const std::string& message);

}  // namespace bptt
