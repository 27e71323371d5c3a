// Gated recurrent unit with the reset gate before the product, gates in the order r z n.
//   r, z = sigmoid(a + R h + bR);   s = r*h;   n = tanh(a_n + Rn s + bRn);   h' = z*h + (1-z)*n
// The candidate needs r of all units, so a step has two products and two barriers.
// Source: Cho et al. 2014 (there z and 1-z are exchanged).
#include "kernels/generic/declarations.h"
#include "kernels/generic/gru_gates.h"
#include "kernels/generic/sequence.h"

namespace bptt {
namespace kernel {

//   a     [N,3H]  in   input projection, may be the same memory as gates
//   p     [H,2H]  in   rows r and z of R packed, the gates of a unit together
//   pn    [H,H]   in   rows n of R packed
//   bR    [3H]    in   may be absent
//   h0    [B,H]   in   may be absent: zero
//   y     [N,H]   out  hidden states
//   gates [N,3H]  out  activated gates, kept for the backward pass
//   s     [N,H]   out  r * h_previous, kept for the weight gradient
//   hT    [B,H]   out  state of each sequence at its own end; may be absent
template <typename T>
void gruResetBefore(const BpttCall* call) {
  enum { kA, kP, kPn, kBias, kH0, kY, kActivated, kS, kHT };
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  const BpttAxis& axis = *call->axis;
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* bias = data<T>(*call, kBias);
  const T* h0 = data<T>(*call, kH0);
  T* y = data<T>(*call, kY);
  T* gates = data<T>(*call, kActivated);
  T* reset = data<T>(*call, kS);
  T* hT = data<T>(*call, kHT);
  const Range gate_panels = share(panels_of(H, L), 1, *call->team);
  const Range candidate_panels = share(panels_of(H, NV * L), 1, *call->team);
  for (int64_t t = 0; t < axis.steps; ++t) {
    const int64_t batch = axis.batch_sizes[t];
    const T* states = t == 0 ? h0 : y + axis.offsets[t - 1] * H;
    for_rows<T, 2>(
        batch, states == nullptr ? 0 : batch, factor<T>(states, H), data<T>(*call, kP), gate_panels,
        [&](int64_t b, int64_t panel, const T* product) {
          const int64_t row = axis.offsets[t] + b;
          const int64_t u = panel * L;
          const int n_lanes = static_cast<int>(std::min<int64_t>(L, H - u));
          Vec<T> gate[2];
          for (int g = 0; g < 2; ++g) {
            gate[g] =
                sigmoid(Vec<T>::load(a + row * kGruGates * H + g * H + u, n_lanes) + Vec<T>::load(product + g * L) +
                        Vec<T>::load_or_zero(at_or_null(bias, g * H + u), n_lanes));
            gate[g].store(gates + row * kGruGates * H + g * H + u, n_lanes);
          }
          const T* previous = row_or_null(states, b, H);
          (gate[kReset] * Vec<T>::load_or_zero(at_or_null(previous, u), n_lanes)).store(reset + row * H + u, n_lanes);
        });
    if (barrier(*call)) return;
    for_rows<T, NV>(batch, batch, factor<T>(reset + axis.offsets[t] * H, H), data<T>(*call, kPn), candidate_panels,
                    [&](int64_t b, int64_t panel, const T* product) {
                      const Place at = place_of(axis, t, b);
                      for_units<T>(panel, H, [&](int v, int64_t u, int n_lanes) {
                        const T* row = a + at.row * kGruGates * H + u;
                        T* kept = gates + at.row * kGruGates * H + u;
                        const Vec<T> n =
                            tanh(Vec<T>::load(row + kCandidate * H, n_lanes) + Vec<T>::load(product + v * L) +
                                 Vec<T>::load_or_zero(at_or_null(bias, kCandidate * H + u), n_lanes));
                        const T* previous = row_or_null(states, b, H);
                        const Vec<T> z = Vec<T>::load(kept + kUpdate * H, n_lanes);
                        const Vec<T> h = n + z * (Vec<T>::load_or_zero(at_or_null(previous, u), n_lanes) - n);
                        n.store(kept + kCandidate * H, n_lanes);
                        h.store(y + at.row * H + u, n_lanes);
                        if (at.last && hT != nullptr) h.store(hT + b * H + u, n_lanes);
                      });
                    });
    if (barrier(*call)) return;
  }
}

//   dy    [N,H]   in   may be absent
//   dhT   [B,H]   in   may be absent
//   y     [N,H]   in
//   gates [N,3H]  in   may be the same memory as da
//   h0    [B,H]   in   may be absent: zero
//   pT    [2H,H]  in   rows r and z of R packed transposed
//   pnT   [H,H]   in   rows n of R packed transposed
//   da    [N,3H]  out  gradient of a; that of R and bR follows from it
//   dh0   [B,H]   out  may be absent
template <typename T>
void gruResetBeforeBackward(const BpttCall* call) {
  enum { kDy, kDhT, kY, kActivated, kH0, kPT, kPnT, kDa, kDh0 };
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(1);
  const BpttAxis& axis = *call->axis;
  const int64_t H = columns(*call, kY);
  const T* dy = data<T>(*call, kDy);
  const T* dhT = data<T>(*call, kDhT);
  const T* y = data<T>(*call, kY);
  const T* gates = data<T>(*call, kActivated);
  const T* h0 = data<T>(*call, kH0);
  T* da = data<T>(*call, kDa);
  T* dh0 = data<T>(*call, kDh0);
  T* carried = static_cast<T*>(call->shared_scratch);  // [B,H] gradient that reaches h directly
  const Range panels = share(panels_of(H, NV * L), 1, *call->team);
  const auto gate_gradients = [&](int64_t t) {
    return Factor<T>{{da + axis.offsets[t] * kGruGates * H, kGruGates * H, kCandidate * H}, {nullptr, 0, 0}};
  };
  for (int64_t t = axis.steps - 1; t >= 0; --t) {
    const bool is_end = t + 1 == axis.steps;
    for_rows<T, NV>(
        axis.batch_sizes[t], is_end ? 0 : axis.batch_sizes[t + 1], is_end ? Factor<T>{} : gate_gradients(t + 1),
        data<T>(*call, kPT), panels, [&](int64_t b, int64_t panel, const T* product) {
          const Place at = place_of(axis, t, b);
          for_units<T>(panel, H, [&](int v, int64_t u, int n_lanes) {
            const Vec<T> dh = state_gradient(at, Vec<T>::load(product + v * L), dy, dhT, carried, H, u, n_lanes);
            const GruRow<T> row = load_gru_row(gates, y, h0, at, H, u, n_lanes);
            T* out = da + at.row * kGruGates * H + u;

            (dh * (row.previous - row.n) * sigmoid_slope(row.z)).store(out + kUpdate * H, n_lanes);
            (dh * (Vec<T>(T(1)) - row.z) * tanh_slope(row.n)).store(out + kCandidate * H, n_lanes);
            (dh * row.z).store(carried + b * H + u, n_lanes);
          });
        });
    if (barrier(*call)) return;
    const Factor<T> candidate = {{da + axis.offsets[t] * kGruGates * H + kCandidate * H, kGruGates * H, H},
                                 {nullptr, 0, 0}};
    for_rows<T, NV>(axis.batch_sizes[t], axis.batch_sizes[t], candidate, data<T>(*call, kPnT), panels,
                    [&](int64_t b, int64_t panel, const T* product) {
                      const Place at = place_of(axis, t, b);
                      const T* states = at.first ? row_or_null(h0, b, H) : y + at.previous * H;
                      for_units<T>(panel, H, [&](int v, int64_t u, int n_lanes) {
                        const Vec<T> dreset = Vec<T>::load(product + v * L);
                        // Where da stands over gates, r is still there: its gradient is written last.
                        const Vec<T> r = Vec<T>::load(gates + at.row * kGruGates * H + kReset * H + u, n_lanes);
                        (dreset * Vec<T>::load_or_zero(at_or_null(states, u), n_lanes) * sigmoid_slope(r))
                            .store(da + at.row * kGruGates * H + kReset * H + u, n_lanes);
                        (Vec<T>::load(carried + b * H + u, n_lanes) + dreset * r).store(carried + b * H + u, n_lanes);
                      });
                    });
    if (barrier(*call)) return;
  }
  write_initial_gradient<T>(*call, panels, data<T>(*call, kPT), gate_gradients(0), {dh0, carried, H});
}

template <typename T>
BpttScratch gruResetBeforeBackwardScratch(const BpttOperand* operands, const BpttAxis* axis) {
  return state_scratch<T>(*axis, operands[2].columns);
}

BPTT_INSTANTIATE(gruResetBefore);
BPTT_INSTANTIATE(gruResetBeforeBackward);
BPTT_INSTANTIATE_SCRATCH(gruResetBeforeBackward);

}  // namespace kernel
}  // namespace bptt
