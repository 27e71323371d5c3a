#include "fuzz_run.h"

#include <algorithm>
#include <cstring>

#include "kernels/storage.h"

namespace bptt::fuzz {

namespace {

void fill_with(double value, bool is_double, const Block& block) {
  const auto write = [&](auto number) {
    for (int64_t at = 0; at + static_cast<int64_t>(sizeof(number)) <= block.bytes; at += sizeof(number))
      std::memcpy(block.data + at, &number, sizeof(number));
  };
  if (is_double) {
    write(value);
  } else {
    write(static_cast<float>(value));
  }
}

// The sizes of the axes, each list in memory of its own.
struct Sizes {
  std::vector<std::unique_ptr<int32_t[]>> lists;
  std::vector<AxisSize> axes;
};

Sizes sizes_of(const Input& input, size_t axes) {
  Sizes sizes;
  size_t position = 0;
  const auto next = [&] { return position < input.execution.size() ? input.execution[position++] : 0; };
  const auto list = [&](int64_t count) {
    auto numbers = std::make_unique<int32_t[]>(static_cast<size_t>(count));
    for (int64_t e = 0; e < count; ++e) numbers[static_cast<size_t>(e)] = next();
    sizes.lists.push_back(std::move(numbers));
    return sizes.lists.back().get();
  };
  for (size_t a = 0; a < axes; ++a) {
    const int64_t steps = std::min<int64_t>(std::max(next(), 0), kMostOfAxes);
    const int64_t samples = std::min<int64_t>(std::max(next(), -1), kMostOfAxes);
    const int32_t* batch_sizes = list(steps);
    sizes.axes.push_back({batch_sizes, steps, samples < 0 ? nullptr : list(samples), samples});
  }
  return sizes;
}

}  // namespace

LoadedInput::LoadedInput(const Input& input) : input_(input), random_(input.options) {
  for (const int32_t bytes : input.block_bytes) {
    void* data = nullptr;
    if (posix_memalign(&data, kAlignment, static_cast<size_t>(bytes)) != 0) std::abort();
    memory_.emplace_back(static_cast<uint8_t*>(data));
    blocks_.push_back({memory_.back().get(), bytes});
    fill_block(blocks_.back());
  }
}

uint32_t LoadedInput::next_random() {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(random_ >> 33);
}

void LoadedInput::fill_block(const Block& block) {
  const bool is_double = input_.words.size() > 2 && input_.words[2] == static_cast<int32_t>(Storage::float64);
  std::memset(block.data, 0, static_cast<size_t>(block.bytes));
  switch (input_.fill()) {
    case Fill::kZeros:
      return;
    case Fill::kOnes:
      return fill_with(1, is_double, block);
    case Fill::kSmall:
      return fill_with(static_cast<double>(next_random() % 2000) / 1000 - 1, is_double, block);
    case Fill::kBytes:
      for (int64_t at = 0; at < block.bytes; ++at) block.data[at] = static_cast<uint8_t>(next_random());
  }
}

Status LoadedInput::load(int threads) {
  const Status status =
      Program::load(input_.words, input_.attributes, blocks_, *bptt_kernels_baseline(), threads, 0, &program_);
  if (status.is_ok() && !take_apart(input_.words, &parts_)) std::abort();  // what the reader accepts has these parts
  return status;
}

// Whole numbers that the program allows where it reads them.
void LoadedInput::fill_indices() {
  for (const Value& value : parts_.values) {
    if (value.type != Format::int32 || value.low >= value.high) continue;
    const int64_t range = int64_t{value.high} - value.low;
    uint8_t* data = blocks_[static_cast<size_t>(value.block)].data + int64_t{static_cast<uint32_t>(value.offset)} * 64;
    const int64_t count = bytes_of(parts_, value) / static_cast<int64_t>(sizeof(int32_t));
    for (int64_t e = 0; e < count; ++e) {
      const auto index = static_cast<int32_t>(value.low + next_random() % range);
      std::memcpy(data + e * static_cast<int64_t>(sizeof(int32_t)), &index, sizeof(index));
    }
  }
}

bool LoadedInput::prepare() {
  if (!input_.has_wild_indices()) fill_indices();
  const Sizes sizes = sizes_of(input_, program_->axis_count());
  RunError error;
  return program_->prepare(sizes.axes, &error);
}

}  // namespace bptt::fuzz
