#include "program/program.h"

#include <algorithm>
#include <numeric>

#include "base/barrier.h"
#include "base/denormals.h"
#include "program/reader.h"

namespace bptt {

namespace {

// Limit of the scratch memory of a program, for each byte of its blocks.
constexpr int64_t kScratchPerByte = 16;

}  // namespace

Status Program::load(const std::vector<int32_t>& words, const std::vector<double>& attributes,
                     const std::vector<Block>& blocks, const KernelTables& kernels, int threads, int64_t grain,
                     std::shared_ptr<Program>* program, bool owns_scratch) {
  std::shared_ptr<Program> loaded(new Program());
  loaded->threads_ = threads;
  loaded->grain_ = grain;
  loaded->attributes_ = attributes;
  loaded->blocks_ = blocks;
  for (const Block& block : blocks) {
    if (reinterpret_cast<uintptr_t>(block.data) % kAlignment != 0) {
      return Status::error("invalid_program", "a block is not aligned to 64 bytes");
    }
  }
  Status status = ProgramReader(words, kernels, loaded.get()).read();
  if (status.is_ok()) status = loaded->lay_out();
  if (!status.is_ok()) return status;
  if (owns_scratch) {
    loaded->own_scratch_ = AlignedBuffer(loaded->scratch_bytes());
    loaded->use_scratch(static_cast<uint8_t*>(loaded->own_scratch_.data()));
  }
  *program = std::move(loaded);
  return Status::ok();
}

void Program::use_scratch(uint8_t* memory) {
  shared_scratch_ = shared_scratch_bytes_ == 0 ? nullptr : memory;
  thread_scratch_ = thread_scratch_bytes_ == 0 ? nullptr : memory + shared_scratch_bytes_;
}

int64_t Program::rows_of(const Value& value) const {
  if (value.rows.kind == Extent::kFixed) return value.rows.value;
  const BpttAxis& axis = axes_[static_cast<size_t>(value.rows.value)];
  return value.rows.kind == Extent::kSteps ? axis.rows : axis.batch;
}

const BpttAxis* Program::axis_or_null(int32_t axis) const {
  return axis < 0 ? nullptr : &axes_[static_cast<size_t>(axis)];
}

// Lays out the operands of every instruction and computes what an execution needs, at full capacity.
Status Program::lay_out() {
  for (const AxisCapacity& capacity : capacities_) {
    batch_sizes_.emplace_back(static_cast<size_t>(capacity.steps));
    offsets_.emplace_back(static_cast<size_t>(capacity.steps) + 1);
    samples_.emplace_back(static_cast<size_t>(capacity.batch));
    places_.emplace_back(static_cast<size_t>(capacity.batch));
    axes_.push_back({capacity.steps, capacity.batch, capacity.rows, batch_sizes_.back().data(), offsets_.back().data(),
                     samples_.back().data(), places_.back().data()});
  }
  for (Instruction& instruction : instructions_) {
    instruction.first_operand = static_cast<int64_t>(operands_.size());
    for (int32_t index : instruction.operands) {
      if (index < 0) {
        operands_.push_back({nullptr, 0, 0, 0});
        continue;
      }
      const Value& value = values_[static_cast<size_t>(index)];
      uint8_t* data = blocks_[static_cast<size_t>(value.block)].data + value.offset;
      data += value.first * bytes_of(value.storage);
      operands_.push_back({data, rows_of(value), value.columns, value.stride});
    }
  }
  for (const Instruction& instruction : instructions_) {
    if (instruction.other >= 0 && instruction.axis >= 0) {
      joined_axes_.emplace(static_cast<size_t>(instruction.other), static_cast<size_t>(instruction.axis));
    }
    const BpttScratchSize* sizes = kernels_->operations[instruction.opcode].scratch;
    if (sizes == nullptr) continue;
    const BpttScratchSize size = sizes[instruction.types];
    const BpttScratch scratch = size(operands_.data() + instruction.first_operand, axis_or_null(instruction.axis),
                                     axis_or_null(instruction.other));
    shared_scratch_bytes_ = std::max(shared_scratch_bytes_, round_up(scratch.shared, kAlignment));
    thread_scratch_bytes_ = std::max(thread_scratch_bytes_, round_up(scratch.per_thread, kAlignment));
  }
  // The checked sizes bound what every kernel needs. More is possible only for sizes that no operand has.
  int64_t limit = int64_t{1} << 30;
  for (const Block& block : blocks_) limit += kScratchPerByte * block.bytes;
  if (scratch_bytes() > limit) {
    return Status::error("invalid_program", "the instructions need " + std::to_string(scratch_bytes()) +
                                                " bytes of scratch memory, more than " + std::to_string(limit));
  }
  return Status::ok();
}

namespace {

bool refuse(RunError* error, const std::string& code, const std::string& message) {
  error->status = Status::error(code, message);
  return false;
}

std::string name_of_axis(size_t axis) {
  return "axis " + std::to_string(axis);
}

// Describes a sample that is not valid: "axis 1: sample 7 at position 2, expected 0 to 3".
bool refuse_sample(RunError* error, size_t axis, int64_t position, int32_t sample, const std::string& expected) {
  error->axis = static_cast<int32_t>(axis);
  error->position = position;
  error->entry = sample;
  return refuse(error, "shape_mismatch",
                name_of_axis(axis) + ": sample " + std::to_string(sample) + " at position " + std::to_string(position) +
                    ", expected " + expected);
}

}  // namespace

bool Program::set_size(size_t a, const AxisSize& size, RunError* error) {
  const AxisCapacity& capacity = capacities_[a];
  const auto refuse_size = [&](const std::string& message) {
    return refuse(error, "shape_mismatch", name_of_axis(a) + ": " + message);
  };
  if (size.steps < 1 || size.steps > capacity.steps) {
    return refuse_size(std::to_string(size.steps) + " steps, the program has room for " +
                       std::to_string(capacity.steps));
  }
  int64_t rows = 0;
  int32_t before = static_cast<int32_t>(capacity.batch);
  for (int64_t t = 0; t < size.steps; ++t) {
    const int32_t batch = size.batch_sizes[t];
    if (batch < 1 || batch > before) {
      return refuse_size("batch size " + std::to_string(batch) + " at step " + std::to_string(t) + ", expected 1 to " +
                         std::to_string(before));
    }
    batch_sizes_[a][static_cast<size_t>(t)] = batch;
    offsets_[a][static_cast<size_t>(t)] = rows;
    rows += batch;
    before = batch;
  }
  offsets_[a][static_cast<size_t>(size.steps)] = rows;
  if (rows > capacity.rows) {
    return refuse_size(std::to_string(rows) + " rows, the program has room for " + std::to_string(capacity.rows));
  }
  axes_[a].steps = size.steps;
  axes_[a].batch = batch_sizes_[a][0];
  axes_[a].rows = rows;
  return true;
}

// Copies the samples before they are checked. Only the copy is checked and used.
bool Program::set_samples(size_t a, const AxisSize& size, RunError* error) {
  const int64_t batch = axes_[a].batch;
  std::vector<int32_t>& samples = samples_[a];
  if (size.sample_count < 0) {
    std::iota(samples.begin(), samples.begin() + batch, 0);
    return true;
  }
  if (size.sample_count != batch) {
    return refuse(error, "shape_mismatch",
                  name_of_axis(a) + ": samples of " + std::to_string(size.sample_count) + " sequences, the batch has " +
                      std::to_string(batch));
  }
  std::copy(size.samples, size.samples + batch, samples.begin());
  for (int64_t b = 0; b < batch; ++b) {
    const int32_t sample = samples[static_cast<size_t>(b)];
    if (sample < 0) return refuse_sample(error, a, b, sample, "0 or more");
  }
  return true;
}

// The inverse of the samples, which must be a permutation.
bool Program::set_places(size_t a, RunError* error) {
  const int64_t batch = axes_[a].batch;
  std::vector<int32_t>& places = places_[a];
  std::fill(places.begin(), places.begin() + batch, -1);
  for (int64_t b = 0; b < batch; ++b) {
    const int32_t sample = samples_[a][static_cast<size_t>(b)];
    if (sample >= batch) return refuse_sample(error, a, b, sample, "0 to " + std::to_string(batch - 1));
    int32_t& place = places[static_cast<size_t>(sample)];
    if (place >= 0) {
      return refuse_sample(error, a, b, sample,
                           "every sample once: position " + std::to_string(place) + " has the same");
    }
    place = static_cast<int32_t>(b);
  }
  return true;
}

// Makes sure that each sequence of an axis has a partner in every axis that it is joined with.
bool Program::join_axes(RunError* error) {
  int64_t placed = -1;
  for (const auto& [other, own] : joined_axes_) {
    if (static_cast<int64_t>(other) != placed && !set_places(other, error)) return false;
    placed = static_cast<int64_t>(other);
    const int64_t count = axes_[other].batch;
    for (int64_t b = 0; b < axes_[own].batch; ++b) {
      const int32_t sample = samples_[own][static_cast<size_t>(b)];
      if (sample < count) continue;
      return refuse_sample(error, own, b, sample,
                           "one of the " + std::to_string(count) + " samples of " + name_of_axis(other));
    }
  }
  return true;
}

bool Program::prepare(const std::vector<AxisSize>& sizes, RunError* error) {
  if (sizes.size() != capacities_.size()) {
    return refuse(error, "shape_mismatch",
                  std::to_string(sizes.size()) + " axes given, the program has " + std::to_string(capacities_.size()));
  }
  for (size_t a = 0; a < sizes.size(); ++a) {
    if (!set_size(a, sizes[a], error) || !set_samples(a, sizes[a], error)) return false;
  }
  if (!join_axes(error)) return false;
  for (Instruction& instruction : instructions_) {
    for (size_t o = 0; o < instruction.operands.size(); ++o) {
      const int32_t index = instruction.operands[o];
      if (index < 0) continue;
      const Value& value = values_[static_cast<size_t>(index)];
      BpttOperand& operand = operands_[static_cast<size_t>(instruction.first_operand) + o];
      operand.rows = rows_of(value);
      if (value.type != ValueType::kInt32 || value.low == value.high) continue;
      const int32_t* entries = static_cast<const int32_t*>(operand.data);
      for (int64_t r = 0; r < operand.rows * operand.columns; ++r) {
        if (entries[r] >= value.low && entries[r] < value.high) continue;
        error->value = index;
        error->position = r;
        error->entry = entries[r];
        return refuse(error, "index_out_of_range",
                      "index " + std::to_string(entries[r]) + " at row " + std::to_string(r) + " is outside " +
                          std::to_string(value.low) + ".." + std::to_string(int64_t{value.high} - 1));
      }
    }
    instruction.shared =
        threads_ > 1 && instruction.work.between_barriers(axes_, axis_or_null(instruction.axis),
                                                          axis_or_null(instruction.other)) >= grain_ * threads_;
  }
  return true;
}

namespace {

struct MemberContext {
  Barrier* barrier;
  const std::atomic<bool>* cancel;
  bool may_stop;
  bool stopped;
};

int32_t member_barrier(void* context) {
  auto* member = static_cast<MemberContext*>(context);
  member->stopped = member->barrier->wait(member->may_stop);
  return member->stopped ? 1 : 0;
}

// For an instruction that one thread does alone: it only ends the work early. All threads stop at the next barrier.
int32_t lone_barrier(void* context) {
  const auto* member = static_cast<MemberContext*>(context);
  return member->may_stop && member->barrier->is_cancelled() ? 1 : 0;
}

}  // namespace

bool Program::uses_members(int64_t first) const {
  return std::any_of(instructions_.begin() + first, instructions_.end(), [](const Instruction& i) { return i.shared; });
}

ExecutionResult Program::execute(ThreadTeam& team, int64_t first, const std::atomic<bool>* cancel, bool wait_for_team) {
  std::atomic<bool> stopped{false};
  std::unique_ptr<Barrier> barrier;
  std::atomic<Barrier*> ready{nullptr};
  // The number of members is known only inside the execution: member 0 makes the barrier that fits.
  const ThreadTeam::Work work = [&](int id, int count) {
    if (id == 0) {
      barrier = std::make_unique<Barrier>(count, cancel);
      ready.store(barrier.get(), std::memory_order_release);
    }
    Barrier* shared = nullptr;
    while ((shared = ready.load(std::memory_order_acquire)) == nullptr) spin_pause();
    MemberContext context{shared, cancel, true, false};
    execute_member(id, count, first, &context);
    if (id == 0 && context.stopped) stopped.store(true);
  };
  const int threads = uses_members(first) ? threads_ : 1;
  if (wait_for_team) {
    team.run_when_free(threads, work);
  } else {
    team.run(threads, work);
  }
  return stopped.load() ? ExecutionResult::kCancelled : ExecutionResult::kDone;
}

void Program::execute_member(int id, int count, int64_t first, void* member) {
  const FlushDenormals flush;
  auto* context = static_cast<MemberContext*>(member);
  const BpttTeam together{id, count, context, member_barrier};
  const BpttTeam alone{0, 1, context, lone_barrier};
  const int64_t total = static_cast<int64_t>(instructions_.size());
  if (first == commit_begin_ && first < total && !begin_commit(id, context)) return;
  for (int64_t i = first; i < total; ++i) {
    const Instruction& instruction = instructions_[static_cast<size_t>(i)];
    context->may_stop = i < commit_begin_;
    if (instruction.shared || id == 0) {
      const BpttCall call{operands_.data() + instruction.first_operand,
                          attributes_.data() + instruction.first_attribute,
                          axis_or_null(instruction.axis),
                          axis_or_null(instruction.other),
                          shared_scratch_,
                          thread_scratch_ == nullptr ? nullptr : thread_scratch_ + id * thread_scratch_bytes_,
                          instruction.shared ? &together : &alone};
      kernels_->operations[instruction.opcode].kernel[instruction.types](&call);
    }
    if (context->stopped) return;
    // Between two instructions of thread 0 no thread needs to wait. Before the commit all threads decide together
    // whether to continue. After this barrier nothing stops the execution.
    const bool is_next_alone = i + 1 < total && !instructions_[static_cast<size_t>(i + 1)].shared;
    if (!instruction.shared && is_next_alone && i + 1 != commit_begin_) continue;
    if (member_barrier(context) != 0) return;
    if (i + 1 == commit_begin_ && i + 1 < total && !begin_commit(id, context)) return;
  }
  // All members have passed the last barrier.
  if (id == 0 && commit_begin_ < total && update_lock_ != nullptr) update_lock_->end_update();
}

bool Program::begin_commit(int id, void* member) {
  if (update_lock_ == nullptr) return true;
  auto* context = static_cast<MemberContext*>(member);
  if (id == 0) may_commit_ = update_lock_->begin_update(context->cancel);
  context->may_stop = false;
  member_barrier(context);
  context->stopped = !may_commit_;
  return may_commit_;
}

}  // namespace bptt
