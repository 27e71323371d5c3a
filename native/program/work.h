// How much work an instruction has, and how many threads it justifies.
#pragma once

#include <vector>

#include "kernels/kernel_table.h"
#include "program/signature.h"

namespace bptt {

// Multiply-adds that one thread does in about the time of two barriers, a few microseconds.
constexpr int64_t kDefaultGrain = 1 << 17;

// The work of one instruction, as its row states it: a sum of products. Their factors are known when the program is
// loaded, except the extents of time axes.
class Work {
 public:
  Work() = default;
  // `columns` of an operand and its rows; columns are 0 for an absent operand.
  struct Size {
    Extent rows;
    int64_t columns;
  };
  Work(const OperationRow& row, const Letters& letters, const std::vector<Size>& operands);

  // Multiply-adds between two barriers of an execution.
  //   axes   of the program, with the sizes of the execution
  //   axis   of the letters N and B, or null
  //   other  of the letters M and E, or null
  int64_t between_barriers(const std::vector<BpttAxis>& axes, const BpttAxis* axis, const BpttAxis* other) const;

 private:
  struct Product {
    int64_t factor = 1;
    std::vector<Extent> extents;  // of time axes
    bool has_length = false;
  };
  static void multiply(const Extent& extent, Product* product);
  static int64_t value_of(const Product& product, const std::vector<BpttAxis>& axes, const BpttAxis* other);

  std::vector<Product> sum_;
  std::vector<Product> elements_;  // the largest one counts
  bool is_each_step_ = false;
};

}  // namespace bptt
