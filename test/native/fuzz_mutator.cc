// Changes a program in ways that keep most of it valid, so that many of the changed ones pass the checks and are
// executed: libFuzzer calls it in the place of changing single bytes.
#include <algorithm>
#include <cstring>
#include <limits>

#include "fuzz_generator.h"
#include "kernels/storage.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace bptt::fuzz {

namespace {

constexpr int64_t kMostBlockBytes = 1 << 15;

class Mutator {
 public:
  Mutator(Random* random, Input* input, Parts* parts)
      : random_(*random), generator_(random, input, parts), input_(*input), parts_(*parts) {}

  // One change. Afterwards the blocks may no longer fit: see fit_blocks.
  void change() {
    using Change = void (Mutator::*)();
    static constexpr Change kChanges[] = {
        &Mutator::change_value,     &Mutator::change_extent,      &Mutator::change_extent,    &Mutator::change_axis,
        &Mutator::change_execution, &Mutator::change_execution,   &Mutator::change_attribute, &Mutator::change_operand,
        &Mutator::change_operand,   &Mutator::change_order,       &Mutator::share_memory,     &Mutator::change_compute,
        &Mutator::change_opcode,    &Mutator::change_options,     &Mutator::add_instruction,  &Mutator::add_instruction,
        &Mutator::start_anew,       &Mutator::remove_instruction,
    };
    (this->*kChanges[random_.below(std::size(kChanges))])();
  }

  // Makes each block as large as its values need, so that what lies behind a value is outside.
  void fit_blocks() {
    int64_t most = 0;
    for (Value& value : parts_.values) {
      value.block = std::max(value.block, 0) % 256;
      most = std::max<int64_t>(most, value.block);
    }
    input_.block_bytes.assign(parts_.values.empty() ? input_.block_bytes.size() : static_cast<size_t>(most) + 1, 0);
    for (const Value& value : parts_.values) {
      const int64_t end = int64_t{static_cast<uint32_t>(value.offset)} * 64 + bytes_of(parts_, value);
      int32_t& bytes = input_.block_bytes[static_cast<size_t>(value.block)];
      if (end <= kMostBlockBytes) bytes = std::max(bytes, static_cast<int32_t>(end));
    }
  }

  // Makes the divisions of the program and the sizes of the execution fit again.
  void fit_counts() {
    const auto count = static_cast<int32_t>(parts_.instructions.size());
    parts_.commit_begin = std::clamp(parts_.commit_begin, 0, count);
    parts_.prepare_end = std::clamp(parts_.prepare_end, 0, parts_.commit_begin);
  }

 private:
  void add_instruction() { generator_.add_instruction(); }
  void start_anew() { generator_.start_anew(); }

  int32_t extreme() {
    static constexpr int32_t kExtremes[] = {
        std::numeric_limits<int32_t>::min(), -2, -1, 0, 1, 2, 3, 4, 64, 0xffff, 1 << 20, 1 << 24, (1 << 30) + 1,
        std::numeric_limits<int32_t>::max()};
    return kExtremes[random_.below(std::size(kExtremes))];
  }

  void change_value() {
    Value* value = random_.any_of(&parts_.values);
    if (value == nullptr) return;
    int32_t words[Format::valueWords];
    std::memcpy(words, value, sizeof(words));
    int32_t& word = words[random_.below(std::size(words))];
    const Value* other = random_.any_of(&parts_.values);
    switch (random_.below(4)) {
      case 0:
        word = extreme();
        break;
      case 1:
        word = static_cast<int32_t>(static_cast<uint32_t>(word) + (random_.once_in(2) ? 1u : 0xffffffffu));
        break;
      case 2:
        word = random_.size();
        break;
      default:
        std::memcpy(words, other, sizeof(words));
    }
    std::memcpy(value, words, sizeof(words));
  }

