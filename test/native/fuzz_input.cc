#include "fuzz_input.h"

#include <algorithm>
#include <cstring>

#include "kernels/storage.h"

namespace bptt::fuzz {

namespace {

struct Header {
  uint32_t words, attributes, blocks, execution, options;
};

// Takes numbers of one type from bytes.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  Header take_header() {
    Header header{};
    take(&header, std::min(left_, sizeof(header)));
    return header;
  }
  template <typename T>
  void take_list(uint64_t count, std::vector<T>* numbers) {
    numbers->resize(static_cast<size_t>(std::min<uint64_t>(count, left_ / sizeof(T))));
    take(numbers->data(), numbers->size() * sizeof(T));
  }

 private:
  void take(void* to, size_t bytes) {
    if (bytes > 0) std::memcpy(to, data_, bytes);
    data_ += bytes;
    left_ -= bytes;
  }

  const uint8_t* data_;
  size_t left_;
};

template <typename List>
size_t size_of(const List& list) {
  return list.size() * sizeof(*list.data());
}

template <typename List>
uint8_t* put(const List& list, uint8_t* data) {
  if (!list.empty()) std::memcpy(data, list.data(), size_of(list));
  return data + size_of(list);
}

}  // namespace

void parse(const uint8_t* data, size_t size, Input* input) {
  Bytes bytes(data, size);
  const Header header = bytes.take_header();
  input->options = header.options;
  bytes.take_list(header.blocks, &input->block_bytes);
  bytes.take_list(header.words, &input->words);
  bytes.take_list(header.attributes, &input->attributes);
  bytes.take_list(header.execution, &input->execution);
}

size_t write(const Input& input, uint8_t* data, size_t max_size) {
  const auto count = [](const auto& list) { return static_cast<uint32_t>(list.size()); };
  const Header header{count(input.words), count(input.attributes), count(input.block_bytes), count(input.execution),
                      input.options};
  const size_t size = sizeof(header) + size_of(input.block_bytes) + size_of(input.words) + size_of(input.attributes) +
                      size_of(input.execution);
  if (size > max_size) return 0;
  std::memcpy(data, &header, sizeof(header));
  data = put(input.block_bytes, data + sizeof(header));
  data = put(input.words, data);
  data = put(input.attributes, data);
  put(input.execution, data);
  return size;
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
  parts->instructions.clear();
  for (int64_t i = 0; i < instructions; ++i) {
    if (left() < 2) return false;
    Instruction instruction{words[position++], {}, 0};
    if (instruction.opcode < 0 || instruction.opcode >= static_cast<int32_t>(Opcode::count)) return false;
    const int64_t count = row_of(static_cast<Opcode>(instruction.opcode)).operands.count;
    if (left() < count + 1) return false;
    for (int64_t o = 0; o < count; ++o) instruction.operands.add(words[position++]);
    instruction.first_attribute = words[position++];
    parts->instructions.push_back(instruction);
  }
  return left() == 0;
}

void put_together(const Parts& parts, std::vector<int32_t>* words) {
  const auto count = [](const auto& list) { return static_cast<int32_t>(list.size()); };
  words->assign(parts.begin.begin(), parts.begin.end());
  words->insert(words->end(), {count(parts.axes), count(parts.values), count(parts.instructions), parts.prepare_end,
                               parts.commit_begin});
  for (const Axis& axis : parts.axes) words->insert(words->end(), {axis.steps, axis.batch, axis.rows});
  for (const Value& v : parts.values) {
    words->insert(words->end(),
                  {v.block, v.offset, v.type, v.storage, v.kind, v.rows, v.columns, v.low, v.high, v.stride, v.first});
  }
  for (const Instruction& instruction : parts.instructions) {
    words->push_back(instruction.opcode);
    words->insert(words->end(), instruction.operands.begin(), instruction.operands.end());
    words->push_back(instruction.first_attribute);
  }
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
