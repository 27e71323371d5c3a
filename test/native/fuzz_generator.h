// Makes instructions that the rows of operations.def allow, and executions that programs have room for.
#pragma once

#include <array>
#include <bitset>
#include <vector>

#include "fuzz_input.h"

namespace bptt::fuzz {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint32_t below(size_t count) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>((state_ >> 33) % (count == 0 ? 1 : count));
  }
  int32_t between(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(below(static_cast<size_t>(int64_t{high} - low + 1)));
  }
  bool once_in(size_t count) { return below(count) == 0; }
  template <typename List>
  auto any_of(List* list) -> decltype(list->data()) {
    return list->empty() ? nullptr : list->data() + below(list->size());
  }
  // A small number of rows or columns: those around the widths of vectors and tiles, too.
  int32_t size();

 private:
  uint64_t state_;
};

// The number of each letter.
using Numbers = std::array<int32_t, 128>;

// 1 for each.
Numbers ones();

class Generator {
 public:
  Generator(Random* random, Input* input, Parts* parts) : random_(*random), input_(*input), parts_(*parts) {}

  // Another program of one instruction.
  void start_anew();
  // An instruction of any operation, with values that its row allows, in most cases.
  void add_instruction();
  Axis any_axis();
  // Sizes for all axes: as much as there is room for, or less.
  void set_execution();
  // A number in the range of an attribute, the ends and small ones more often than others.
  double attribute_of(const AttributeRow& attribute, const Numbers& numbers);

 private:
  // The letters of an operation: numbers for most, an axis for N and B, another or the same one for M and E. Rows that
  // stand nowhere else may be those of an axis.
  struct Sizes {
    Numbers numbers = ones();
    int32_t own = -1, other = -1;
    std::array<int32_t, std::tuple_size_v<Numbers>> kinds{};  // of the other letters, whose axis is `own`
  };

  Sizes sizes_for(const OperationRow& row);
  std::bitset<kMostOperands> presence_for(const OperationRow& row);
  int32_t value_for(const OperandRow& operand, const Sizes& sizes);

  Random& random_;
  Input& input_;
  Parts& parts_;
};

}  // namespace bptt::fuzz
