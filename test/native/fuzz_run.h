// Loads and executes the program of an input. AddressSanitizer sees each access outside a block: the bytes
// around it are unusable.
#pragma once

#include <memory>
#include <vector>

#include "base/alignment.h"
#include "fuzz_input.h"
#include "program/program.h"

namespace bptt::fuzz {

// More steps, or sequences, of one axis are not executed.
constexpr int64_t kMostOfAxes = 1024;

class LoadedInput {
 public:
  // The blocks lie in `memory`, which is made larger where it is too small, and which may serve one input after
  // another.
  LoadedInput(const Input& input, AlignedBuffer* memory);

  // Checks and loads the program.
  Status load(int threads);
  // Writes indices, and sets the sizes of the execution; returns false when the program refuses them.
  bool prepare();

  Program& program() { return *program_; }
  const Parts& parts() const { return parts_; }
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  void fill_block(const Block& block);
  void fill_indices();
  uint32_t next_random();

  const Input& input_;
  uint64_t random_;
  std::vector<Block> blocks_;
  Parts parts_;
  std::shared_ptr<Program> program_;
};

}  // namespace bptt::fuzz
