// A compiled program: checked once when it is loaded, then run without allocating. The memory belongs to JavaScript.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/alignment.h"
#include "base/status.h"
#include "base/thread_team.h"
#include "kernels/kernel_table.h"
#include "program/signature.h"

namespace bptt {

struct Block {
  uint8_t* data;
  int64_t bytes;
};

struct Value {
  int32_t block;
  int64_t offset;  // bytes
  ValueType type;
  Extent rows;
  int64_t columns;
  int32_t low;
  int32_t high;
};

struct AxisCapacity {
  int64_t steps, batch, rows;
};

struct Instruction {
  int32_t opcode;
  std::vector<int32_t> operands;  // value index or -1
  int64_t first_attribute;
  int32_t axis;  // of the letter N, or -1
  int64_t first_operand;
  bool shared = false;  // whether all threads do it together in this run, or one alone
};

// The run-time size of one axis.
struct AxisSize {
  const int32_t* batch_sizes;
  int64_t steps;
};

// Why a run was refused before it began: nothing has been written.
struct RunError {
  Status status;
  int32_t value = -1;     // value that holds the bad entry
  int64_t position = -1;  // its row
  int32_t entry = 0;
};

enum class RunResult { kDone, kCancelled };

class Program {
 public:
  // Checks everything: counts, offsets, sizes, types, extents and attributes. On success `program` is ready to run with
  // up to `threads` threads, which share an instruction where each has at least `grain` multiply-adds to do.
  static Status load(const std::vector<int32_t>& words, const std::vector<double>& attributes,
                     const std::vector<Block>& blocks, const BpttKernelTable& kernels, int threads, int64_t grain,
                     std::shared_ptr<Program>* program);

  // Sets the sizes of this run and checks them and every index that the instructions will use.
  bool prepare(const std::vector<AxisSize>& sizes, RunError* error);

  // Runs from instruction `first`. With `wait_for_team` it waits for its turn with the members of the team, as queued
  // jobs do; otherwise it never waits. Only one run at a time; see try_begin.
  RunResult run(ThreadTeam& team, int64_t first, const std::atomic<bool>* cancel, bool wait_for_team);

  // Marks the program as running; false when it already is.
  bool try_begin() { return !running_.exchange(true); }
  void end() { running_.store(false); }
  bool is_running() const { return running_.load(); }

  int64_t scratch_bytes() const { return shared_scratch_.bytes() + thread_scratch_.bytes(); }
  int64_t prepare_end() const { return prepare_end_; }
  size_t axis_count() const { return capacities_.size(); }

 private:
  Program() = default;
  friend class ProgramReader;

  // Rows of a value in the running batch; at full capacity while the program is laid out.
  int64_t rows_of(const Value& value) const;
  Status lay_out();
  void run_member(int id, int count, int64_t first, void* barrier);

  const BpttKernelTable* kernels_ = nullptr;
  int is_double_ = 0;
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
  AlignedBuffer shared_scratch_;
  AlignedBuffer thread_scratch_;
  int64_t thread_scratch_bytes_ = 0;
  std::atomic<bool> running_{false};
};

}  // namespace bptt
