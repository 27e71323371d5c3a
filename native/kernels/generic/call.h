// What every kernel uses to read its call: typed operands, and the part of the work that this thread does.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/alignment.h"
#include "kernels/kernel_table.h"
#include "kernels/operations.h"

namespace bptt {
namespace kernel {

// For the pointwise equations: inlined into the loop over a tile, what they read of the call stays in registers.
// BPTT_FLATTEN stands behind the parameters of the lambda that applies a cell to a row of a tile: whatever it calls is
// inlined, Eigen's functions too, so that the activations of several gates overlap. BPTT_RARE keeps apart what is
// seldom called.
#if defined(__GNUC__)
#define BPTT_INLINE [[gnu::always_inline]] inline
#define BPTT_FLATTEN __attribute__((flatten))
#define BPTT_RARE [[gnu::noinline]]
#else
#define BPTT_INLINE inline
#define BPTT_FLATTEN
#define BPTT_RARE inline
#endif

struct Range {
  int64_t begin;
  int64_t end;
};

// The part of 0..total that this thread does, in multiples of `grain`. Only whole elements are divided, never a sum.
inline Range share(int64_t total, int64_t grain, const BpttTeam& team) {
  const int64_t grains = (total + grain - 1) / grain;
  const int64_t begin = grains * team.id / team.count * grain;
  const int64_t end = grains * (team.id + 1) / team.count * grain;
  return {std::min(begin, total), std::min(end, total)};
}

inline bool barrier(const BpttCall& call) {
  return call.team->barrier(call.team->context) != 0;
}

// An operand, or an attribute, of a call. It is made only from a name in the row of the operation:
//   constexpr Row kRow(Opcode::linear);
//   constexpr Operand kX = kRow["x"];
// A name that is not in the row is a compile error.
enum class Operand : int {};
enum class Attribute : int {};

class Row {
 public:
  constexpr explicit Row(Opcode code) : text_(text_of(code)) {}

  constexpr Operand operator[](std::string_view name) const {
    return Operand{found(index_of_name(text_.operands, name))};
  }
  constexpr Attribute attribute(std::string_view name) const {
    return Attribute{found(index_of_name(text_.attributes, name))};
  }

 private:
  // Not defined: so a wrong name is not a constant at compile time, and a look-up at run time does not link.
  static int the_row_has_no_such_name();
  static constexpr int found(int index) { return index < 0 ? the_row_has_no_such_name() : index; }

  const OperationText& text_;
};

// Whether both operations have the same operands in the same order, or the same attributes: one kernel serves both.
constexpr bool have_same_names(std::string_view one, std::string_view other) {
  while (!one.empty() || !other.empty()) {
    if (name_in(take_word(&one)) != name_in(take_word(&other))) return false;
  }
  return true;
}
constexpr bool have_same_operands(Opcode one, Opcode other) {
  return have_same_names(text_of(one).operands, text_of(other).operands);
}
constexpr bool have_same_attributes(Opcode one, Opcode other) {
  return have_same_names(text_of(one).attributes, text_of(other).attributes);
}

template <typename T>
inline T* data(const BpttCall& call, Operand operand) {
  return static_cast<T*>(call.operands[static_cast<int>(operand)].data);
}
inline int64_t rows(const BpttCall& call, Operand operand) {
  return call.operands[static_cast<int>(operand)].rows;
}
inline int64_t columns(const BpttCall& call, Operand operand) {
  return call.operands[static_cast<int>(operand)].columns;
}
// Steps from row to row of an operand that may be a range of columns of a wider matrix.
inline int64_t stride(const BpttCall& call, Operand operand) {
  return call.operands[static_cast<int>(operand)].stride;
}
// Stands for an operand while scratch memory is counted and there is no call yet.
inline const BpttOperand& of(const BpttOperand* operands, Operand operand) {
  return operands[static_cast<int>(operand)];
}
inline bool has(const BpttOperand* operands, Operand operand) {
  return of(operands, operand).data != nullptr;
}

inline double number(const BpttCall& call, Attribute attribute) {
  return call.attributes[static_cast<int>(attribute)];
}
inline int64_t whole(const BpttCall& call, Attribute attribute) {
  return static_cast<int64_t>(number(call, attribute));
}
inline bool is_set(const BpttCall& call, Attribute attribute) {
  return number(call, attribute) != 0;
}

// An index, read once: the caller might change the memory meanwhile, and the value that was checked must be the value
// that is used. The compiler may repeat a plain load after any vector store.
inline int32_t read_once(const int32_t* index) {
  return *static_cast<const volatile int32_t*>(index);
}

// A row of an operand that may be absent.
template <typename T>
inline T* row_or_null(T* base, int64_t row, int64_t columns) {
  return base == nullptr ? nullptr : base + row * columns;
}

template <typename T>
inline T* at_or_null(T* base, int64_t offset) {
  return base == nullptr ? nullptr : base + offset;
}

// Prefetches W elements, which will be needed soon.
template <int64_t W, typename T>
BPTT_INLINE void prefetch(const T* data) {
#if defined(__GNUC__)
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t e = 0; e < W; e += kLine) __builtin_prefetch(data + e);
#endif
}

}  // namespace kernel
}  // namespace bptt
