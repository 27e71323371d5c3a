// Vanilla recurrent cell.   h' = f(a + R h + bR), f = tanh or relu      (a = W x + bW, made for all steps at once)
// Sources: Elman 1990; relu: Le, Jaitly, Hinton 2015.
#include "kernels/generic/declarations.h"
#include "kernels/generic/sequence.h"
#include "kernels/generic/transposed_product.h"

namespace bptt {
namespace kernel {

namespace {

constexpr int kTanh = 0;

template <typename T>
constexpr int vectors() {
  return Tiling<T>::vectors(1);
}

}  // namespace

//   a   [N,H]  in   input projection, may be the same memory as y
//   p   [H,H]  in   R packed
//   bR  [H]    in   may be absent
//   h0  [B,H]  in   may be absent: zero
//   y   [N,H]  out  hidden states
//   hT  [B,H]  out  state of each sequence at its own end; may be absent
template <typename T>
void rnn(const BpttCall* call) {
  enum { kA, kP, kBias, kH0, kY, kHT };
  constexpr int L = Vec<T>::kLanes;
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* bias = data<T>(*call, kBias);
  const T* h0 = data<T>(*call, kH0);
  T* y = data<T>(*call, kY);
  T* hT = data<T>(*call, kHT);
  const bool is_tanh = call->attributes[0] == kTanh;
  const Range panels = share(panels_of(H, vectors<T>() * L), 1, *call->team);
  forward_in_time<T, vectors<T>()>(
      *call, panels, data<T>(*call, kP),
      [&](int64_t t) { return factor<T>(t == 0 ? h0 : y + call->axis->offsets[t - 1] * H, H); },
      [&](const Place& at, int64_t panel, const T* product) {
        for_units<T>(panel, H, [&](int v, int64_t u, int n) {
          const Vec<T> sum = Vec<T>::load(a + at.row * H + u, n) + Vec<T>::load(product + v * L) +
                             Vec<T>::load_or_zero(at_or_null(bias, u), n);
          const Vec<T> h = is_tanh ? tanh(sum) : relu(sum);
          h.store(y + at.row * H + u, n);
          if (at.last && hT != nullptr) h.store(hT + at.sequence * H + u, n);
        });
      });
}

//   dy  [N,H]  in   may be absent
//   dhT [B,H]  in   may be absent
//   y   [N,H]  in
//   pT  [H,H]  in   R packed transposed
//   da  [N,H]  out  gradient of a; that of R and bR follows from it
//   dh0 [B,H]  out  may be absent
template <typename T>
void rnnBackward(const BpttCall* call) {
  enum { kDy, kDhT, kY, kPT, kDa, kDh0 };
  constexpr int L = Vec<T>::kLanes;
  const int64_t H = columns(*call, kY);
  const T* dy = data<T>(*call, kDy);
  const T* dhT = data<T>(*call, kDhT);
  const T* y = data<T>(*call, kY);
  T* da = data<T>(*call, kDa);
  T* dh0 = data<T>(*call, kDh0);
  const bool is_tanh = call->attributes[0] == kTanh;
  const Range panels = share(panels_of(H, vectors<T>() * L), 1, *call->team);
  backward_in_time<T>(
      *call, panels, data<T>(*call, kPT), [&](int64_t t) { return factor<T>(da + call->axis->offsets[t] * H, H); },
      [&](const Place& at, int64_t panel, const T* product) {
        for_units<T>(panel, H, [&](int v, int64_t u, int n) {
          Vec<T> dh = Vec<T>::load(product + v * L);
          if (dy != nullptr) dh = dh + Vec<T>::load(dy + at.row * H + u, n);
          if (at.last && dhT != nullptr) dh = dh + Vec<T>::load(dhT + at.sequence * H + u, n);
          const Vec<T> h = Vec<T>::load(y + at.row * H + u, n);
          (dh * (is_tanh ? tanh_slope(h) : relu_slope(h))).store(da + at.row * H + u, n);
        });
      },
      {dh0, nullptr, H});
}

// dR = sum over all rows of da^T h_previous.
//   da  [N,G]  in
//   y   [N,H]  in   hidden states
//   h0  [B,H]  in   may be absent: zero
//   dR  [G,H]  out
template <typename T>
void stateWeightGradient(const BpttCall* call) {
  const int64_t H = columns(*call, 1);
  PreviousRow<T> previous(*call->axis, data<T>(*call, 1), data<T>(*call, 2), H);
  transposed_product<T>(*call, data<T>(*call, 0), columns(*call, 0), columns(*call, 0), call->axis->rows, H,
                        data<T>(*call, 3), previous);
}

template <typename T>
BpttScratch stateWeightGradientScratch(const BpttOperand* operands, const BpttAxis*) {
  return transposed_product_scratch<T>(operands[1].columns);
}

BPTT_INSTANTIATE(rnn);
BPTT_INSTANTIATE(rnnBackward);
BPTT_INSTANTIATE(stateWeightGradient);
BPTT_INSTANTIATE_SCRATCH(stateWeightGradient);

}  // namespace kernel
}  // namespace bptt
