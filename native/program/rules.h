// What a row says beyond the extents of its operands: which operands go together, which entries an index may have, and
// ranges of attributes that depend on extents.
#pragma once

#include <functional>

#include "program/signature.h"

namespace bptt {

// What of an instruction the rules look at.
struct RuleSubject {
  const OperationRow& row;
  const Letters& letters;
  std::function<bool(int)> has;  // whether an operand is present
  const double* attributes;
};

// Each attribute lies in its range.
Status check_attributes(const RuleSubject& subject);

// Each operand that needs others has them.
Status check_presence(const RuleSubject& subject);

// An index's entries are those of its table.
Status check_entries(const RuleSubject& subject, const OperandRow& operand, int32_t low, int32_t high);

}  // namespace bptt