  // Another number wherever one size stands, with its multiples: a network of another width.
  void change_extent() {
    const Value* example = random_.any_of(&parts_.values);
    if (example == nullptr) return;
    const bool is_row = example->kind == Format::fixed && random_.once_in(2);
    const int32_t from = is_row ? example->rows : example->columns;
    const int32_t to = random_.once_in(8) ? extreme() : random_.size();
    const auto replace = [&](int32_t* word) {
      for (int32_t factor = 1; factor <= 4; ++factor) {
        if (int64_t{from} * factor != *word || int64_t{to} * factor > std::numeric_limits<int32_t>::max()) continue;
        *word = to < 0 ? to : to * factor;
        return;
      }
    };
    for (Value& value : parts_.values) {
      const int32_t spare = value.stride == value.columns ? 0 : value.stride;
      if (value.kind == Format::fixed) replace(&value.rows);
      replace(&value.columns);
      value.stride = spare == 0 ? value.columns : spare;
      if (value.type == Format::int32) replace(&value.high);
    }
  }

  void change_axis() {
    Axis* axis = random_.any_of(&parts_.axes);
    if (axis == nullptr) return;
    if (random_.once_in(6)) {
      int32_t* const words[] = {&axis->steps, &axis->batch, &axis->rows};
      *words[random_.below(3)] = extreme();
    } else {
      *axis = generator_.any_axis();
    }
    generator_.set_execution();
  }

  void change_execution() {
    if (random_.once_in(4)) {
      if (int32_t* word = random_.any_of(&input_.execution)) *word = random_.once_in(2) ? extreme() : random_.size();
    } else {
      generator_.set_execution();
    }
  }

  void change_attribute() {
    const Instruction* instruction = random_.any_of(&parts_.instructions);
    if (instruction == nullptr) return;
    const OperationRow& row = row_of(static_cast<Opcode>(instruction->opcode));
    if (row.attributes.count == 0) return;
    const int a = static_cast<int>(random_.below(static_cast<size_t>(row.attributes.count)));
    const int64_t at = int64_t{instruction->first_attribute} + a;
    if (at < 0 || at >= static_cast<int64_t>(input_.attributes.size())) return;
    static constexpr double kNumbers[] = {
        -1, 0.25, 3, 7, 1e9, 9.007199254740992e15, 1e300, std::numeric_limits<double>::quiet_NaN()};
    input_.attributes[static_cast<size_t>(at)] = random_.once_in(6)
                                                     ? kNumbers[random_.below(std::size(kNumbers))]
                                                     : generator_.attribute_of(row.attributes[a], ones());
  }

  void change_operand() {
    Instruction* instruction = random_.any_of(&parts_.instructions);
    if (instruction == nullptr || instruction->operands.count == 0) return;
    int32_t& operand = instruction->operands.items[random_.below(static_cast<size_t>(instruction->operands.count))];
    if (random_.once_in(3)) {
      operand = -1;
      return;
    }
    std::vector<int32_t> alike;  // values of the same type and columns
    const bool is_value = operand >= 0 && operand < static_cast<int32_t>(parts_.values.size());
    for (size_t v = 0; v < parts_.values.size(); ++v) {
      if (is_value && !random_.once_in(8)) {
        const Value& known = parts_.values[static_cast<size_t>(operand)];
        if (parts_.values[v].type != known.type || parts_.values[v].columns != known.columns) continue;
      }
      alike.push_back(static_cast<int32_t>(v));
    }
    if (const int32_t* other = random_.any_of(&alike)) operand = *other;
  }

  void change_order() {
    Instruction* one = random_.any_of(&parts_.instructions);
    Instruction* other = random_.any_of(&parts_.instructions);
    if (one == nullptr) return;
    if (random_.once_in(2)) {
      std::swap(*one, *other);
    } else {
      parts_.commit_begin = static_cast<int32_t>(random_.below(parts_.instructions.size() + 1));
      parts_.prepare_end = static_cast<int32_t>(random_.below(static_cast<size_t>(parts_.commit_begin) + 1));
    }
  }

  // Two values in the same memory, or one that begins within another.
  void share_memory() {
    Value* one = random_.any_of(&parts_.values);
    const Value* other = random_.any_of(&parts_.values);
    if (one == nullptr) return;
    one->block = other->block;
    one->offset = static_cast<int32_t>(int64_t{other->offset} + (random_.once_in(3) ? random_.below(4) : 0));
  }

  void change_compute() {
    int32_t& compute = parts_.begin[2];
    const auto small = static_cast<int32_t>(Storage::float32), large = static_cast<int32_t>(Storage::float64);
    const int32_t other = compute == small ? large : small;
    for (Value& value : parts_.values) {
      if (value.type == Format::real || value.type == Format::packed) value.storage = other;
    }
    compute = other;
  }

