// The checks of a row beyond the extents of its operands: which operands belong together, which entries an index may
// have, and ranges of attributes that depend on extents.
#pragma once

#include <functional>

#include "program/signature.h"

namespace bptt {

// The data of an instruction that the rules read.
struct RuleSubject {
  const OperationRow& row;
  const Letters& letters;
  std::function<bool(int)> has;  // whether an operand is present
  const double* attributes;
};

// Each attribute lies in its range.
Status check_attributes(const RuleSubject& subject);

// Each operand is present only with the operands that it needs.
Status check_presence(const RuleSubject& subject);

// The entries of an index lie within its table.
Status check_entries(const RuleSubject& subject, const OperandRow& operand, int32_t low, int32_t high);

}  // namespace bptt
