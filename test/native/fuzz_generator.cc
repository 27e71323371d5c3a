#include "fuzz_generator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "kernels/storage.h"

namespace bptt::fuzz {

namespace {

constexpr int64_t kMostBlocks = 256;

// The place of a letter; the first is that of a term without one, whose number is 1.
size_t place_of(char letter) {
  return static_cast<size_t>(letter);
}

int32_t sum_of(const ExtentSum& sum, const Numbers& numbers) {
  int64_t total = 0;
  for (const ExtentTerm& term : sum) total += term.factor * numbers[place_of(term.letter)];
  return static_cast<int32_t>(total);
}

double number_of(const Bound& bound, const Numbers& numbers) {
  if (bound.number.empty()) return sum_of(bound.sum, numbers);
  return std::strtod(std::string(bound.number).c_str(), nullptr);
}

// Letters that stand for numbers, and never for rows of an axis.
std::bitset<std::tuple_size_v<Numbers>> numbers_of(const OperationRow& row) {
  std::bitset<std::tuple_size_v<Numbers>> letters;
  for (const OperandRow& operand : row.operands) {
    if (operand.is_index) letters.set(place_of(operand.table));
    for (const ExtentTerm& term : operand.columns) letters.set(place_of(term.letter));
  }
  for (const AttributeRow& attribute : row.attributes) {
    for (const Bound& bound : {attribute.low, attribute.high}) {
      for (const ExtentTerm& term : bound.sum) letters.set(place_of(term.letter));
    }
  }
  return letters;
}

int32_t storage_of(ValueType type, int32_t compute) {
  if (type == ValueType::kInt32) return static_cast<int32_t>(Storage::int32);
  return type == ValueType::kDouble ? static_cast<int32_t>(Storage::float64) : compute;
}

}  // namespace

Numbers ones() {
  Numbers numbers;
  numbers.fill(1);
  return numbers;
}

int32_t Random::size() {
  static constexpr int32_t kSizes[] = {1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 40, 64};
  return kSizes[below(std::size(kSizes))];
}

Axis Generator::any_axis() {
  Axis axis{random_.between(1, 7), random_.between(1, random_.once_in(4) ? 40 : 6), 0};
  const int32_t least = std::max(axis.steps, axis.batch), most = axis.steps * axis.batch;
  axis.rows = random_.once_in(3) ? most : random_.between(least, most);
  return axis;
}

void Generator::set_execution() {
  std::vector<int32_t>& execution = input_.execution;
  execution.clear();
  for (const Axis& axis : parts_.axes) {
    const int32_t room = std::clamp(axis.steps, 1, 64), batch = std::clamp(axis.batch, 1, 512);
    const int32_t steps = random_.once_in(3) ? random_.between(1, room) : room;
    int32_t left = std::clamp(axis.rows, steps, 1 << 16) - steps;
    if (random_.once_in(4)) left = random_.between(0, left);
    std::vector<int32_t> sizes;
    for (int32_t t = 0; t < steps; ++t) {
      const int32_t more = std::min(left, (sizes.empty() ? batch : sizes.back()) - 1);
      sizes.push_back(1 + (random_.once_in(3) ? random_.between(0, more) : more));
      left -= sizes.back() - 1;
    }
    std::vector<int32_t> samples;
    const bool has_samples = random_.once_in(2);
    for (int32_t b = 0; has_samples && b < sizes.front(); ++b) samples.push_back(b);
    for (size_t b = samples.size(); b > 1; --b) std::swap(samples[b - 1], samples[random_.below(b)]);
    execution.push_back(steps);
    execution.push_back(has_samples ? static_cast<int32_t>(samples.size()) : -1);
    execution.insert(execution.end(), sizes.begin(), sizes.end());
    execution.insert(execution.end(), samples.begin(), samples.end());
  }
}

double Generator::attribute_of(const AttributeRow& attribute, const Numbers& numbers) {
  const double low = number_of(attribute.low, numbers), high = number_of(attribute.high, numbers);
  double number = 0;
  switch (random_.below(6)) {
    case 0:
      number = low;
      break;
    case 1:
      number = high;
      break;
    case 2:
      number = low + static_cast<double>(random_.below(4));
      break;
    case 3:
      break;
    case 4:
      number = low + (high - low) * static_cast<double>(random_.below(1000)) / 999;
      break;
    default:
      number = static_cast<double>(random_.below(3));
  }
  if (attribute.is_whole) number = static_cast<double>(static_cast<int64_t>(number));
  return std::min(std::max(number, low), high);
}

void Generator::start_anew() {
  parts_.values.clear();
  parts_.instructions.clear();
  parts_.axes.clear();
  input_.attributes.clear();
  const size_t axes = random_.once_in(4) ? 0 : 1 + random_.below(2);
  for (size_t a = 0; a < axes; ++a) parts_.axes.push_back(any_axis());
  set_execution();
  add_instruction();
}

Generator::Sizes Generator::sizes_for(const OperationRow& row) {
  Sizes sizes;
  if (!parts_.axes.empty()) {
    sizes.own = static_cast<int32_t>(random_.below(parts_.axes.size()));
    sizes.other = static_cast<int32_t>(random_.below(parts_.axes.size()));
  }
  const auto is_number = numbers_of(row);
  for (size_t letter = 'A'; letter <= 'Z'; ++letter) {
    sizes.numbers[letter] = random_.once_in(4) ? random_.size() : random_.between(1, 9);
    if (!is_number[letter] && sizes.own >= 0 && random_.once_in(2))
      sizes.kinds[letter] = random_.once_in(2) ? Format::steps : Format::batch;
  }
  for (const RuleRow& rule : row.rules) {
    if (rule.kind == RuleKind::kSameWithout && random_.once_in(2))
      sizes.numbers[place_of(rule.letters[0])] = sizes.numbers[place_of(rule.letters[1])];
  }
  if (random_.once_in(2)) sizes.numbers[place_of('W')] = sizes.numbers[place_of('O')] * random_.between(1, 3);
  return sizes;
}

int32_t Generator::value_for(const OperandRow& operand, const Sizes& sizes) {
  Value value{};
  const char letter = operand.rows.count == 1 && operand.rows[0].factor == 1 ? operand.rows[0].letter : '\0';
  const int32_t kind = sizes.kinds[place_of(letter)];
  if (letter == 'N' || letter == 'M' || letter == 'B' || letter == 'E') {
    value.kind = letter == 'N' || letter == 'M' ? Format::steps : Format::batch;
    value.rows = letter == 'N' || letter == 'B' ? sizes.own : sizes.other;
  } else if (kind != Format::fixed) {
    value.kind = kind;
    value.rows = sizes.own;
  } else {
    value.rows = sum_of(operand.rows, sizes.numbers);
  }
  value.columns = value.stride = sum_of(operand.columns, sizes.numbers);
  value.type = static_cast<int32_t>(operand.type);
  value.storage = storage_of(operand.type, parts_.begin[2]);
  if (operand.type == ValueType::kPacked) value.low = operand.gates;
  if (operand.is_index) {
    value.low = operand.low;
    value.high = sizes.numbers[place_of(operand.table)];
  }
  if (operand.may_be_view && random_.once_in(4)) {
    value.stride += random_.size();
    value.first = random_.between(0, value.stride - value.columns);
  }
  std::vector<int32_t> alike;
  for (size_t v = 0; v < parts_.values.size(); ++v) {
    value.block = parts_.values[v].block;
    value.offset = parts_.values[v].offset;
    if (std::memcmp(&value, &parts_.values[v], sizeof(value)) == 0) alike.push_back(static_cast<int32_t>(v));
  }
  if (!alike.empty() && random_.once_in(2)) return *random_.any_of(&alike);
  value.block = 0;
  for (const Value& known : parts_.values)
    value.block = static_cast<int32_t>(std::max<int64_t>(value.block, int64_t{known.block} + 1) % kMostBlocks);
  value.offset = 0;
  parts_.values.push_back(value);
  return static_cast<int32_t>(parts_.values.size()) - 1;
}

// Which operands are present, so that most rules of the row hold.
std::bitset<kMostOperands> Generator::presence_for(const OperationRow& row) {
  static constexpr size_t kPercent[] = {12, 50, 88};
  const size_t percent = kPercent[random_.below(3)];
  std::bitset<kMostOperands> present;
  for (int o = 0; o < row.operands.count; ++o)
    present[static_cast<size_t>(o)] = !row.operands[o].is_optional || random_.below(100) < percent;
  const auto is_operand = [&](int index) { return index >= 0 && index < row.operands.count; };
  for (int pass = 0; pass < 4; ++pass) {
    for (const RuleRow& rule : row.rules) {
      if (!is_operand(rule.object)) continue;
      const auto object = static_cast<size_t>(rule.object);
      const bool has_subject = !is_operand(rule.subject) || present[static_cast<size_t>(rule.subject)];
      if (rule.kind == RuleKind::kEither) present[object] = !has_subject;
      if (rule.kind == RuleKind::kWith) present[object] = has_subject;
      if (rule.kind != RuleKind::kNeeds || !has_subject || present[object]) continue;
      if (is_operand(rule.subject) && random_.once_in(2)) {
        present[static_cast<size_t>(rule.subject)] = false;
      } else {
        present[object] = true;
      }
    }
  }
  return present;
}

void Generator::add_instruction() {
  constexpr size_t kMostInstructions = 12, kMostValues = 200;
  if (parts_.instructions.size() >= kMostInstructions || parts_.values.size() >= kMostValues) return;
  const auto code = static_cast<int32_t>(random_.below(static_cast<size_t>(Opcode::count)));
  const OperationRow& row = row_of(static_cast<Opcode>(code));
  const Sizes sizes = sizes_for(row);
  const std::bitset<kMostOperands> present = presence_for(row);
  Instruction instruction{code, {}, static_cast<int32_t>(input_.attributes.size())};
  for (int o = 0; o < row.operands.count; ++o)
    instruction.operands.add(present[static_cast<size_t>(o)] ? value_for(row.operands[o], sizes) : -1);
  for (const AttributeRow& attribute : row.attributes)
    input_.attributes.push_back(attribute_of(attribute, sizes.numbers));
  parts_.instructions.push_back(instruction);
}

}  // namespace bptt::fuzz