  void change_opcode() {
    Instruction* instruction = random_.any_of(&parts_.instructions);
    if (instruction == nullptr) return;
    std::vector<int32_t> alike;
    for (int32_t code = 0; code < static_cast<int32_t>(Opcode::count); ++code) {
      if (row_of(static_cast<Opcode>(code)).operands.count == instruction->operands.count) alike.push_back(code);
    }
    instruction->opcode = alike[random_.below(alike.size())];
  }

  void change_options() { input_.options = random_.below(16) << 2; }

  void remove_instruction() {
    if (parts_.instructions.empty()) return;
    parts_.instructions.erase(parts_.instructions.begin() + random_.below(parts_.instructions.size()));
  }

  Random& random_;
  Generator generator_;
  Input& input_;
  Parts& parts_;
};

// Puts the parts of another program behind those of this one.
void join(const Parts& other, const Input& other_input, Parts* parts, Input* input) {
  const auto axes = static_cast<int32_t>(parts->axes.size()), values = static_cast<int32_t>(parts->values.size()),
             attributes = static_cast<int32_t>(input->attributes.size()),
             blocks = static_cast<int32_t>(input->block_bytes.size());
  parts->axes.insert(parts->axes.end(), other.axes.begin(), other.axes.end());
  for (Value value : other.values) {
    if (value.kind != Format::fixed) value.rows = static_cast<int32_t>(int64_t{value.rows} + axes);
    value.block = static_cast<int32_t>(int64_t{value.block} + blocks);
    parts->values.push_back(value);
  }
  for (Instruction instruction : other.instructions) {
    for (int o = 0; o < instruction.operands.count; ++o) {
      int32_t& operand = instruction.operands.items[o];
      if (operand >= 0) operand = static_cast<int32_t>(int64_t{operand} + values);
    }
    instruction.first_attribute = static_cast<int32_t>(int64_t{instruction.first_attribute} + attributes);
    parts->instructions.push_back(instruction);
  }
  input->attributes.insert(input->attributes.end(), other_input.attributes.begin(), other_input.attributes.end());
  input->execution.insert(input->execution.end(), other_input.execution.begin(), other_input.execution.end());
}

}  // namespace

}  // namespace bptt::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  using bptt::fuzz::Input;
  using bptt::fuzz::Parts;
  bptt::fuzz::Random random(seed);
  if (random.below(16) == 0 && size > 0) return LLVMFuzzerMutate(data, size, max_size);
  static Input input;
  static Parts parts;
  bptt::fuzz::parse(data, size, &input);
  if (!bptt::fuzz::take_apart(input.words, &parts)) {
    input = {};
    parts = {};
  }
  bptt::fuzz::Mutator mutator(&random, &input, &parts);
  for (uint32_t changes = 1 + random.below(4); changes > 0; --changes) mutator.change();
  if (random.below(8) != 0) {
    mutator.fit_blocks();
    mutator.fit_counts();
  }
  // Threads wait for each other, which takes long: few inputs have them, and none gets them from another.
  input.options = (input.options & ~3u) | (random.below(4096) == 0 ? random.below(3) : 0);
  bptt::fuzz::put_together(parts, &input.words);
  const size_t written = bptt::fuzz::write(input, data, max_size);
  return written > 0 ? written : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_out_size, unsigned int seed) {
  using bptt::fuzz::Input;
  using bptt::fuzz::Parts;
  static Input input, other_input;
  static Parts parts, other;
  bptt::fuzz::parse(data1, size1, &input);
  bptt::fuzz::parse(data2, size2, &other_input);
  if (!bptt::fuzz::take_apart(input.words, &parts) || !bptt::fuzz::take_apart(other_input.words, &other)) return 0;
  if (parts.begin[2] != other.begin[2]) return 0;
  bptt::fuzz::join(other, other_input, &parts, &input);
  bptt::fuzz::Random random(seed);
  bptt::fuzz::Mutator mutator(&random, &input, &parts);
  mutator.fit_blocks();
  mutator.fit_counts();
  bptt::fuzz::put_together(parts, &input.words);
  return bptt::fuzz::write(input, out, max_out_size);
}
