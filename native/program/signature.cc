#include "program/signature.h"

namespace bptt {

std::string to_string(const Extent& extent) {
  switch (extent.kind) {
    case Extent::kSteps:
      return "steps of axis " + std::to_string(extent.value);
    case Extent::kBatch:
      return "sequences of axis " + std::to_string(extent.value);
    case Extent::kFixed:
      break;
  }
  return std::to_string(extent.value);
}

Status refuse_program(std::string_view operation, const std::string& message) {
  return Status::error("invalid_program", std::string(operation) + ": " + message);
}

std::string describe(const ExtentSum& sum, const Letters& letters) {
  std::string text;
  for (const ExtentTerm& term : sum) {
    if (term.factor < 0 || !text.empty()) text += term.factor < 0 ? "-" : "+";
    const int64_t factor = term.factor < 0 ? -term.factor : term.factor;
    if (term.letter == '\0' || factor != 1) text += std::to_string(factor);
    if (term.letter == '\0') continue;
    text += term.letter;
    if (const Extent* bound = letters.find(term.letter)) text += " (" + to_string(*bound) + ")";
  }
  return text;
}

namespace {

// Rows with the letters N, B, M or E must belong to a time axis.
bool is_axis_letter_of_kind(char letter, const Extent& extent) {
  if (letter == 'N' || letter == 'M') return extent.kind == Extent::kSteps;
  if (letter == 'B' || letter == 'E') return extent.kind == Extent::kBatch;
  return true;
}

// Whether these two letters of one operation belong to the same axis, or one of them is not bound.
bool agree(const Letters& letters, char steps, char batch) {
  const Extent* one = letters.find(steps);
  const Extent* other = letters.find(batch);
  return one == nullptr || other == nullptr || one->value == other->value;
}

bool match_extent(const ExtentSum& terms, const Extent& extent, Letters* letters) {
  int64_t sum = 0;
  const ExtentTerm* unbound = nullptr;
  for (const ExtentTerm& term : terms) {
    if (term.letter == '\0') {
      sum += term.factor;
      continue;
    }
    const Extent* bound = letters->find(term.letter);
    if (bound == nullptr) {
      if (unbound != nullptr) return false;
      unbound = &term;
    } else if (terms.count == 1 && term.factor == 1) {
      return *bound == extent;
    } else if (bound->kind == Extent::kFixed) {
      sum += term.factor * bound->value;
    } else {
      return false;
    }
  }
  if (unbound == nullptr) return extent.kind == Extent::kFixed && extent.value == sum;
  if (terms.count == 1 && unbound->factor == 1) {
    if (!is_axis_letter_of_kind(unbound->letter, extent)) return false;
    letters->bind(unbound->letter, extent);
    return true;
  }
  const int64_t rest = extent.value - sum;
  if (extent.kind != Extent::kFixed || rest <= 0 || rest % unbound->factor != 0) return false;
  letters->bind(unbound->letter, {Extent::kFixed, rest / unbound->factor});
  return true;
}

}  // namespace

Status match_operand(const OperationRow& operation, const OperandRow& operand, const Extent& rows,
                     const Extent& columns, Letters* letters) {
  const std::string name(operand.name);
  const auto error = [&](const char* which, const Extent& extent, const ExtentSum& wanted) {
    return refuse_program(
        operation.name, name + " has " + to_string(extent) + " " + which + ", expected " + describe(wanted, *letters));
  };
  if (!match_extent(operand.rows, rows, letters)) return error("rows", rows, operand.rows);
  if (!match_extent(operand.columns, columns, letters)) return error("columns", columns, operand.columns);
  if (agree(*letters, 'N', 'B') && agree(*letters, 'M', 'E')) return Status::ok();
  return refuse_program(operation.name,
                        name + " has " + to_string(rows) + " rows, an operand before it has those of another axis");
}

int32_t axis_of(const Letters& letters, char steps, char batch) {
  for (char letter : {steps, batch}) {
    if (const Extent* bound = letters.find(letter)) return static_cast<int32_t>(bound->value);
  }
  return -1;
}

}  // namespace bptt
