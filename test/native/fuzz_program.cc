// Fuzzes the loader of programs (program/reader.h): it checks any words, and executes what it accepts.
#include <algorithm>
#include <cstdio>
#include <string>

#include "fuzz_run.h"

namespace bptt::fuzz {

namespace {

// Larger programs are left out: they take long, and the tests of the checker have large numbers (test/kernels).
constexpr int64_t kMostBlocks = 256, kMostBytes = 1 << 15, kMostBytesTogether = 1 << 18;

// How many inputs came how far; said at the end.
struct Counts {
  int64_t inputs = 0, loaded = 0, executed = 0;
  int64_t instructions[static_cast<size_t>(Opcode::count)] = {};

  ~Counts() {
    std::fprintf(stderr, "fuzz_program: %lld inputs, %lld programs accepted, %lld executed\n",
                 static_cast<long long>(inputs), static_cast<long long>(loaded), static_cast<long long>(executed));
    std::fprintf(stderr, "fuzz_program: executed of each operation:");
    for (int32_t code = 0; code < static_cast<int32_t>(Opcode::count); ++code) {
      const std::string name(row_of(static_cast<Opcode>(code)).name);
      std::fprintf(stderr, " %s=%lld", name.c_str(), static_cast<long long>(instructions[code]));
    }
    std::fprintf(stderr, "\n");
  }
};

bool is_small(const Input& input) {
  if (static_cast<int64_t>(input.block_bytes.size()) > kMostBlocks) return false;
  int64_t bytes = 0;
  for (const int32_t block : input.block_bytes) {
    if (block < 0 || block > kMostBytes) return false;
    bytes += block;
  }
  if (bytes > kMostBytesTogether) return false;
  if (input.words.size() < Format::headerWords) return true;
  int64_t together = 0;
  size_t position = Format::headerWords;
  for (int32_t a = 0; a < input.words[3] && position + Format::axisWords <= input.words.size(); ++a) {
    for (size_t word = 0; word < 2; ++word) together += std::max(input.words[position + word], 0);
    position += Format::axisWords;
  }
  return together <= kMostOfAxes;
}

void try_program(const Input& input, Counts* counts) {
  static ThreadTeam team;
  static AlignedBuffer memory;
  ++counts->inputs;
  LoadedInput loaded(input, &memory);
  if (!loaded.load(input.threads()).is_ok()) return;
  ++counts->loaded;
  for (int repeat = 0; repeat < (input.is_repeated() ? 2 : 1); ++repeat) {
    if (!loaded.prepare()) return;
    loaded.program().execute(team, repeat == 0 ? 0 : loaded.program().prepare_end(), nullptr, false);
  }
  ++counts->executed;
  for (const Instruction& instruction : loaded.parts().instructions) ++counts->instructions[instruction.opcode];
}

}  // namespace

}  // namespace bptt::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static bptt::fuzz::Counts counts;
  static bptt::fuzz::Input input;
  bptt::fuzz::parse(data, size, &input);
  if (bptt::fuzz::is_small(input)) bptt::fuzz::try_program(input, &counts);
  return 0;
}
