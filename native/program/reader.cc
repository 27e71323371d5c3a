#include "program/reader.h"

#include <cmath>
#include <initializer_list>

#include "kernels/operations.h"
#include "program/format.h"

namespace bptt {

namespace {

// Above any real model, and far below what could overflow an offset: 256 TiB.
constexpr int64_t kMaxElements = int64_t{1} << 45;
constexpr int32_t kMaxCount = 1 << 20;
// Steps, and sequences, of all axes together: each takes memory outside the blocks, which no other check bounds.
constexpr int64_t kMaxSteps = 1 << 24;
constexpr int64_t kMaxSequences = 1 << 24;

Status invalid(const std::string& message) {
  return Status::error("invalid_program", message);
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
  if (!has(kHeaderWords)) return invalid("the header is cut off");
  if (next() != kProgramMagic) return invalid("the first word is not that of a program");
  const int32_t version = next();
  if (version != kProgramVersion) {
    return invalid("format version " + std::to_string(version) + ", expected " + std::to_string(kProgramVersion));
  }
  program_.is_double_ = next();
  if (program_.is_double_ != 0 && program_.is_double_ != 1)
    return invalid("unknown real type " + std::to_string(program_.is_double_));
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
  if (!has(int64_t{axes_} * kAxisWords)) return invalid("the axes are cut off");
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
    elements = program_.kernels_->packed_size(rows, value.columns, value.low, program_.is_double_);
  }
  const bool wide = value.type == ValueType::kDouble || (value.type != ValueType::kInt32 && program_.is_double_ != 0);
  return elements * (wide ? 8 : 4);
}

Status ProgramReader::read_values() {
  if (!has(int64_t{values_} * kValueWords)) return invalid("the values are cut off");
  for (int32_t v = 0; v < values_; ++v) {
    const std::string name = "value " + std::to_string(v);
    Value value{};
    value.block = next();
    const uint32_t offset = static_cast<uint32_t>(next());
    value.offset = int64_t{offset} * kAlignment;
    const int32_t type = next();
    const int32_t kind = next();
    value.rows.value = next();
    value.columns = next();
    value.low = next();
    value.high = next();
    value.stride = next();
    value.first = next();
    if (type < 0 || type > 3) return invalid(name + " has unknown type " + std::to_string(type));
    if (kind < 0 || kind > 2) return invalid(name + " has unknown extent kind " + std::to_string(kind));
    value.type = static_cast<ValueType>(type);
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
    const OperationSpec& spec = operation_specs()[static_cast<size_t>(instruction.opcode)];
    if (!has(static_cast<int64_t>(spec.operands.size()) + 1)) return invalid(spec.name + ": the operands are cut off");
    for (size_t o = 0; o < spec.operands.size(); ++o) instruction.operands.push_back(next());
    instruction.first_attribute = next();
    for (auto check : {check_operands(spec, &instruction), check_attributes(spec, instruction)}) {
      if (!check.is_ok()) return check;
    }
    const Status ranges = check_ranges(spec, instruction);
    if (!ranges.is_ok()) return ranges;
    program_.instructions_.push_back(std::move(instruction));
  }
  return Status::ok();
}

Status ProgramReader::check_operands(const OperationSpec& spec, Instruction* instruction) {
  Letters letters;
  for (size_t o = 0; o < spec.operands.size(); ++o) {
    const OperandSpec& operand = spec.operands[o];
    const int32_t index = instruction->operands[o];
    if (index == -1 && operand.optional) continue;
    if (index < 0 || index >= values_) {
      return invalid(spec.name + ": " + operand.name + " is value " + std::to_string(index) + " of " +
                     std::to_string(values_));
    }
    const Value& value = program_.values_[static_cast<size_t>(index)];
    if (value.type != operand.type || (value.type == ValueType::kPacked && value.low != operand.gates)) {
      return invalid(spec.name + ": " + operand.name + " has type " + std::to_string(static_cast<int>(value.type)) +
                     ", expected " + std::to_string(static_cast<int>(operand.type)));
    }
    if (value.stride != value.columns && !operand.may_be_view) {
      return invalid(spec.name + ": " + operand.name + " is " + std::to_string(value.columns) + " columns of " +
                     std::to_string(value.stride));
    }
    const Status status = match_operand(spec, operand, value.rows, {Extent::kFixed, value.columns}, &letters);
    if (!status.is_ok()) return status;
  }
  instruction->axis = axis_of(letters, 'N', 'B');
  instruction->other = axis_of(letters, 'M', 'E');
  return Status::ok();
}

Status ProgramReader::check_attributes(const OperationSpec& spec, const Instruction& instruction) {
  const int64_t count = static_cast<int64_t>(spec.attributes.size());
  const int64_t available = static_cast<int64_t>(program_.attributes_.size());
  if (instruction.first_attribute < 0 || instruction.first_attribute > available - count) {
    return invalid(spec.name + ": attributes at " + std::to_string(instruction.first_attribute) + " of " +
                   std::to_string(available));
  }
  for (int64_t a = 0; a < count; ++a) {
    const AttributeSpec& attribute = spec.attributes[static_cast<size_t>(a)];
    const double value = program_.attributes_[static_cast<size_t>(instruction.first_attribute + a)];
    if (!(value >= attribute.low && value <= attribute.high) || (attribute.whole && value != std::floor(value))) {
      return invalid(spec.name + ": " + attribute.name + " is " + std::to_string(value) + ", expected " +
                     std::to_string(attribute.low) + " to " + std::to_string(attribute.high));
    }
  }
  return Status::ok();
}

namespace {

Status first_error(std::initializer_list<Status> all) {
  for (const Status& status : all) {
    if (!status.is_ok()) return status;
  }
  return Status::ok();
}

}  // namespace

// What extents and attribute ranges alone do not say.
Status ProgramReader::check_ranges(const OperationSpec& spec, const Instruction& instruction) {
  const auto operand = [&](size_t o) -> const Value& {
    return program_.values_[static_cast<size_t>(instruction.operands[o])];
  };
  const auto attribute = [&] {
    return static_cast<int64_t>(program_.attributes_[static_cast<size_t>(instruction.first_attribute)]);
  };
  const auto within = [&](int64_t begin, int64_t size, int64_t whole) {
    return begin + size <= whole ? Status::ok()
                                 : invalid(spec.name + ": " + std::to_string(begin) + " + " + std::to_string(size) +
                                           " goes beyond " + std::to_string(whole));
  };
  const auto entries = [&](const Value& index, int64_t low, int64_t size) {
    return index.low == low && index.high == size
               ? Status::ok()
               : invalid(spec.name + ": entries " + std::to_string(index.low) + ".." + std::to_string(index.high) +
                         " for a table of " + std::to_string(size));
  };
  const auto rows_within = [&](int64_t size) {
    const Extent& whole = operand(0).rows;
    return whole.kind == Extent::kFixed ? within(attribute(), size, whole.value)
                                        : invalid(spec.name + ": weights with " + to_string(whole) + " rows");
  };
  // Operands by name, for operations that have many.
  const auto index_of = [&](const char* name) {
    size_t o = 0;
    while (spec.operands[o].name != name) ++o;
    return o;
  };
  const auto has = [&](const char* name) { return instruction.operands[index_of(name)] != -1; };
  const auto needs = [&](const char* given, const char* other) {
    return !has(given) || has(other) ? Status::ok() : invalid(spec.name + ": " + given + " without " + other);
  };
  const auto one_of = [&](const char* one, const char* other) {
    if (has(one) != has(other)) return Status::ok();
    return invalid(spec.name + ": needs either " + one + " or " + other);
  };
  // A state that zoneout has mixed with the one before does not tell what the cell computed.
  const auto needs_unmixed = [&](const char* zone, const char* zoneout) {
    size_t a = 0;
    while (spec.attributes[a].name != zoneout) ++a;
    const bool is_mixed = has(zone) || program_.attributes_[static_cast<size_t>(instruction.first_attribute) + a] != 0;
    return !is_mixed || has("candidate") ? Status::ok() : invalid(spec.name + ": " + zone + " without candidate");
  };
  const auto as_wide_without = [&](const char* projection, const char* hidden, const char* units_of) {
    const int64_t size = operand(index_of(hidden)).columns;
    const Value& packed = operand(index_of(units_of));
    const int64_t units = packed.type == ValueType::kPacked ? packed.columns / packed.low : packed.columns;
    if (has(projection) || size == units) return Status::ok();
    return invalid(spec.name + ": " + std::to_string(size) + " hidden values of " + std::to_string(units) +
                   " units without " + projection);
  };
  switch (static_cast<Opcode>(instruction.opcode)) {
    case Opcode::rnn:
      return first_error({one_of("a", "x"), needs("x", "pW"), needs("bW", "x"), needs("gain", "a"), needs("sum", "a")});
    case Opcode::gru:
      return first_error(
          {one_of("a", "x"), needs("x", "pW"), needs("bW", "x"), needs("gain", "a"), needs("product", "a")});
    case Opcode::rnnBackward:
      return first_error({needs("gain", "sum"), needs_unmixed("zone", "zoneout")});
    case Opcode::stateWeightGradient:
      return needs("dW", "x");
    case Opcode::gruBackward:
      return needs("gain", "product");
    case Opcode::lstm:
    case Opcode::lstmCoupled:
      return first_error({one_of("a", "x"), needs("x", "pW"), needs("bW", "x"), needs("gain", "a"),
                          needs("cellGain", "a"), needs("product", "a"), needs("cellShift", "cellGain"),
                          as_wide_without("pr", "y", "p")});
    case Opcode::lstmBackward:
    case Opcode::lstmCoupledBackward:
      return first_error({needs("gain", "product"), needs("cellShift", "cellGain"),
                          needs_unmixed("zoneCell", "zoneoutCell"), as_wide_without("prT", "pT", "c")});
    case Opcode::pack:
    case Opcode::packGates2:
    case Opcode::packGates3:
    case Opcode::packGates4:
      return rows_within(operand(1).columns);
    case Opcode::packTransposed:
      return rows_within(operand(1).rows.value);
    case Opcode::slice:
      return within(attribute(), operand(1).columns, operand(0).columns);
    case Opcode::sliceBackward:
      return within(attribute(), operand(0).columns, operand(1).columns);
    case Opcode::embedding:
      return entries(operand(0), 0, operand(1).rows.value);
    case Opcode::embeddingGradient:
      return entries(operand(0), 0, operand(2).rows.value);
    case Opcode::softmaxCrossEntropy:
      return entries(operand(1), -1, operand(0).columns);
    case Opcode::softmaxCrossEntropyBackward:
      return entries(operand(2), -1, operand(1).columns);
    case Opcode::ctc:
      return first_error({entries(operand(1), -1, operand(0).columns), within(attribute(), 1, operand(0).columns)});
    case Opcode::ctcBackward:
      return first_error({entries(operand(2), -1, operand(1).columns), within(attribute(), 1, operand(1).columns)});
    default:
      return Status::ok();
  }
}

}  // namespace bptt
