// The rows of operations.def in a form that a program can be checked against. The compiler parses them. A row does not
// compile when it breaks the grammar, refers to a name that it does not have, or has no clause for an index or for an
// operand that may be absent.
#pragma once

#include "kernels/operations.h"

namespace bptt {

enum class ValueType : int32_t { kReal, kInt32, kDouble, kPacked };

// A few items, in order.
template <typename T, int kMost>
struct Few {
  T items[kMost]{};
  int count = 0;

  constexpr void add(const T& item) {
    if (count == kMost) throw "a row has more of something than there is room for";
    items[count++] = item;
  }
  constexpr const T* begin() const { return items; }
  constexpr const T* end() const { return items + count; }
  constexpr const T& operator[](int index) const { return items[index]; }
};

// 4H; the number itself where there is no letter.
struct ExtentTerm {
  int64_t factor = 0;
  char letter = '\0';
};
using ExtentSum = Few<ExtentTerm, 3>;

struct OperandRow {
  std::string_view name;
  ExtentSum rows;
  ExtentSum columns;
  ValueType type = ValueType::kReal;
  int32_t gates = 0;  // of packed weights
  bool is_optional = false;
  bool is_output = false;
  bool is_in_place = false;
  bool may_be_view = false;  // some columns of a wider matrix
  bool is_index = false;     // entries low .. table-1
  bool is_stored = false;    // real, in the storage of activations
  int32_t low = 0;
  char table = '\0';

