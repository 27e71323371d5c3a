#include "kernels/row.h"

namespace bptt {

namespace {

// A separate constant for each row, so that a compile error shows the row.
template <Opcode code>
constexpr OperationRow kRow = grammar::parse(text_of(code));

constexpr const OperationRow* kRows[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) &kRow<Opcode::name>,
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

}  // namespace

const OperationRow& row_of(Opcode code) {
  return *kRows[static_cast<size_t>(code)];
}

}  // namespace bptt
