// Long short-term memory cell, gates in the order i f g o.
//   i, f, o = sigmoid(a + R h + bR), g = tanh(a + R h + bR);   c' = f*c + i*g;   h' = o*tanh(c')
// Sources: Hochreiter & Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000. Agrees with torch.nn.LSTM (test/golden).
#include "kernels/generic/declarations.h"
#include "kernels/generic/sequence.h"

namespace bptt {
namespace kernel {

namespace {
enum Gate { kInput, kForget, kCell, kOutput, kGates };
}

//   a     [N,4H]  in   input projection, may be the same memory as gates
//   p     [H,4H]  in   R packed, the gates of a unit together
//   bR    [4H]    in   may be absent
//   h0 c0 [B,H]   in   may be absent: zero
//   y     [N,H]   out  hidden states
//   gates [N,4H]  out  activated gates, kept for the backward pass
//   c     [N,H]   out  cell states, kept for the backward pass
//   hT cT [B,H]   out  states of each sequence at its own end; may be absent
template <typename T>
void lstm(const BpttCall* call) {
  enum { kA, kP, kBias, kH0, kC0, kY, kActivated, kC, kHT, kCT };
  constexpr int L = Vec<T>::kLanes;
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* bias = data<T>(*call, kBias);
  const T* h0 = data<T>(*call, kH0);
  const T* c0 = data<T>(*call, kC0);
  T* y = data<T>(*call, kY);
  T* gates = data<T>(*call, kActivated);
  T* cells = data<T>(*call, kC);
  T* hT = data<T>(*call, kHT);
  T* cT = data<T>(*call, kCT);
  const Range panels = share(panels_of(H, L), 1, *call->team);
  forward_in_time<T, kGates>(
      *call, panels, data<T>(*call, kP),
      [&](int64_t t) { return factor<T>(t == 0 ? h0 : y + call->axis->offsets[t - 1] * H, H); },
      [&](const Place& at, int64_t panel, const T* product) {
        const int64_t u = panel * L;
        const int n = static_cast<int>(std::min<int64_t>(L, H - u));
        Vec<T> sum[kGates];
        for (int gate = 0; gate < kGates; ++gate) {
          sum[gate] = Vec<T>::load(a + at.row * kGates * H + gate * H + u, n) + Vec<T>::load(product + gate * L);
          if (bias != nullptr) sum[gate] = sum[gate] + Vec<T>::load(bias + gate * H + u, n);
        }
        const Vec<T> i = sigmoid(sum[kInput]), f = sigmoid(sum[kForget]), g = tanh(sum[kCell]),
                     o = sigmoid(sum[kOutput]);
        const T* previous = at.first ? row_or_null(c0, at.sequence, H) : cells + at.previous * H;
        const Vec<T> c = f * Vec<T>::load_or_zero(at_or_null(previous, u), n) + i * g;
        const Vec<T> h = o * tanh(c);
        T* kept = gates + at.row * kGates * H + u;
        i.store(kept + kInput * H, n);
        f.store(kept + kForget * H, n);
        g.store(kept + kCell * H, n);
        o.store(kept + kOutput * H, n);
        c.store(cells + at.row * H + u, n);
        h.store(y + at.row * H + u, n);
        if (at.last && hT != nullptr) h.store(hT + at.sequence * H + u, n);
        if (at.last && cT != nullptr) c.store(cT + at.sequence * H + u, n);
      });
}

//   dy      [N,H]   in   may be absent
//   dhT dcT [B,H]   in   may be absent
//   gates   [N,4H]  in   may be the same memory as da
//   c       [N,H]   in
//   c0      [B,H]   in   may be absent: zero
//   pT      [4H,H]  in   R packed transposed
//   da      [N,4H]  out  gradient of a; that of R and bR follows from it
//   dh0 dc0 [B,H]   out  may be absent
template <typename T>
void lstmBackward(const BpttCall* call) {
  enum { kDy, kDhT, kDcT, kActivated, kC, kC0, kPT, kDa, kDh0, kDc0 };
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  const int64_t H = columns(*call, kC);
  const T* dy = data<T>(*call, kDy);
  const T* dhT = data<T>(*call, kDhT);
  const T* dcT = data<T>(*call, kDcT);
  const T* gates = data<T>(*call, kActivated);
  const T* cells = data<T>(*call, kC);
  const T* c0 = data<T>(*call, kC0);
  T* da = data<T>(*call, kDa);
  T* dh0 = data<T>(*call, kDh0);
  T* dc0 = data<T>(*call, kDc0);
  T* carried = static_cast<T*>(call->shared_scratch);  // [B,H] gradient that reaches the cell state from the step after
  const Range panels = share(panels_of(H, NV * L), 1, *call->team);
  backward_in_time<T>(
      *call, panels, data<T>(*call, kPT),
      [&](int64_t t) { return factor<T>(da + call->axis->offsets[t] * kGates * H, kGates * H); },
      [&](const Place& at, int64_t panel, const T* product) {
        for_units<T>(panel, H, [&](int v, int64_t u, int n) {
          Vec<T> dh = Vec<T>::load(product + v * L);
          if (dy != nullptr) dh = dh + Vec<T>::load(dy + at.row * H + u, n);
          T* carry = carried + at.sequence * H + u;
          Vec<T> dc = Vec<T>::zero();
          if (!at.last) {
            dc = Vec<T>::load(carry, n);
          } else {
            if (dhT != nullptr) dh = dh + Vec<T>::load(dhT + at.sequence * H + u, n);
            if (dcT != nullptr) dc = Vec<T>::load(dcT + at.sequence * H + u, n);
          }
          const T* kept = gates + at.row * kGates * H + u;
          const Vec<T> i = Vec<T>::load(kept + kInput * H, n), f = Vec<T>::load(kept + kForget * H, n);
          const Vec<T> g = Vec<T>::load(kept + kCell * H, n), o = Vec<T>::load(kept + kOutput * H, n);
          const Vec<T> tanh_c = tanh(Vec<T>::load(cells + at.row * H + u, n));
          const T* previous = at.first ? row_or_null(c0, at.sequence, H) : cells + at.previous * H;
          const Vec<T> c_previous = Vec<T>::load_or_zero(at_or_null(previous, u), n);
          dc = dc + dh * o * tanh_slope(tanh_c);
          T* out = da + at.row * kGates * H + u;
          (dc * g * sigmoid_slope(i)).store(out + kInput * H, n);
          (dc * c_previous * sigmoid_slope(f)).store(out + kForget * H, n);
          (dc * i * tanh_slope(g)).store(out + kCell * H, n);
          (dh * tanh_c * sigmoid_slope(o)).store(out + kOutput * H, n);
          (dc * f).store(carry, n);
          if (at.first && dc0 != nullptr) (dc * f).store(dc0 + at.sequence * H + u, n);
        });
      },
      {dh0, nullptr, H});
}

template <typename T>
BpttScratch lstmBackwardScratch(const BpttOperand* operands, const BpttAxis* axis) {
  return state_scratch<T>(*axis, operands[4].columns);
}

BPTT_INSTANTIATE(lstm);
BPTT_INSTANTIATE(lstmBackward);
BPTT_INSTANTIATE_SCRATCH(lstmBackward);

}  // namespace kernel
}  // namespace bptt
