#include "fuzz_input.h"

#include <algorithm>
#include <cstring>

#include "kernels/storage.h"

namespace bptt::fuzz {

namespace {

constexpr size_t kHeaderWords = 5;

// Takes numbers of one type from bytes.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  template <typename T>
  std::vector<T> take(uint64_t count) {
    std::vector<T> numbers(static_cast<size_t>(std::min<uint64_t>(count, left_ / sizeof(T))));
    const size_t bytes = numbers.size() * sizeof(T);
    if (bytes > 0) std::memcpy(numbers.data(), data_, bytes);
    data_ += bytes;
    left_ -= bytes;
    return numbers;
  }

 private:
  const uint8_t* data_;
  size_t left_;
};

template <typename T>
void append(const std::vector<T>& numbers, std::vector<uint8_t>* bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(numbers.data());
  bytes->insert(bytes->end(), data, data + numbers.size() * sizeof(T));
}

}  // namespace

Input parse(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  std::vector<uint32_t> header = bytes.take<uint32_t>(kHeaderWords);
  header.resize(kHeaderWords);
  Input input;
  input.options = header[4];
  input.block_bytes = bytes.take<int32_t>(header[2]);
  input.words = bytes.take<int32_t>(header[0]);
  input.attributes = bytes.take<double>(header[1]);
  input.execution = bytes.take<int32_t>(header[3]);
  return input;
}

std::vector<uint8_t> bytes_of(const Input& input) {
  const auto count = [](const auto& list) { return static_cast<uint32_t>(list.size()); };
  const std::vector<uint32_t> header{count(input.words), count(input.attributes), count(input.block_bytes),
                                     count(input.execution), input.options};
  std::vector<uint8_t> bytes;
  append(header, &bytes);
  append(input.block_bytes, &bytes);
  append(input.words, &bytes);
  append(input.attributes, &bytes);
  append(input.execution, &bytes);
  return bytes;
}

bool take_apart(const std::vector<int32_t>& words, Parts* parts) {
  size_t position = Format::headerWords;
  const auto left = [&] { return static_cast<int64_t>(words.size()) - static_cast<int64_t>(position); };
  if (left() < 0) return false;
  const int64_t axes = words[3], values = words[4], instructions = words[5];
  if (axes < 0 || values < 0 || instructions < 0 || axes * Format::axisWords > left()) return false;
  std::copy(words.begin(), words.begin() + 3, parts->begin.begin());
  parts->prepare_end = words[6];
  parts->commit_begin = words[7];
  parts->axes.resize(static_cast<size_t>(axes));
  if (axes > 0) std::memcpy(parts->axes.data(), &words[position], static_cast<size_t>(axes) * sizeof(Axis));
  position += static_cast<size_t>(axes * Format::axisWords);
  if (values * Format::valueWords > left()) return false;
  parts->values.resize(static_cast<size_t>(values));
  if (values > 0) std::memcpy(parts->values.data(), &words[position], static_cast<size_t>(values) * sizeof(Value));
  position += static_cast<size_t>(values * Format::valueWords);
  for (int64_t i = 0; i < instructions; ++i) {
    if (left() < 2) return false;
    Instruction instruction{words[position++], {}, 0};
    if (instruction.opcode < 0 || instruction.opcode >= static_cast<int32_t>(Opcode::count)) return false;
    const int64_t count = row_of(static_cast<Opcode>(instruction.opcode)).operands.count;
    if (left() < count + 1) return false;
    const auto begin = words.begin() + static_cast<int64_t>(position);
    instruction.operands.assign(begin, begin + count);
    position += static_cast<size_t>(count);
    instruction.first_attribute = words[position++];
    parts->instructions.push_back(std::move(instruction));
  }
  return left() == 0;
}

std::vector<int32_t> put_together(const Parts& parts) {
  const auto count = [](const auto& list) { return static_cast<int32_t>(list.size()); };
  std::vector<int32_t> words(parts.begin.begin(), parts.begin.end());
  words.insert(words.end(), {count(parts.axes), count(parts.values), count(parts.instructions), parts.prepare_end,
                             parts.commit_begin});
  for (const Axis& axis : parts.axes) words.insert(words.end(), {axis.steps, axis.batch, axis.rows});
  for (const Value& v : parts.values) {
    words.insert(words.end(),
                 {v.block, v.offset, v.type, v.storage, v.kind, v.rows, v.columns, v.low, v.high, v.stride, v.first});
  }
  for (const Instruction& instruction : parts.instructions) {
    words.push_back(instruction.opcode);
    words.insert(words.end(), instruction.operands.begin(), instruction.operands.end());
    words.push_back(instruction.first_attribute);
  }
  return words;
}

int64_t bytes_of(const Parts& parts, const Value& value) {
  int64_t rows = value.rows;
  if (value.kind != Format::fixed) {
    if (rows < 0 || rows >= static_cast<int64_t>(parts.axes.size())) return 0;
    const Axis& axis = parts.axes[static_cast<size_t>(rows)];
    rows = value.kind == Format::steps ? axis.rows : axis.batch;
  }
  constexpr int64_t kMost = 1 << 20;
  if (rows < 1 || value.columns < 1 || value.stride < 1 || rows > kMost || value.columns > kMost ||
      value.stride > kMost || value.storage < 0 || value.storage >= static_cast<int32_t>(Storage::count)) {
    return 0;
  }
  const int64_t width = bptt::bytes_of(static_cast<Storage>(value.storage));
  if (value.type != Format::packed) return rows * value.stride * width;
  if (value.low < 1 || value.low > 4) return 0;
  const BpttKernelTable& kernels = *bptt_kernels_baseline();
  for (int32_t t = 0; t < kernels.type_count; ++t) {
    if (kernels.types[t].weights == value.storage)
      return kernels.types[t].packed_size(rows, value.columns, value.low) * width;
  }
  return 0;
}

}  // namespace bptt::fuzz