  constexpr bool is_packed_input() const { return type == ValueType::kPacked && !is_output; }
};

// One end of an attribute's range: a sum with letters, or a number as text.
struct Bound {
  std::string_view number;
  ExtentSum sum;
};

struct AttributeRow {
  std::string_view name;
  Bound low;
  Bound high;
  bool is_whole = false;
};

enum class RuleKind { kEither, kWith, kNeeds, kSameWithout };

// What an operand needs to be present, too. `subject` is an operand or, for kNeeds, an attribute counted after all
// operands.
struct RuleRow {
  RuleKind kind = RuleKind::kEither;
  int subject = -1;
  int object = -1;
  char letters[2] = {};  // for kSameWithout: when these differ, the subject must be present
};

// A product: `factor` times letters, sizes of operands, and the mean length of the sequences of the other axis.
struct WorkRow {
  int64_t factor = 1;
  Few<char, 4> letters;
  Few<int, 2> operands;
  bool has_length = false;
};

enum class Role { kNone, kForward, kPacking, kBackward, kUpdate, kSource };

struct OperationRow {
  std::string_view name;
  Few<OperandRow, 32> operands;
  Few<AttributeRow, 16> attributes;
  Few<RuleRow, 12> rules;
  Few<WorkRow, 4> work;
  bool works_each_step = false;
  bool has_work = false;
  bool needs_scratch = false;
  Role role = Role::kNone;
};

// The rows, by opcode. Defined in row.cc, where they are checked.
const OperationRow& row_of(Opcode code);

// The parser. Each function throws when the grammar is broken. The rows are constants, so this is a compile error that
// shows the text.
namespace grammar {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return c >= 'A' && c <= 'Z';
}

constexpr int64_t take_number(std::string_view* text) {
  int64_t number = 0;
  while (!text->empty() && is_digit(text->front())) {
    number = number * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  return number;
}

// "4H", "A+D", "W-O", "1"
constexpr ExtentSum parse_sum(std::string_view text) {
  ExtentSum sum;
  while (!text.empty()) {
    const bool is_negative = text.front() == '-';
    if (text.front() == '+' || text.front() == '-') text.remove_prefix(1);
    if (text.empty()) throw "a sum ends too early";
    const bool has_number = is_digit(text.front());
    const int64_t number = has_number ? take_number(&text) : 1;
    ExtentTerm term{is_negative ? -number : number, '\0'};
    if (!text.empty() && is_letter(text.front())) {
      term.letter = text.front();
      text.remove_prefix(1);
    } else if (!has_number) {
      throw "an extent is a number, a letter, or a number before a letter";
    }
    sum.add(term);
  }
  if (sum.count == 0) throw "an extent is missing";
  return sum;
}

// "i[-1..C)", "i[*]", "s", "d", "p3"
constexpr void parse_type(std::string_view text, OperandRow* operand) {
  const std::string_view rest = text.substr(1);
  if (text == "s") {
    operand->is_stored = true;
  } else if (text == "d") {
    operand->type = ValueType::kDouble;
  } else if (text.front() == 'p' && (rest.empty() || (rest.size() == 1 && rest[0] >= '2' && rest[0] <= '4'))) {
    operand->type = ValueType::kPacked;
    operand->gates = rest.empty() ? 1 : rest[0] - '0';
  } else if (text.front() == 'i') {
    operand->type = ValueType::kInt32;
    if (rest == "[*]") return;
    if (rest.size() < 6 || rest.front() != '[' || rest.back() != ')') throw "int32 must say which entries are valid";
    std::string_view range = rest.substr(1, rest.size() - 2);
    const bool is_negative = range.front() == '-';
    if (is_negative) range.remove_prefix(1);
    const int64_t low = take_number(&range);
    if (range.size() != 3 || range.substr(0, 2) != ".." || !is_letter(range[2])) throw "a table's size is a letter";
    operand->is_index = true;
    operand->low = static_cast<int32_t>(is_negative ? -low : low);
    operand->table = range[2];
  } else {
    throw "unknown type of an operand";
  }
}

// "&name:rows,columns:type?"
constexpr OperandRow parse_operand(std::string_view text, bool is_output) {
  OperandRow operand;
  operand.is_output = is_output;
  operand.is_in_place = text.front() == '&';
  operand.may_be_view = text.front() == '~';
  operand.name = name_in(text);
  text.remove_prefix(text.find(':') + 1);
  if (text.back() == '?') {
    operand.is_optional = true;
    text.remove_suffix(1);
  }
  const size_t comma = text.find(',');
  if (operand.name.empty() || comma == std::string_view::npos) throw "an operand is name:rows,columns";
  operand.rows = parse_sum(text.substr(0, comma));
  text.remove_prefix(comma + 1);
  const size_t colon = text.find(':');
  operand.columns = parse_sum(text.substr(0, colon));
  if (colon != std::string_view::npos) parse_type(text.substr(colon + 1), &operand);
  return operand;
}

constexpr Bound parse_bound(std::string_view text) {
  for (const char c : text) {
    if (is_letter(c)) return {{}, parse_sum(text)};
  }
  if (text.empty()) throw "an attribute's range has two ends";
  return {text, {}};
}

// "begin:0..C-D:i"
constexpr AttributeRow parse_attribute(std::string_view text) {
  AttributeRow attribute;
  attribute.name = take_part(&text, ':');
  const std::string_view range = take_part(&text, ':');
  const size_t dots = range.find("..");
  if (dots == std::string_view::npos || (!text.empty() && text != "i")) throw "an attribute is name:low..high[:i]";
  attribute.low = parse_bound(range.substr(0, dots));
  attribute.high = parse_bound(range.substr(dots + 2));
  attribute.is_whole = text == "i";
  return attribute;
}

// Reads clauses into a row whose operands and attributes are known.
class ClauseReader {
 public:
  constexpr explicit ClauseReader(OperationRow* row) : row_(*row) {}

  constexpr void read(std::string_view clause) {
    std::string_view rest = clause;
    const std::string_view first = take_word(&rest);
    if (first == "either") {
      const int one = optional(take_word(&rest));
      if (take_word(&rest) != "or") throw "either A or B";
      state({RuleKind::kEither, one, optional(take_word(&rest)), {}});
      stated_[row_.rules[row_.rules.count - 1].object] = true;
    } else if (first == "free") {
      for (; !rest.empty();) stated_[optional(take_word(&rest))] = true;
    } else if (first == "constant" || first == "kept") {
      for (; !rest.empty();) operand(take_word(&rest), first == "kept");
    } else if (first == "work") {
      read_work(rest);
      rest = {};
    } else if (first == "scratch") {
      row_.needs_scratch = true;
    } else if (rest.empty()) {
      if (row_.role != Role::kNone) throw "a row has one role";
      row_.role = role_of(first);
    } else {
      read_relation(first, &rest);
    }
    if (!take_word(&rest).empty()) throw "a clause has too many words";
  }

  // Whether a clause defines, for each operand that may be absent, when it is present.
  constexpr bool is_complete() const {
    for (int o = 0; o < row_.operands.count; ++o) {
      if (row_.operands[o].is_optional && !stated_[o]) return false;
    }
    return true;
  }

 private:
  constexpr int find(std::string_view name) const {
    for (int o = 0; o < row_.operands.count; ++o) {
      if (row_.operands[o].name == name) return o;
    }
    return -1;
  }
  constexpr int operand(std::string_view name, bool is_output) const {
    const int o = find(name);
    if (o < 0 || row_.operands[o].is_output != is_output) throw "a clause names an operand that the row has not";
    return o;
  }
  constexpr int optional(std::string_view name) const {
    const int o = find(name);
    if (o < 0 || !row_.operands[o].is_optional) throw "a clause names an operand that may not be absent";
    return o;
  }
  constexpr int subject(std::string_view name) const {
    for (int a = 0; a < row_.attributes.count; ++a) {
      if (row_.attributes[a].name == name) return row_.operands.count + a;
    }
    return optional(name);
  }
  constexpr void state(const RuleRow& rule) {
    row_.rules.add(rule);
    if (rule.subject < row_.operands.count) stated_[rule.subject] = true;
  }

  static constexpr Role role_of(std::string_view word) {
    if (word == "forward") return Role::kForward;
    if (word == "packing") return Role::kPacking;
    if (word == "backward") return Role::kBackward;
    if (word == "update") return Role::kUpdate;
    if (word == "source") return Role::kSource;
    throw "unknown clause";
  }

  // "A with B", "A needs B", "A over B", "F=G without A"
  constexpr void read_relation(std::string_view first, std::string_view* rest) {
    const std::string_view verb = take_word(rest), second = take_word(rest);
    if (verb == "with") {
      state({RuleKind::kWith, optional(first), optional(second), {}});
      stated_[optional(second)] = true;
    } else if (verb == "needs") {
      state({RuleKind::kNeeds, subject(first), optional(second), {}});
    } else if (verb == "over") {
      operand(first, true);
      operand(second, false);
    } else if (verb == "without" && first.size() == 3 && first[1] == '=') {
      row_.rules.add({RuleKind::kSameWithout, optional(second), -1, {first[0], first[2]}});
    } else {
      throw "unknown clause";
    }
  }

  constexpr void read_work(std::string_view text) {
    if (row_.has_work) throw "a row says once how much work it is";
    row_.has_work = true;
    if (text.size() > 10 && text.substr(text.size() - 10) == " each step") {
      row_.works_each_step = true;
      text.remove_suffix(10);
    }
    if (text == "elements") return;
    while (!text.empty()) {
      std::string_view product = take_part(&text, '+');
      WorkRow work;
      while (!product.empty()) {
        std::string_view factor = take_part(&product, '*');
        if (factor == "L") {
          work.has_length = true;
        } else if (factor.size() == 1 && is_letter(factor[0])) {
          work.letters.add(factor[0]);
        } else if (!factor.empty() && is_digit(factor[0])) {
          work.factor *= take_number(&factor);
          if (!factor.empty()) throw "a factor is a number, a letter or an operand";
        } else {
          work.operands.add(find(factor));
          if (find(factor) < 0) throw "the work names an operand that the row has not";
        }
      }
      row_.work.add(work);
    }
  }

  OperationRow& row_;
  bool stated_[32] = {};
};

// Whether every call binds this letter: a required operand has it.
constexpr bool is_always_bound(const OperationRow& row, char letter) {
  for (const OperandRow& operand : row.operands) {
    if (operand.is_optional) continue;
    for (const ExtentTerm& term : operand.rows) {
      if (term.letter == letter) return true;
    }
    for (const ExtentTerm& term : operand.columns) {
      if (term.letter == letter) return true;
    }
  }
  return false;
}

constexpr void check_letters(const OperationRow& row) {
  const auto need = [&](char letter) {
    if (letter != '\0' && !is_always_bound(row, letter)) throw "a letter is used that a call need not bind";
  };
  for (const OperandRow& operand : row.operands) need(operand.table);
  for (const AttributeRow& attribute : row.attributes) {
    for (const ExtentTerm& term : attribute.low.sum) need(term.letter);
    for (const ExtentTerm& term : attribute.high.sum) need(term.letter);
  }
  for (const RuleRow& rule : row.rules) {
    for (const char letter : rule.letters) need(letter);
  }
  for (const WorkRow& work : row.work) {
    for (const char letter : work.letters) need(letter);
  }
}

constexpr OperationRow parse(const OperationText& text) {
  OperationRow row;
  row.name = text.name;
  bool is_output = false;
  for (std::string_view rest = text.operands; !rest.empty();) {
    const std::string_view word = take_word(&rest);
    if (word == ">") {
      is_output = true;
    } else if (!word.empty()) {
      row.operands.add(parse_operand(word, is_output));
    }
  }
  for (std::string_view rest = text.attributes; !rest.empty();) row.attributes.add(parse_attribute(take_word(&rest)));
  ClauseReader reader(&row);
  for (std::string_view rest = text.clauses; !rest.empty();) reader.read(take_part(&rest, ';'));
  if (!reader.is_complete()) throw "a row does not say when an operand may be absent";
  if (row.role == Role::kNone || !row.has_work) throw "a row states its role and its work";
  check_letters(row);
  return row;
}

}  // namespace grammar

}  // namespace bptt
