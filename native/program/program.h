// A compiled program. Loading checks it once and computes the scratch memory that it needs at full capacity. The blocks
// belong to JavaScript, and so may the scratch memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/alignment.h"
#include "base/status.h"
#include "base/thread_team.h"
#include "base/update_lock.h"
#include "kernels/dispatch.h"
#include "kernels/kernel_table.h"
#include "kernels/storage.h"
#include "program/signature.h"
#include "program/work.h"

namespace bptt {

struct Block {
  uint8_t* data;
  int64_t bytes;
};

struct Value {
  int32_t block;
  int64_t offset;  // bytes
  ValueType type;
  Storage storage;
  Extent rows;
  int64_t columns;
  int32_t low;
  int32_t high;
  int64_t stride;  // elements from row to row: columns of the whole matrix where the value is a part, from `first` on
  int64_t first;
};

struct AxisCapacity {
  int64_t steps, batch, rows;
};

struct Instruction {
  int32_t opcode;
  int32_t types;                  // index of the types in the kernel table, for the kernels of its operation
  std::vector<int32_t> operands;  // value index or -1
  int64_t first_attribute;
  int32_t axis;   // of the letters N and B, or -1
  int32_t other;  // of the letters M and E, or -1
  int64_t first_operand;
  Work work;
  bool shared = false;  // whether all threads do it together in this execution, or one alone
};

// The size of one axis in an execution. The memory belongs to the caller, who may change it at any time.
struct AxisSize {
  const int32_t* batch_sizes;
  int64_t steps;
  const int32_t* samples;  // the sample of each sequence
  int64_t sample_count;    // -1: the sample of a sequence is its own number
};

// Why an execution was refused before it began. Nothing has been written.
struct RunError {
  Status status;
  int32_t value = -1;     // value that holds the bad entry
  int32_t axis = -1;      // axis whose samples hold it
  int64_t position = -1;  // its row, or its sequence
  int32_t entry = 0;
};

enum class ExecutionResult { kDone, kCancelled };

class Program {
 public:
  // Checks everything: counts, offsets, sizes, types, extents and attributes. On success `program` is ready to execute
  // with up to `threads` threads, which share an instruction where each has at least `grain` multiply-adds to do. With
  // `owns_scratch` it allocates its scratch memory, which may throw std::bad_alloc; else `use_scratch` must follow.
  static Status load(const std::vector<int32_t>& words, const std::vector<double>& attributes,
                     const std::vector<Block>& blocks, const KernelTables& kernels, int threads, int64_t grain,
                     std::shared_ptr<Program>* program, bool owns_scratch = true);

  // The caller's memory for `scratch_bytes()` bytes, zeroed, on a 64-byte boundary. It must outlive the program.
  void use_scratch(uint8_t* memory);

  // The lock that the update of an execution takes, shared by all programs of a model. Call it before the first
  // execution.
  void use_lock(std::shared_ptr<UpdateLock> lock) { update_lock_ = std::move(lock); }

  // Sets the sizes and the samples of this execution and checks them and every index that the instructions will use.
  bool prepare(const std::vector<AxisSize>& sizes, RunError* error);

  // Executes the program from instruction `first`. With `wait_for_team` it waits until the members of the team are
  // free, as queued jobs do; otherwise it never waits. Only one execution at a time; see try_begin.
  ExecutionResult execute(ThreadTeam& team, int64_t first, const std::atomic<bool>* cancel, bool wait_for_team);

  // Whether the prepared execution from instruction `first` uses the members of the team: else it works on one thread.
  bool uses_members(int64_t first) const;

  // Marks the program as executing; returns false when it already is.
  bool try_begin() { return !running_.exchange(true); }
  void end() { running_.store(false); }
  bool is_running() const { return running_.load(); }

  int64_t scratch_bytes() const { return shared_scratch_bytes_ + thread_scratch_bytes_ * threads_; }
  int64_t prepare_end() const { return prepare_end_; }
  size_t axis_count() const { return capacities_.size(); }

 private:
  Program() = default;
  friend class ProgramReader;

  // Rows of a value in the current batch; while the program is laid out, at full capacity.
  int64_t rows_of(const Value& value) const;
  Status lay_out();
  const BpttAxis* axis_or_null(int32_t axis) const;
  bool set_size(size_t axis, const AxisSize& size, RunError* error);
  bool set_samples(size_t axis, const AxisSize& size, RunError* error);
  bool set_places(size_t axis, RunError* error);
  bool join_axes(RunError* error);
  void execute_member(int id, int count, int64_t first, void* barrier);
  // All members: takes the lock before the first instruction that changes parameters. Returns false when the execution
  // was cancelled meanwhile.
  bool begin_commit(int id, void* member);

  const BpttKernelTable* kernels_ = nullptr;
  Storage compute_ = Storage::float32;
  int threads_ = 1;
  int64_t grain_ = 0;
  int64_t prepare_end_ = 0;
  int64_t commit_begin_ = 0;
  std::vector<AxisCapacity> capacities_;
  std::vector<Value> values_;
  std::vector<Instruction> instructions_;
  std::vector<double> attributes_;
  std::vector<Block> blocks_;

  std::vector<BpttOperand> operands_;
  std::vector<BpttAxis> axes_;
  std::vector<std::vector<int32_t>> batch_sizes_;
  std::vector<std::vector<int64_t>> offsets_;
  std::vector<std::vector<int32_t>> samples_;
  std::vector<std::vector<int32_t>> places_;
  // The pairs (other axis, axis) that some instruction joins.
  std::set<std::pair<size_t, size_t>> joined_axes_;
  AlignedBuffer own_scratch_;
  uint8_t* shared_scratch_ = nullptr;  // null where no instruction needs any, as the next one
  uint8_t* thread_scratch_ = nullptr;
  int64_t shared_scratch_bytes_ = 0;
  int64_t thread_scratch_bytes_ = 0;
  std::shared_ptr<UpdateLock> update_lock_;
  bool may_commit_ = true;  // written by member 0, read by all members behind a barrier
  std::atomic<bool> running_{false};
};

}  // namespace bptt
