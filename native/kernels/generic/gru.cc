// Gated recurrent unit with the reset gate after the product, gates in the order r z n.
//   r, z = sigmoid(a + R h + bR);   s = Rn h + bRn;   n = tanh(a_n + r*s);   h' = z*h + (1-z)*n
// Sources: Cho et al. 2014 for the gates; the reset-after form is cuDNN's and torch.nn.GRU's (test/golden).
#include "kernels/generic/declarations.h"
#include "kernels/generic/gru_gates.h"
#include "kernels/generic/sequence.h"
#include "kernels/generic/transposed_product.h"

namespace bptt {
namespace kernel {

//   a     [N,3H]  in   input projection, may be the same memory as gates
//   p     [H,3H]  in   R packed, the gates of a unit together
//   bR    [3H]    in   may be absent
//   h0    [B,H]   in   may be absent: zero
//   y     [N,H]   out  hidden states
//   gates [N,3H]  out  activated gates, kept for the backward pass
//   s     [N,H]   out  Rn h + bRn, kept for the backward pass
//   hT    [B,H]   out  state of each sequence at its own end; may be absent
template <typename T>
void gru(const BpttCall* call) {
  enum { kA, kP, kBias, kH0, kY, kActivated, kS, kHT };
  constexpr int L = Vec<T>::kLanes;
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* bias = data<T>(*call, kBias);
  const T* h0 = data<T>(*call, kH0);
  T* y = data<T>(*call, kY);
  T* gates = data<T>(*call, kActivated);
  T* candidate = data<T>(*call, kS);
  T* hT = data<T>(*call, kHT);
  const Range panels = share(panels_of(H, L), 1, *call->team);
  forward_in_time<T, kGruGates>(
      *call, panels, data<T>(*call, kP),
      [&](int64_t t) { return factor<T>(t == 0 ? h0 : y + call->axis->offsets[t - 1] * H, H); },
      [&](const Place& at, int64_t panel, const T* product) {
        const int64_t u = panel * L;
        const int n_lanes = static_cast<int>(std::min<int64_t>(L, H - u));
        Vec<T> x[kGruGates], recurrent[kGruGates];
        for (int gate = 0; gate < kGruGates; ++gate) {
          x[gate] = Vec<T>::load(a + at.row * kGruGates * H + gate * H + u, n_lanes);
          recurrent[gate] =
              Vec<T>::load(product + gate * L) + Vec<T>::load_or_zero(at_or_null(bias, gate * H + u), n_lanes);
        }
        const Vec<T> r = sigmoid(x[kReset] + recurrent[kReset]), z = sigmoid(x[kUpdate] + recurrent[kUpdate]);
        const Vec<T> s = recurrent[kCandidate];
        const Vec<T> n = tanh(x[kCandidate] + r * s);
        const T* previous = at.first ? row_or_null(h0, at.sequence, H) : y + at.previous * H;
        const Vec<T> h = n + z * (Vec<T>::load_or_zero(at_or_null(previous, u), n_lanes) - n);
        T* kept = gates + at.row * kGruGates * H + u;
        r.store(kept + kReset * H, n_lanes);
        z.store(kept + kUpdate * H, n_lanes);
        n.store(kept + kCandidate * H, n_lanes);
        s.store(candidate + at.row * H + u, n_lanes);
        h.store(y + at.row * H + u, n_lanes);
        if (at.last && hT != nullptr) h.store(hT + at.sequence * H + u, n_lanes);
      });
}

//   dy    [N,H]   in   may be absent
//   dhT   [B,H]   in   may be absent
//   y     [N,H]   in
//   gates [N,3H]  in   may be the same memory as da
//   s     [N,H]   in   may be the same memory as ds
//   h0    [B,H]   in   may be absent: zero
//   pT    [3H,H]  in   R packed transposed
//   da    [N,3H]  out  gradient of a
//   ds    [N,H]   out  gradient of s; with the r and z columns of da, that of R and bR follows from it
//   dh0   [B,H]   out  may be absent
template <typename T>
void gruBackward(const BpttCall* call) {
  enum { kDy, kDhT, kY, kActivated, kS, kH0, kPT, kDa, kDs, kDh0 };
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  const int64_t H = columns(*call, kY);
  const T* dy = data<T>(*call, kDy);
  const T* dhT = data<T>(*call, kDhT);
  const T* y = data<T>(*call, kY);
  const T* gates = data<T>(*call, kActivated);
  const T* candidate = data<T>(*call, kS);
  const T* h0 = data<T>(*call, kH0);
  T* da = data<T>(*call, kDa);
  T* ds = data<T>(*call, kDs);
  T* dh0 = data<T>(*call, kDh0);
  T* carried = static_cast<T*>(call->shared_scratch);  // [B,H] gradient that reaches h directly from the step after
  const Range panels = share(panels_of(H, NV * L), 1, *call->team);
  backward_in_time<T>(
      *call, panels, data<T>(*call, kPT),
      [&](int64_t t) {
        const int64_t row = call->axis->offsets[t];
        return Factor<T>{{da + row * kGruGates * H, kGruGates * H, kCandidate * H}, {ds + row * H, H, H}};
      },
      [&](const Place& at, int64_t panel, const T* product) {
        for_units<T>(panel, H, [&](int v, int64_t u, int n_lanes) {
          const Vec<T> dh = state_gradient(at, Vec<T>::load(product + v * L), dy, dhT, carried, H, u, n_lanes);
          const GruRow<T> row = load_gru_row(gates, y, h0, at, H, u, n_lanes);
          const Vec<T> dn = dh * (Vec<T>(T(1)) - row.z) * tanh_slope(row.n);
          const Vec<T> s = Vec<T>::load(candidate + at.row * H + u, n_lanes);
          T* out = da + at.row * kGruGates * H + u;
          (dn * s * sigmoid_slope(row.r)).store(out + kReset * H, n_lanes);
          (dh * (row.previous - row.n) * sigmoid_slope(row.z)).store(out + kUpdate * H, n_lanes);
          dn.store(out + kCandidate * H, n_lanes);
          (dn * row.r).store(ds + at.row * H + u, n_lanes);
          (dh * row.z).store(carried + at.sequence * H + u, n_lanes);
        });
      },
      {dh0, carried, H});
}

template <typename T>
BpttScratch gruBackwardScratch(const BpttOperand* operands, const BpttAxis* axis) {
  return state_scratch<T>(*axis, operands[2].columns);
}

// dR for both forms.
//   da  [N,3H]  in   gradient of a
//   s   [N,H]   in   reset-after: ds; reset-before: r * h_previous
//   y   [N,H]   in
//   h0  [B,H]   in   may be absent: zero
//   dR  [3H,H]  out  rows r and z: da^T h_previous; rows n: ds^T h_previous, or da_n^T (r * h_previous)
template <typename T>
void gruWeightGradient(const BpttCall* call) {
  const int64_t H = columns(*call, 1);
  const int64_t N = call->axis->rows;
  const T* da = data<T>(*call, 0);
  const T* s = data<T>(*call, 1);
  T* dR = data<T>(*call, 4);
  PreviousRow<T> previous(*call->axis, data<T>(*call, 2), data<T>(*call, 3), H);
  transposed_product<T>(*call, da, kGruGates * H, kCandidate * H, N, H, dR, previous);
  if (barrier(*call)) return;  // the scratch memory is used again
  T* candidate_rows = dR + kCandidate * H * H;
  if (call->attributes[0] != 0) {
    transposed_product<T>(*call, s, H, H, N, H, candidate_rows,
                          PreviousRow<T>(*call->axis, data<T>(*call, 2), data<T>(*call, 3), H));
  } else {
    transposed_product<T>(*call, da + kCandidate * H, kGruGates * H, H, N, H, candidate_rows,
                          [&](int64_t row) { return s + row * H; });
  }
}

template <typename T>
BpttScratch gruWeightGradientScratch(const BpttOperand* operands, const BpttAxis*) {
  return transposed_product_scratch<T>(operands[1].columns);
}

// dbR of the reset-after form: column sums of the r and z columns of da, and of ds.
template <typename T>
void gruBiasGradient(const BpttCall* call) {
  const int64_t H = columns(*call, 1);
  const int64_t N = rows(*call, 0);
  T* db = data<T>(*call, 2);
  column_sums<T>(data<T>(*call, 0), kGruGates * H, N, share(kCandidate * H, sum_width<T>(), *call->team), db);
  column_sums<T>(data<T>(*call, 1), H, N, share(H, sum_width<T>(), *call->team), db + kCandidate * H);
}

BPTT_INSTANTIATE(gru);
BPTT_INSTANTIATE(gruBackward);
BPTT_INSTANTIATE_SCRATCH(gruBackward);
BPTT_INSTANTIATE(gruWeightGradient);
BPTT_INSTANTIATE_SCRATCH(gruWeightGradient);
BPTT_INSTANTIATE(gruBiasGradient);

}  // namespace kernel
}  // namespace bptt
