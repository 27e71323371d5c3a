// Reads and checks the flat form of a program. A malformed program is an error, never a crash.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "program/program.h"

namespace bptt {

class ProgramReader {
 public:
  ProgramReader(const std::vector<int32_t>& words, const KernelTables& tables, Program* program)
      : words_(words), tables_(tables), program_(*program) {}

  Status read();

 private:
  Status read_header();
  Status read_axes();
  Status read_values();
  Status read_instructions();
  Status check_instruction(const OperationRow& row, Instruction* instruction);
  Status check_operand(const OperationRow& row, const OperandRow& operand, int32_t index, Letters* letters) const;
  const Value* value_or_null(int32_t index) const;
  int32_t types_of(std::optional<Storage> weights, std::optional<Storage> activations) const;
  std::string without_kernels(std::optional<Storage> weights, std::optional<Storage> activations) const;
  Status check_storage(const std::string& name, const Value& value) const;
  Status choose_kernel(const OperationRow& row, Instruction* instruction) const;
  int32_t next() { return words_[position_++]; }
  bool has(int64_t count) const { return count >= 0 && count <= static_cast<int64_t>(words_.size()) - position_; }
  int64_t value_bytes(const Value& value) const;

  const std::vector<int32_t>& words_;
  const KernelTables& tables_;
  Program& program_;
  int64_t position_ = 0;
  int32_t axes_ = 0, values_ = 0, instructions_ = 0;
};

}  // namespace bptt
