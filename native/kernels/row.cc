#include "kernels/row.h"

namespace bptt {

namespace {

// A constant of its own for each row, so that an error shows which.
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
