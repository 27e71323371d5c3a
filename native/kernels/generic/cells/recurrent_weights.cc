// Gradients of recurrent weights, biases and peepholes. Each is a sum over all steps: the gradient that the cell's
// backward pass wrote, times the state that the cell read.
#include "kernels/generic/cells/sequence.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/transposed_product.h"

namespace bptt {
namespace kernel {

namespace {

// Finds the previous state of each packed row; null where it is zero. Rows must be asked for in ascending order,
// because the search continues from the step of the previous row.
template <typename T>
class PreviousRows {
 public:
  // `mask` [B, columns] or null; `buffer` [columns], memory of this thread, is needed with a mask.
  PreviousRows(const BpttAxis& axis, bool reverse, const T* states, int64_t stride, const T* initial, const T* mask,
               T* buffer, int64_t columns)
      : axis_(axis),
        walk_(axis, reverse),
        states_(states),
        stride_(stride),
        initial_(initial),
        mask_(mask),
        buffer_(buffer),
        columns_(columns) {}

  const T* operator()(int64_t row) {
    while (row >= axis_.offsets[step_ + 1]) ++step_;
    while (row < axis_.offsets[step_]) --step_;
    const Place at = walk_.place(step_, row - axis_.offsets[step_]);
    const T* state = at.begins ? row_or_null(initial_, at.sequence, columns_) : states_ + at.previous * stride_;
    if (mask_ == nullptr || state == nullptr) return state;
    const T* mask = mask_ + at.sequence * columns_;
    for_columns<T>(columns_, [&](int64_t c, int n) {
      (Vec<T>::load(state + c, n) * Vec<T>::load(mask + c, n)).store(buffer_ + c, n);
    });
    return buffer_;
  }

 private:
  const BpttAxis& axis_;
  Walk walk_;
  const T* states_;
  int64_t stride_;  // of the states
  const T* initial_;
  const T* mask_;
  T* buffer_;
  int64_t columns_;
  int64_t step_ = 0;  // of the last row asked for
};

// Memory of this thread for a masked row. It follows the memory of transposed_product.
template <typename T>
T* masked_row(const BpttCall& call) {
  return static_cast<T*>(call.thread_scratch) +
         transposed_product_scratch<T>(0).per_thread / static_cast<int64_t>(sizeof(T));
}

template <typename T>
BpttScratch state_product_scratch(int64_t columns, int64_t inputs = 0) {
  BpttScratch scratch = transposed_product_scratch<T>(columns + inputs);
  scratch.per_thread += columns * static_cast<int64_t>(sizeof(T));
  return scratch;
}

}  // namespace

// dR = sum over all rows of da^T h_previous, and dW = sum over all rows of da^T x.
//   da   [N,G]  in
//   y    [N,H]  in   hidden states
//   h0   [B,H]  in   may be absent: zero
//   mask [B,H]  in   of variational dropout; may be absent
//   x    [N,I]  in   for dW
//   dR   [G,H]  out
//   dW   [G,I]  out  may be absent
template <typename T>
void stateWeightGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::stateWeightGradient);
  constexpr Operand kDa = kRow["da"], kY = kRow["y"], kH0 = kRow["h0"], kMask = kRow["mask"], kX = kRow["x"],
                    kDR = kRow["dR"], kDW = kRow["dW"];
  constexpr Attribute kReverse = kRow.attribute("reverse");
  const int64_t H = columns(*call, kY), G = columns(*call, kDa);
  T* dW = data<T>(*call, kDW);
  const int64_t I = dW == nullptr ? 0 : columns(*call, kX);
  PreviousRows<T> previous(*call->axis, is_set(*call, kReverse), data<T>(*call, kY), stride(*call, kY),
                           data<T>(*call, kH0), data<T>(*call, kMask), masked_row<T>(*call), H);
  const T* x = data<T>(*call, kX);
  transposed_product<T>(*call, data<T>(*call, kDa), G, G, call->axis->rows,
                        right_columns(H, data<T>(*call, kDR), previous),
                        right_columns(I, dW, [&](int64_t row) { return x + row * I; }));
}

template <typename T>
BpttScratch stateWeightGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Row kRow(Opcode::stateWeightGradient);
  constexpr Operand kY = kRow["y"], kX = kRow["x"];
  return state_product_scratch<T>(of(operands, kY).columns, of(operands, kX).columns);
}

