// What the two forms of the gated recurrent unit share: the gate order, and reading one row in the backward pass.
#pragma once

#include "kernels/generic/sequence.h"

namespace bptt {
namespace kernel {

enum GruGate { kReset, kUpdate, kCandidate, kGruGates };

template <typename T>
struct GruRow {
  Vec<T> r, z, n, previous;
};

template <typename T>
inline GruRow<T> load_gru_row(const T* gates, const T* y, const T* h0, const Place& at, int64_t H, int64_t u,
                              int n_lanes) {
  const T* kept = gates + at.row * kGruGates * H + u;
  const T* previous = at.first ? row_or_null(h0, at.sequence, H) : y + at.previous * H;
  return {Vec<T>::load(kept + kReset * H, n_lanes), Vec<T>::load(kept + kUpdate * H, n_lanes),
          Vec<T>::load(kept + kCandidate * H, n_lanes), Vec<T>::load_or_zero(at_or_null(previous, u), n_lanes)};
}

// The whole gradient of h at one place: through the recurrent product, from the output, and directly from the step
// after (`carried`), or from the final state where the sequence ends.
template <typename T>
inline Vec<T> state_gradient(const Place& at, Vec<T> product, const T* dy, const T* dhT, const T* carried, int64_t H,
                             int64_t u, int n_lanes) {
  Vec<T> dh = product;
  if (dy != nullptr) dh = dh + Vec<T>::load(dy + at.row * H + u, n_lanes);
  if (!at.last) return dh + Vec<T>::load(carried + at.sequence * H + u, n_lanes);
  return dhT == nullptr ? dh : dh + Vec<T>::load(dhT + at.sequence * H + u, n_lanes);
}

}  // namespace kernel
}  // namespace bptt
