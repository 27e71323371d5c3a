#include "fuzz_run.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "kernels/storage.h"

#if defined(__SANITIZE_ADDRESS__)
#define BPTT_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BPTT_HAS_ASAN 1
#endif
#endif
#if defined(BPTT_HAS_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, bytes) static_cast<void>(data)
#define ASAN_UNPOISON_MEMORY_REGION(data, bytes) static_cast<void>(data)
#endif

namespace bptt::fuzz {

namespace {

template <typename T>
void fill_with(T number, const Block& block) {
  auto* numbers = reinterpret_cast<T*>(block.data);
  std::fill(numbers, numbers + block.bytes / static_cast<int64_t>(sizeof(T)), number);
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

// One piece of memory for all blocks, with unusable bytes before and behind each.
LoadedInput::LoadedInput(const Input& input, AlignedBuffer* memory) : input_(input), random_(input.options) {
  int64_t bytes = kAlignment;
  for (const int32_t block : input.block_bytes) bytes += round_up(block, kAlignment) + kAlignment;
  if (memory->bytes() < bytes) *memory = AlignedBuffer(bytes);
  uint8_t* data = static_cast<uint8_t*>(memory->data());
  ASAN_POISON_MEMORY_REGION(data, static_cast<size_t>(memory->bytes()));
  blocks_.reserve(input.block_bytes.size());
  for (const int32_t block : input.block_bytes) {
    data += kAlignment;
    ASAN_UNPOISON_MEMORY_REGION(data, static_cast<size_t>(block));
    std::memset(data, 0, static_cast<size_t>(block));
    blocks_.push_back({data, block});
    data += round_up(block, kAlignment);
  }
}

uint32_t LoadedInput::next_random() {
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  return static_cast<uint32_t>(random_ >> 33);
}

// The memory holds zeros already.
void LoadedInput::fill_block(const Block& block) {
  const bool is_double = input_.words[2] == static_cast<int32_t>(Storage::float64);
  double number = 1;
  switch (input_.fill()) {
    case Fill::kZeros:
      return;
    case Fill::kBytes:
      for (int64_t at = 0; at < block.bytes; ++at) block.data[at] = static_cast<uint8_t>(next_random());
      return;
    case Fill::kSmall:
      number = static_cast<double>(next_random() % 2000) / 1000 - 1;
      break;
    case Fill::kOnes:
      break;
  }
  if (is_double) {
    fill_with(number, block);
  } else {
    fill_with(static_cast<float>(number), block);
  }
}

Status LoadedInput::load(int threads) {
  const Status status =
      Program::load(input_.words, input_.attributes, blocks_, {bptt_kernels_baseline()}, threads, 0, &program_);
  if (!status.is_ok()) return status;
  if (!take_apart(input_.words, &parts_)) std::abort();  // what the reader accepts has these parts
  for (const Block& block : blocks_) fill_block(block);
  return status;
}

// Whole numbers that the program allows where it reads them.
void LoadedInput::fill_indices() {
  for (const Value& value : parts_.values) {
    if (value.type != Format::int32 || value.low >= value.high) continue;
    const int64_t range = int64_t{value.high} - value.low;
    auto* indices = reinterpret_cast<int32_t*>(blocks_[static_cast<size_t>(value.block)].data +
                                               int64_t{static_cast<uint32_t>(value.offset)} * kAlignment);
    const int64_t count = bytes_of(parts_, value) / static_cast<int64_t>(sizeof(int32_t));
    for (int64_t e = 0; e < count; ++e) indices[e] = static_cast<int32_t>(value.low + next_random() % range);
  }
}

bool LoadedInput::prepare() {
  if (!input_.has_wild_indices()) fill_indices();
  const Sizes sizes = sizes_of(input_, program_->axis_count());
  RunError error;
  return program_->prepare(sizes.axes, &error);
}

}  // namespace bptt::fuzz
