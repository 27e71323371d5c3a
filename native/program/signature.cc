#include "program/signature.h"

#include <cctype>
#include <cstdlib>
#include <sstream>

#include "kernels/operations.h"

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

namespace {

// "4H", "A+D", "1"
std::vector<ExtentTerm> parse_extent(const std::string& text) {
  std::vector<ExtentTerm> terms;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, '+');) {
    const char last = part.back();
    const bool has_letter = std::isalpha(static_cast<unsigned char>(last)) != 0;
    const std::string digits = has_letter ? part.substr(0, part.size() - 1) : part;
    terms.push_back({digits.empty() ? 1 : std::atoll(digits.c_str()), has_letter ? last : '\0'});
  }
  return terms;
}

// "&name:rows,columns:type?", "~name:rows,columns?"
OperandSpec parse_operand(std::string text, bool output) {
  OperandSpec spec;
  spec.output = output;
  if (text.front() == '&') {
    spec.in_place = true;
    text.erase(0, 1);
  } else if (text.front() == '~') {
    spec.may_be_view = true;
    text.erase(0, 1);
  }
  if (text.back() == '?') {
    spec.optional = true;
    text.pop_back();
  }
  const size_t colon = text.find(':');
  const size_t comma = text.find(',', colon);
  const size_t type = text.find(':', comma);
  spec.name = text.substr(0, colon);
  spec.rows = parse_extent(text.substr(colon + 1, comma - colon - 1));
  spec.columns = parse_extent(text.substr(comma + 1, type == std::string::npos ? type : type - comma - 1));
  if (type == std::string::npos) return spec;
  switch (text[type + 1]) {
    case 'i':
      spec.type = ValueType::kInt32;
      break;
    case 'd':
      spec.type = ValueType::kDouble;
      break;
    case 'p':
      spec.type = ValueType::kPacked;
      spec.gates = type + 2 < text.size() ? text[type + 2] - '0' : 1;
      break;
  }
  return spec;
}

// "rate:0..0.5 operationId:0..10i"
AttributeSpec parse_attribute(std::string text) {
  AttributeSpec spec;
  if (text.back() == 'i') {
    spec.whole = true;
    text.pop_back();
  }
  const size_t colon = text.find(':');
  const size_t dots = text.find("..", colon);
  spec.name = text.substr(0, colon);
  spec.low = std::strtod(text.substr(colon + 1, dots - colon - 1).c_str(), nullptr);
  spec.high = std::strtod(text.substr(dots + 2).c_str(), nullptr);
  return spec;
}

OperationSpec parse_operation(const OperationRow& row) {
  OperationSpec spec;
  spec.name = row.name;
  std::istringstream operands(row.signature);
  bool output = false;
  for (std::string word; operands >> word;) {
    if (word == ">") {
      output = true;
    } else {
      spec.operands.push_back(parse_operand(word, output));
    }
  }
  std::istringstream attributes(row.attributes);
  for (std::string word; attributes >> word;) spec.attributes.push_back(parse_attribute(word));
  return spec;
}

// Rows named N, B, M or E must be an axis's.
bool is_axis_letter_of_kind(char letter, const Extent& extent) {
  if (letter == 'N' || letter == 'M') return extent.kind == Extent::kSteps;
  if (letter == 'B' || letter == 'E') return extent.kind == Extent::kBatch;
  return true;
}

// Whether these two letters of one operation belong to the same axis, or one of them is not bound.
bool agree(const Letters& letters, char steps, char batch) {
  const auto one = letters.find(steps);
  const auto other = letters.find(batch);
  return one == letters.end() || other == letters.end() || one->second.value == other->second.value;
}

bool match_extent(const std::vector<ExtentTerm>& terms, const Extent& extent, Letters* letters) {
  int64_t sum = 0;
  const ExtentTerm* unbound = nullptr;
  for (const ExtentTerm& term : terms) {
    if (term.letter == '\0') {
      sum += term.factor;
      continue;
    }
    const auto bound = letters->find(term.letter);
    if (bound == letters->end()) {
      if (unbound != nullptr) return false;
      unbound = &term;
    } else if (terms.size() == 1 && term.factor == 1) {
      return bound->second == extent;
    } else if (bound->second.kind == Extent::kFixed) {
      sum += term.factor * bound->second.value;
    } else {
      return false;
    }
  }
  if (unbound == nullptr) return extent.kind == Extent::kFixed && extent.value == sum;
  if (terms.size() == 1 && unbound->factor == 1) {
    if (!is_axis_letter_of_kind(unbound->letter, extent)) return false;
    (*letters)[unbound->letter] = extent;
    return true;
  }
  const int64_t rest = extent.value - sum;
  if (extent.kind != Extent::kFixed || rest <= 0 || rest % unbound->factor != 0) return false;
  (*letters)[unbound->letter] = {Extent::kFixed, rest / unbound->factor};
  return true;
}

std::string describe(const std::vector<ExtentTerm>& terms, const Letters& letters) {
  std::string text;
  for (const ExtentTerm& term : terms) {
    if (!text.empty()) text += "+";
    if (term.letter == '\0' || term.factor != 1) text += std::to_string(term.factor);
    if (term.letter == '\0') continue;
    text += term.letter;
    const auto bound = letters.find(term.letter);
    if (bound != letters.end()) text += " (" + to_string(bound->second) + ")";
  }
  return text;
}

}  // namespace

const std::vector<OperationSpec>& operation_specs() {
  static const std::vector<OperationSpec> specs = [] {
    std::vector<OperationSpec> all;
    for (const OperationRow& row : kOperationRows) all.push_back(parse_operation(row));
    return all;
  }();
  return specs;
}

Status match_operand(const OperationSpec& operation, const OperandSpec& operand, const Extent& rows,
                     const Extent& columns, Letters* letters) {
  const auto error = [&](const char* which, const Extent& extent, const std::vector<ExtentTerm>& wanted) {
    return Status::error("invalid_program", operation.name + ": " + operand.name + " has " + to_string(extent) + " " +
                                                which + ", expected " + describe(wanted, *letters));
  };
  if (!match_extent(operand.rows, rows, letters)) return error("rows", rows, operand.rows);
  if (!match_extent(operand.columns, columns, letters)) return error("columns", columns, operand.columns);
  if (agree(*letters, 'N', 'B') && agree(*letters, 'M', 'E')) return Status::ok();
  return Status::error("invalid_program", operation.name + ": " + operand.name + " has " + to_string(rows) +
                                              " rows, an operand before it has those of another axis");
}

int32_t axis_of(const Letters& letters, char steps, char batch) {
  for (char letter : {steps, batch}) {
    const auto bound = letters.find(letter);
    if (bound != letters.end()) return static_cast<int32_t>(bound->second.value);
  }
  return -1;
}

}  // namespace bptt
