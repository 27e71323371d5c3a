#include "program/rules.h"

#include <cmath>
#include <cstdlib>

namespace bptt {

namespace {

// The number that a letter stands for if it is fixed. Rows of a time axis change with the batch.
Status number_of(const RuleSubject& subject, char letter, int64_t* number) {
  const Extent* extent = subject.letters.find(letter);
  if (extent != nullptr && extent->kind == Extent::kFixed) {
    *number = extent->value;
    return Status::ok();
  }
  const std::string found = extent == nullptr ? "nothing" : to_string(*extent);
  return refuse_program(subject.row.name, std::string(1, letter) + " is " + found + ", expected a number");
}

Status value_of(const RuleSubject& subject, const Bound& bound, double* value) {
  if (!bound.number.empty()) {
    *value = std::strtod(std::string(bound.number).c_str(), nullptr);
    return Status::ok();
  }
  *value = 0;
  for (const ExtentTerm& term : bound.sum) {
    int64_t number = 1;
    if (term.letter != '\0') {
      const Status status = number_of(subject, term.letter, &number);
      if (!status.is_ok()) return status;
    }
    *value += static_cast<double>(term.factor * number);
  }
  return Status::ok();
}

std::string text_of(const RuleSubject& subject, const Bound& bound) {
  return bound.number.empty() ? describe(bound.sum, subject.letters) : std::string(bound.number);
}

}  // namespace

Status check_attributes(const RuleSubject& subject) {
  for (int a = 0; a < subject.row.attributes.count; ++a) {
    const AttributeRow& attribute = subject.row.attributes[a];
    const double value = subject.attributes[a];
    double low = 0, high = 0;
    for (const Status& status : {value_of(subject, attribute.low, &low), value_of(subject, attribute.high, &high)}) {
      if (!status.is_ok()) return status;
    }
    if (value >= low && value <= high && (!attribute.is_whole || value == std::floor(value))) continue;
    return refuse_program(subject.row.name, std::string(attribute.name) + " is " + std::to_string(value) +
                                                ", expected " + text_of(subject, attribute.low) + " to " +
                                                text_of(subject, attribute.high));
  }
  return Status::ok();
}

Status check_presence(const RuleSubject& subject) {
  const OperationRow& row = subject.row;
  const auto is_operand = [&](int index) { return index < row.operands.count; };
  const auto name = [&](int index) {
    return std::string(is_operand(index) ? row.operands[index].name : row.attributes[index - row.operands.count].name);
  };
  const auto is_there = [&](int index) {
    return is_operand(index) ? subject.has(index) : subject.attributes[index - row.operands.count] != 0;
  };
  const auto without = [&](int given, int missing) {
    return refuse_program(row.name, name(given) + " without " + name(missing));
  };
  for (const RuleRow& rule : row.rules) {
    const bool has_subject = is_there(rule.subject);
    const bool has_object = rule.object >= 0 && is_there(rule.object);
    switch (rule.kind) {
      case RuleKind::kEither:
        if (has_subject != has_object) break;
        return refuse_program(row.name, "needs either " + name(rule.subject) + " or " + name(rule.object));
      case RuleKind::kWith:
        if (has_object && !has_subject) return without(rule.object, rule.subject);
        [[fallthrough]];
      case RuleKind::kNeeds:
        if (has_subject && !has_object) return without(rule.subject, rule.object);
        break;
      case RuleKind::kSameWithout: {
        const Extent* one = subject.letters.find(rule.letters[0]);
        const Extent* other = subject.letters.find(rule.letters[1]);
        if (has_subject || (one != nullptr && other != nullptr && *one == *other)) break;
        return refuse_program(row.name, describe({{{1, rule.letters[0]}}, 1}, subject.letters) + " and " +
                                            describe({{{1, rule.letters[1]}}, 1}, subject.letters) +
                                            " differ without " + name(rule.subject));
      }
    }
  }
  return Status::ok();
}

Status check_entries(const RuleSubject& subject, const OperandRow& operand, int32_t low, int32_t high) {
  if (!operand.is_index) return Status::ok();
  int64_t size = 0;
  const Status status = number_of(subject, operand.table, &size);
  if (!status.is_ok()) return status;
  if (low == operand.low && high == size) return Status::ok();
  return refuse_program(subject.row.name, std::string(operand.name) + " has entries " + std::to_string(low) + ".." +
                                              std::to_string(int64_t{high} - 1) + ", expected " +
                                              std::to_string(operand.low) + ".." + std::to_string(size - 1));
}

}  // namespace bptt