// dR for both forms of the gated recurrent unit, gates r z n.
//   da   [N,3H]  in   gradient of a
//   s    [N,H]   in   reset-after: ds; reset-before: r * h_previous
//   y    [N,H]   in
//   h0   [B,H]   in   may be absent: zero
//   mask [B,H]   in   of variational dropout; may be absent
//   dR   [3H,H]  out  rows r and z: da^T h_previous; rows n: ds^T h_previous, or da_n^T (r * h_previous)
template <typename T>
void gruWeightGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::gruWeightGradient);
  constexpr Operand kDa = kRow["da"], kS = kRow["s"], kY = kRow["y"], kH0 = kRow["h0"], kMask = kRow["mask"],
                    kDR = kRow["dR"];
  constexpr Attribute kResetAfter = kRow.attribute("resetAfter"), kReverse = kRow.attribute("reverse");
  const int64_t H = columns(*call, kS);
  const int64_t N = call->axis->rows;
  const T* da = data<T>(*call, kDa);
  const T* s = data<T>(*call, kS);
  T* dR = data<T>(*call, kDR);
  const PreviousRows<T> previous(*call->axis, is_set(*call, kReverse), data<T>(*call, kY), stride(*call, kY),
                                 data<T>(*call, kH0), data<T>(*call, kMask), masked_row<T>(*call), H);
  transposed_product<T>(*call, da, 3 * H, 2 * H, N, right_columns(H, dR, previous));
  if (barrier(*call)) return;  // the next product uses the same scratch memory
  T* candidate_rows = dR + 2 * H * H;
  if (is_set(*call, kResetAfter)) {
    transposed_product<T>(*call, s, H, H, N, right_columns(H, candidate_rows, previous));
  } else {
    transposed_product<T>(*call, da + 2 * H, 3 * H, H, N,
                          right_columns(H, candidate_rows, [&](int64_t row) { return s + row * H; }));
  }
}

template <typename T>
BpttScratch gruWeightGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kS = Row(Opcode::gruWeightGradient)["s"];
  return state_product_scratch<T>(of(operands, kS).columns);
}

// dbR of the reset-after form: column sums of the r and z columns of da, and of ds.
template <typename T>
void gruBiasGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::gruBiasGradient);
  constexpr Operand kDa = kRow["da"], kDs = kRow["ds"], kDb = kRow["db"];
  const int64_t H = columns(*call, kDs);
  const int64_t N = rows(*call, kDa);
  T* db = data<T>(*call, kDb);
  column_sums<T>(data<T>(*call, kDa), 3 * H, N, share(2 * H, sum_width<T>(), *call->team), db);
  column_sums<T>(data<T>(*call, kDs), H, N, share(H, sum_width<T>(), *call->team), db + 2 * H);
}

namespace {

// dP has one row for each peephole: the sum over all rows of da of its gate times the cell state that it reads.
template <typename T, typename A>
void peephole_gradient(const BpttCall& call, bool is_coupled) {
  constexpr Row kRow(Opcode::peepholeGradient);
  static_assert(have_same_operands(Opcode::peepholeGradient, Opcode::coupledPeepholeGradient) &&
                have_same_attributes(Opcode::peepholeGradient, Opcode::coupledPeepholeGradient));
  constexpr Operand kDa = kRow["da"], kC = kRow["c"], kSeen = kRow["seen"], kC0 = kRow["c0"], kDP = kRow["dP"];
  constexpr Attribute kReverse = kRow.attribute("reverse");
  const int64_t H = columns(call, kC);
  const int64_t stride = columns(call, kDa);
  const T* da = data<T>(call, kDa);
  const A* seen = data<A>(call, kSeen);
  T* dP = data<T>(call, kDP);
  const Range mine = share(H, sum_width<T>(), *call.team);
  const int64_t peepholes = is_coupled ? 2 : 3;
  for (int64_t p = 0; p < peepholes; ++p) {
    const bool is_output = p + 1 == peepholes;
    const int64_t gate = is_output ? p + 1 : p;  // the output gate follows the cell gate, which has no peephole
    PreviousRows<T> previous(*call.axis, is_set(call, kReverse), data<T>(call, kC), H, data<T>(call, kC0), nullptr,
                             nullptr, H);
    const T* state = nullptr;
    column_sums_of<T>(
        call.axis->rows, mine, [&](int64_t row) { state = is_output ? nullptr : previous(row); },
        [&](int64_t row, int64_t c, int n) {
          const Vec<T> read =
              is_output ? Vec<T>::load(seen + row * H + c, n) : Vec<T>::load_or_zero(at_or_null(state, c), n);
          return Vec<T>::load(da + row * stride + gate * H + c, n) * read;
        },
        dP + p * H);
  }
}

}  // namespace

//   da   [N,4H]  in
//   c    [N,H]   in   cell states
//   seen [N,H]   in   cell states that the output gate saw: c, or what it was before zoneout
//   c0   [B,H]   in   may be absent: zero
//   dP   [3,H]   out  of the gates i, f, o
template <typename T, typename A>
void peepholeGradient(const BpttCall* call) {
  peephole_gradient<T, A>(*call, false);
}

// The same for the gates i and o of a cell with coupled gates.
template <typename T, typename A>
void coupledPeepholeGradient(const BpttCall* call) {
  peephole_gradient<T, A>(*call, true);
}

BPTT_INSTANTIATE(stateWeightGradient);
BPTT_INSTANTIATE_SCRATCH(stateWeightGradient);
BPTT_INSTANTIATE(gruWeightGradient);
BPTT_INSTANTIATE_SCRATCH(gruWeightGradient);
BPTT_INSTANTIATE(gruBiasGradient);
BPTT_INSTANTIATE(peepholeGradient);
BPTT_INSTANTIATE(coupledPeepholeGradient);

}  // namespace kernel
}  // namespace bptt
