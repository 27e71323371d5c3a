#include "program/work.h"

#include <algorithm>

namespace bptt {

namespace {

// An element that is only moved or mapped costs as much as this many multiply-adds.
constexpr int64_t kPerElement = 4;

}  // namespace

bool is_worth_sharing(const OperationSpec& spec, const BpttOperand* operands, const BpttAxis* axis,
                      const BpttAxis* other, int64_t grain) {
  int64_t elements = 0, packed = 0, results = 0;
  bool meets_steps = false;
  for (size_t o = 0; o < spec.operands.size(); ++o) {
    const int64_t size = operands[o].rows * operands[o].columns;
    if (spec.operands[o].type == ValueType::kPacked && !spec.operands[o].output) {
      packed += size;
    } else {
      elements = std::max(elements, size);
    }
    if (spec.operands[o].output) results = std::max(results, size);
    meets_steps = meets_steps || spec.operands[o].rows.front().letter == 'M';
  }
  const int64_t rows = operands[0].rows;
  const bool is_reduction = packed == 0 && rows > 1 && results < elements;  // a sum over rows for each result
  int64_t work = std::max(elements * kPerElement, rows * packed);
  if (is_reduction) work = std::max(work, rows * results);
  // Each element meets all steps of a sequence of the other axis: the mean length of those, rounded up.
  if (other != nullptr && meets_steps && packed == 0) {
    work = std::max(work, elements * ((other->rows + other->batch - 1) / other->batch));
  }
  // A cell has a barrier after every step, and some variants up to three within one, which is not counted here.
  if (axis != nullptr && packed > 0) work = std::max(axis->rows * packed, elements * kPerElement) / axis->steps;
  return work >= grain;
}

}  // namespace bptt
