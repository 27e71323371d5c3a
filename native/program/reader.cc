#include "program/reader.h"

#include <algorithm>

#include "program/format.h"
#include "program/rules.h"

namespace bptt {

namespace {

static_assert(static_cast<int32_t>(ValueType::kReal) == Format::real);
static_assert(static_cast<int32_t>(ValueType::kInt32) == Format::int32);
static_assert(static_cast<int32_t>(ValueType::kDouble) == Format::float64);
static_assert(static_cast<int32_t>(ValueType::kPacked) == Format::packed);
static_assert(Extent::kFixed == Format::fixed && Extent::kSteps == Format::steps && Extent::kBatch == Format::batch);

// Limit of a program's memory: 256 TiB. It is above any real model, and far below what could overflow an offset.
constexpr int64_t kMaxElements = int64_t{1} << 45;
constexpr int32_t kMaxCount = 1 << 20;
// Limit of the steps, and of the sequences, of all axes together. Each takes memory outside the blocks, which no other
// check limits.
constexpr int64_t kMaxSteps = 1 << 24;
constexpr int64_t kMaxSequences = 1 << 24;

Status invalid(const std::string& message) {
  return Status::error("invalid_program", message);
}

bool is_storage(int32_t code) {
  return code >= 0 && code < static_cast<int32_t>(Storage::count);
}

}  // namespace

Status ProgramReader::read() {
  for (auto step : {&ProgramReader::read_header, &ProgramReader::read_axes, &ProgramReader::read_values,
                    &ProgramReader::read_instructions}) {
    const Status status = (this->*step)();
    if (!status.is_ok()) return status;
  }
  if (position_ != static_cast<int64_t>(words_.size())) {
    return invalid("the program has " + std::to_string(words_.size()) + " words, " + std::to_string(position_) +
                   " are used");
  }
  return Status::ok();
}

Status ProgramReader::read_header() {
  if (!has(Format::headerWords)) return invalid("the header is cut off");
  if (next() != Format::magic) return invalid("the first word is not that of a program");
  const int32_t version = next();
  if (version != Format::version) {
    return invalid("format version " + std::to_string(version) + ", expected " + std::to_string(Format::version));
  }
  const int32_t compute = next();
  if (!is_storage(compute)) return invalid("unknown real type " + std::to_string(compute));
  program_.compute_ = static_cast<Storage>(compute);
  const auto has_kernels = [&](const BpttKernelTable* table) {
    program_.kernels_ = table;
    return types_of({}, {}) >= 0;
  };
  if (std::none_of(tables_.begin(), tables_.end(), has_kernels)) return invalid(without_kernels({}, {}));
  axes_ = next();
  values_ = next();
  instructions_ = next();
  for (int32_t count : {axes_, values_, instructions_}) {
    if (count < 0 || count > kMaxCount) return invalid("count " + std::to_string(count) + " is out of range");
  }
  program_.prepare_end_ = next();
  program_.commit_begin_ = next();
  if (program_.prepare_end_ < 0 || program_.prepare_end_ > program_.commit_begin_ ||
      program_.commit_begin_ > instructions_) {
    return invalid("prepare " + std::to_string(program_.prepare_end_) + " and commit " +
                   std::to_string(program_.commit_begin_) + " do not divide " + std::to_string(instructions_) +
                   " instructions");
  }
  return Status::ok();
}

Status ProgramReader::read_axes() {
  if (!has(int64_t{axes_} * Format::axisWords)) return invalid("the axes are cut off");
  int64_t steps = 0, sequences = 0;
  for (int32_t a = 0; a < axes_; ++a) {
    AxisCapacity capacity{};
    capacity.steps = next();
    capacity.batch = next();
    capacity.rows = next();
    if (capacity.steps < 1 || capacity.batch < 1 || capacity.rows < capacity.steps || capacity.rows < capacity.batch ||
        capacity.rows > capacity.steps * capacity.batch) {
      return invalid("axis " + std::to_string(a) + " has a capacity of " + std::to_string(capacity.rows) +
                     " rows for " + std::to_string(capacity.steps) + " steps of " + std::to_string(capacity.batch) +
                     " sequences");
    }
    steps += capacity.steps;
    if (steps > kMaxSteps)
      return invalid("room for " + std::to_string(steps) + " steps, at most " + std::to_string(kMaxSteps) +
                     " are possible");
    sequences += capacity.batch;
    if (sequences > kMaxSequences)
      return invalid("room for " + std::to_string(sequences) + " sequences, at most " + std::to_string(kMaxSequences) +
                     " are possible");
    program_.capacities_.push_back(capacity);
  }
  return Status::ok();
}

int64_t ProgramReader::value_bytes(const Value& value) const {
  int64_t rows = value.rows.value;
  if (value.rows.kind != Extent::kFixed) {
    const AxisCapacity& capacity = program_.capacities_[static_cast<size_t>(value.rows.value)];
    rows = value.rows.kind == Extent::kSteps ? capacity.rows : capacity.batch;
  }
  int64_t elements = rows * value.stride;
  if (value.type == ValueType::kPacked) {
    elements = program_.kernels_->types[types_of(value.storage, {})].packed_size(rows, value.columns, value.low);
  }
  return elements * bytes_of(value.storage);
}

// The place in the kernel table of kernels that compute as the program does, on packed weights and activations stored
// so, or stored in any way where nothing is said of them; -1: none.
int32_t ProgramReader::types_of(std::optional<Storage> weights, std::optional<Storage> activations) const {
  const auto is_like = [](int32_t code, std::optional<Storage> wanted) {
    return !wanted.has_value() || code == static_cast<int32_t>(*wanted);
  };
  const BpttKernelTable& kernels = *program_.kernels_;
  for (int32_t t = 0; t < kernels.type_count; ++t) {
    const BpttKernelTypes& types = kernels.types[t];
    if (is_like(types.compute, program_.compute_) && is_like(types.weights, weights) &&
        is_like(types.activations, activations)) {
      return t;
    }
  }
  return -1;
}

// What is said where types_of finds nothing.
std::string ProgramReader::without_kernels(std::optional<Storage> weights, std::optional<Storage> activations) const {
  std::string text = std::string("there are no kernels that compute in ") + name_of(program_.compute_);
  if (weights.has_value()) text += std::string(" with weights stored in ") + name_of(*weights);
  if (!activations.has_value()) return text;
  return text + (weights.has_value() ? " and" : " with") + " activations stored in " + name_of(*activations);
}

// Numbers of a type are stored in one way, but for packed weights, and for real ones, which may be activations.
Status ProgramReader::check_storage(const std::string& name, const Value& value) const {
  Storage expected = program_.compute_;
  switch (value.type) {
    case ValueType::kPacked:
      if (types_of(value.storage, {}) >= 0) return Status::ok();
      return invalid(name + ": " + without_kernels(value.storage, {}));
    case ValueType::kInt32:
      expected = Storage::int32;
      break;
    case ValueType::kDouble:
      expected = Storage::float64;
      break;
    case ValueType::kReal:
      if (types_of({}, value.storage) >= 0) return Status::ok();
      return invalid(name + ": " + without_kernels({}, value.storage));
  }
  if (value.storage == expected) return Status::ok();
  return invalid(name + " is stored in " + name_of(value.storage) + ", expected " + name_of(expected));
}

Status ProgramReader::read_values() {
  if (!has(int64_t{values_} * Format::valueWords)) return invalid("the values are cut off");
  for (int32_t v = 0; v < values_; ++v) {
    const std::string name = "value " + std::to_string(v);
    Value value{};
    value.block = next();
    const uint32_t offset = static_cast<uint32_t>(next());
    value.offset = int64_t{offset} * kAlignment;
    const int32_t type = next();
    const int32_t storage = next();
    const int32_t kind = next();
    value.rows.value = next();
    value.columns = next();
    value.low = next();
    value.high = next();
    value.stride = next();
    value.first = next();
    if (type < Format::real || type > Format::packed)
      return invalid(name + " has unknown type " + std::to_string(type));
    if (kind < Format::fixed || kind > Format::batch)
      return invalid(name + " has unknown extent kind " + std::to_string(kind));
    if (!is_storage(storage)) return invalid(name + " has unknown storage " + std::to_string(storage));
    value.type = static_cast<ValueType>(type);
    value.storage = static_cast<Storage>(storage);
    value.rows.kind = static_cast<Extent::Kind>(kind);
    if (value.block < 0 || value.block >= static_cast<int64_t>(program_.blocks_.size())) {
      return invalid(name + " lies in block " + std::to_string(value.block) + " of " +
                     std::to_string(program_.blocks_.size()));
    }
    const bool rows_ok =
        kind == Extent::kFixed ? value.rows.value >= 1 : value.rows.value >= 0 && value.rows.value < axes_;
    if (!rows_ok || value.columns < 1) {
      return invalid(name + " has " + to_string(value.rows) + " rows and " + std::to_string(value.columns) +
                     " columns");
    }
    if (value.type == ValueType::kPacked &&
        (value.low < 1 || value.low > 4 || kind != Extent::kFixed || value.columns % value.low != 0)) {
      return invalid(name + " packs " + std::to_string(value.columns) + " columns for " + std::to_string(value.low) +
                     " gates");
    }
    if (value.first < 0 || value.first > value.stride - value.columns ||
        (value.type != ValueType::kReal && value.stride != value.columns)) {
      return invalid(name + " has " + std::to_string(value.columns) + " columns from " + std::to_string(value.first) +
                     " on of " + std::to_string(value.stride));
    }
    const int64_t largest =
        kind == Extent::kFixed ? value.rows.value : program_.capacities_[static_cast<size_t>(value.rows.value)].rows;
    if (largest > kMaxElements / value.stride) return invalid(name + " is larger than any memory");
    const Status stored = check_storage(name, value);
    if (!stored.is_ok()) return stored;
    const int64_t bytes = value_bytes(value);
    const int64_t available = program_.blocks_[static_cast<size_t>(value.block)].bytes;
    if (value.offset > available || bytes > available - value.offset) {
      return invalid(name + " ends at byte " + std::to_string(value.offset + bytes) + " of block " +
                     std::to_string(value.block) + ", which has " + std::to_string(available));
    }
    program_.values_.push_back(value);
  }
  return Status::ok();
}

Status ProgramReader::read_instructions() {
  for (int32_t i = 0; i < instructions_; ++i) {
    if (!has(1)) return invalid("the instructions are cut off");
    Instruction instruction{};
    instruction.opcode = next();
    if (instruction.opcode < 0 || instruction.opcode >= static_cast<int32_t>(Opcode::count)) {
      return invalid("instruction " + std::to_string(i) + " has unknown opcode " + std::to_string(instruction.opcode));
    }
    const OperationRow& row = row_of(static_cast<Opcode>(instruction.opcode));
    if (!has(int64_t{row.operands.count} + 1)) return refuse_program(row.name, "the operands are cut off");
    for (int o = 0; o < row.operands.count; ++o) instruction.operands.push_back(next());
    instruction.first_attribute = next();
    const Status status = check_instruction(row, &instruction);
    if (!status.is_ok()) return status;
    program_.instructions_.push_back(std::move(instruction));
  }
  return Status::ok();
}

const Value* ProgramReader::value_or_null(int32_t index) const {
  return index < 0 ? nullptr : &program_.values_[static_cast<size_t>(index)];
}

// Checks an instruction against the row of its operation.
Status ProgramReader::check_instruction(const OperationRow& row, Instruction* instruction) {
  Letters letters;
  std::vector<Work::Size> sizes;
  for (int o = 0; o < row.operands.count; ++o) {
    const int32_t index = instruction->operands[static_cast<size_t>(o)];
    const Status status = check_operand(row, row.operands[o], index, &letters);
    if (!status.is_ok()) return status;
    const Value* value = value_or_null(index);
    sizes.push_back(value == nullptr ? Work::Size{} : Work::Size{value->rows, value->columns});
  }
  const Status types = choose_kernel(row, instruction);
  if (!types.is_ok()) return types;
  instruction->axis = axis_of(letters, 'N', 'B');
  instruction->other = axis_of(letters, 'M', 'E');

  const int64_t available = static_cast<int64_t>(program_.attributes_.size());
  if (instruction->first_attribute < 0 || instruction->first_attribute > available - row.attributes.count) {
    return refuse_program(
        row.name, "attributes at " + std::to_string(instruction->first_attribute) + " of " + std::to_string(available));
  }
  const RuleSubject subject{row, letters, [&](int o) { return instruction->operands[static_cast<size_t>(o)] >= 0; },
                            program_.attributes_.data() + instruction->first_attribute};
  for (auto check : {check_attributes, check_presence}) {
    const Status status = check(subject);
    if (!status.is_ok()) return status;
  }
  for (int o = 0; o < row.operands.count; ++o) {
    const Value* value = value_or_null(instruction->operands[static_cast<size_t>(o)]);
    if (value == nullptr) continue;
    const Status status = check_entries(subject, row.operands[o], value->low, value->high);
    if (!status.is_ok()) return status;
  }
  instruction->work = Work(row, letters, sizes);
  return Status::ok();
}

// All packed operands of an instruction are stored alike, and so are all activations.
Status ProgramReader::choose_kernel(const OperationRow& row, Instruction* instruction) const {
  std::optional<Storage> weights, activations;
  std::string_view first_weights, first_activations;
  for (int o = 0; o < row.operands.count; ++o) {
    const OperandRow& operand = row.operands[o];
    const Value* value = value_or_null(instruction->operands[static_cast<size_t>(o)]);
    const bool is_packed = operand.type == ValueType::kPacked;
    if (value == nullptr || !(is_packed || operand.is_stored)) continue;
    std::optional<Storage>& storage = is_packed ? weights : activations;
    std::string_view& first = is_packed ? first_weights : first_activations;
    if (storage.has_value() && *storage != value->storage) {
      return refuse_program(row.name, std::string(operand.name) + " is stored in " + name_of(value->storage) +
                                          ", but " + std::string(first) + " in " + name_of(*storage));
    }
    storage = value->storage;
    if (first.empty()) first = operand.name;
  }
  instruction->types = types_of(weights, activations);
  if (instruction->types < 0) return refuse_program(row.name, without_kernels(weights, activations));
  return Status::ok();
}

Status ProgramReader::check_operand(const OperationRow& row, const OperandRow& operand, int32_t index,
                                    Letters* letters) const {
  if (index == -1 && operand.is_optional) return Status::ok();
  const std::string name(operand.name);
  if (index < 0 || index >= values_) {
    return refuse_program(row.name, name + " is value " + std::to_string(index) + " of " + std::to_string(values_));
  }
  const Value& value = program_.values_[static_cast<size_t>(index)];
  if (value.type != operand.type || (value.type == ValueType::kPacked && value.low != operand.gates)) {
    return refuse_program(row.name, name + " has type " + std::to_string(static_cast<int>(value.type)) + ", expected " +
                                        std::to_string(static_cast<int>(operand.type)));
  }
  if (value.type == ValueType::kReal && !operand.is_stored && value.storage != program_.compute_) {
    return refuse_program(
        row.name, name + " is stored in " + name_of(value.storage) + ", expected " + name_of(program_.compute_));
  }
  if (value.stride != value.columns && !operand.may_be_view) {
    return refuse_program(
        row.name, name + " is " + std::to_string(value.columns) + " columns of " + std::to_string(value.stride));
  }
  return match_operand(row, operand, value.rows, {Extent::kFixed, value.columns}, letters);
}

}  // namespace bptt
