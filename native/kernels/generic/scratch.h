// Scratch memory in pieces. A kernel and the function that returns its need of scratch memory use the same code. With
// memory a Scratch gives out the pieces; without memory it only counts them.
#pragma once

#include <cstdint>

#include "base/alignment.h"
#include "kernels/kernel_table.h"

namespace bptt {
namespace kernel {

class Scratch {
 public:
  explicit Scratch(void* memory = nullptr) : memory_(static_cast<char*>(memory)) {}

  // Returns `count` elements on a boundary of 64 bytes; null when count is 0, or while pieces are only counted.
  template <typename T>
  T* take(int64_t count) {
    T* piece = memory_ == nullptr || count == 0 ? nullptr : reinterpret_cast<T*>(memory_ + bytes_);
    bytes_ += round_up(count * static_cast<int64_t>(sizeof(T)), 64);
    return piece;
  }

  int64_t bytes() const { return bytes_; }

 private:
  char* memory_;
  int64_t bytes_ = 0;
};

// How much scratch memory the pieces of a call need. `Pieces` is a struct whose constructor takes them from a Scratch,
// its last argument.
template <typename Pieces, typename... Arguments>
inline BpttScratch scratch_of(const Arguments&... arguments) {
  Scratch counting;
  Pieces(arguments..., &counting);
  return {counting.bytes(), 0};
}

}  // namespace kernel
}  // namespace bptt
