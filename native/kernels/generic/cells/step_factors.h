// The left factors of the products of a step: rows of states or of gradients, and their copies for weights that need
// another form.
#pragma once

#include "kernels/generic/products/panel.h"
#include "kernels/generic/scratch.h"

namespace bptt {
namespace kernel {

// A left factor made of up to two matrices side by side. The reset-after GRU needs two: the candidate columns of its
// recurrent gradient have a matrix of their own.
template <typename T>
struct Segment {
  const T* data;  // row of sequence 0, or null for none
  int64_t stride;
  int64_t depth;
};

template <typename T>
struct Factor {
  Segment<T> first;
  Segment<T> second;
  int64_t depth() const { return first.depth + second.depth; }
};

template <typename T>
inline Factor<T> factor(const T* data, int64_t columns, int64_t stride) {
  return {{data, stride, columns}, {nullptr, 0, 0}};
}

template <typename T>
inline Factor<T> factor(const T* data, int64_t columns) {
  return factor(data, columns, columns);
}

// The left factors of one step's product. Sequences [0, split) read `head`, and [split, end) read `tail`. A factor
// whose data is null gives a product of zero.
template <typename T>
struct StepRows {
  int64_t split;
  int64_t end;
  Factor<T> head;
  Factor<T> tail;
  T* panel_room = nullptr;  // LeftRows
};

template <typename T>
inline StepRows<T> all_rows(int64_t end, const Factor<T>& left) {
  return {end, end, left, {}};
}

// The left factors of a step as weights stored in S need them (panel.h).
template <typename T, typename S>
class StepFactors {
 public:
  // For products of at most `depth` inputs over `batch` sequences; `own` is the thread's scratch memory.
  StepFactors(Scratch* own, int64_t batch, int64_t depth) : rows_(own, batch, depth) {}
  // The bytes that it takes of it.
  static int64_t bytes(int64_t batch, int64_t depth) {
    Scratch own;
    StepFactors(&own, batch, depth);
    return own.bytes();
  }

  BPTT_INLINE StepRows<T> of(const StepRows<T>& step) const {
    if constexpr (!LeftRows<T, S>::kCopies) return step;
    return {step.split, step.end, of(step.head, 0, step.split), of(step.tail, step.split, step.end), rows_.panel()};
  }
  // Of the sequences [begin, end).
  BPTT_INLINE Factor<T> of(const Factor<T>& left, int64_t begin, int64_t end) const {
    if constexpr (!LeftRows<T, S>::kCopies) return left;
    const auto& [first, second] = left;
    const int64_t depth = left.depth(), stride = Panel<T, S>::stored_depth(depth);
    if (first.data == nullptr) return {{nullptr, 0, depth}, {nullptr, 0, 0}};
    for (int64_t b = begin; b < end; ++b) {
      T* row = rows_.copies() + b * stride;
      rows_.put(row, first.data + b * first.stride, first.depth);
      if (second.data != nullptr) rows_.put(row + first.depth, second.data + b * second.stride, second.depth);
      rows_.end(row, depth);
    }
    return {{rows_.copies(), stride, depth}, {nullptr, 0, 0}};
  }

 private:
  LeftRows<T, S> rows_;
};

// The thread's scratch memory of a cell: the copies that its products read.
template <typename T, typename S>
struct CellCopies {
  StepFactors<T, S> step;
  LeftRows<T, S> inputs;

  // The products of a step have at most `depth` inputs, that of the cell's input has `inputs`, 0 where it is not given.
  CellCopies(int64_t batch, int64_t depth, int64_t inputs, Scratch* own)
      : step(own, batch, depth), inputs(own, batch, inputs) {}
};

}  // namespace kernel
}  // namespace bptt
