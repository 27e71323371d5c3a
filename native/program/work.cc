#include "program/work.h"

#include <algorithm>

namespace bptt {

namespace {

// The cost, in multiply-adds, of an element that is only moved or mapped.
constexpr int64_t kPerElement = 4;

}  // namespace

void Work::multiply(const Extent& extent, Product* product) {
  if (extent.kind == Extent::kFixed) {
    product->factor *= extent.value;
  } else {
    product->extents.push_back(extent);
  }
}

Work::Work(const OperationRow& row, const Letters& letters, const std::vector<Size>& operands)
    : is_each_step_(row.works_each_step) {
  for (const WorkRow& work : row.work) {
    Product product;
    product.factor = work.factor;
    product.has_length = work.has_length;
    for (const char letter : work.letters) {
      if (const Extent* extent = letters.find(letter)) multiply(*extent, &product);
    }
    for (const int o : work.operands) {
      multiply(operands[static_cast<size_t>(o)].rows, &product);
      product.factor *= operands[static_cast<size_t>(o)].columns;
    }
    if (product.factor > 0) sum_.push_back(std::move(product));
  }
  for (int o = 0; o < row.operands.count; ++o) {
    const Size& size = operands[static_cast<size_t>(o)];
    if (row.operands[o].is_packed_input() || size.columns == 0) continue;
    Product product;
    product.factor = kPerElement * size.columns;
    multiply(size.rows, &product);
    elements_.push_back(std::move(product));
  }
}

int64_t Work::value_of(const Product& product, const std::vector<BpttAxis>& axes, const BpttAxis* other) {
  int64_t value = product.factor;
  for (const Extent& extent : product.extents) {
    const BpttAxis& axis = axes[static_cast<size_t>(extent.value)];
    value *= extent.kind == Extent::kSteps ? axis.rows : axis.batch;
  }
  if (product.has_length && other != nullptr) value *= (other->rows + other->batch - 1) / other->batch;
  return value;
}

int64_t Work::between_barriers(const std::vector<BpttAxis>& axes, const BpttAxis* axis, const BpttAxis* other) const {
  int64_t work = 0, largest = 0;
  for (const Product& product : sum_) work += value_of(product, axes, other);
  for (const Product& product : elements_) largest = std::max(largest, value_of(product, axes, other));
  work = std::max(work, largest);
  // Some variants of a cell have up to three barriers within a step, which are not counted here.
  return is_each_step_ && axis != nullptr ? work / axis->steps : work;
}

}  // namespace bptt
