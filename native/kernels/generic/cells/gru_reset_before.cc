// Gated recurrent unit with the reset gate before the product, gates in the order r z n.
//   r, z = sigmoid(a + R h + bR);   s = r*h;   n = tanh(a_n + Rn s + bRn);   h' = z*h + (1-z)*n
// The candidate needs r of all units, so a step has two products and two barriers.
// Source: Cho et al. 2014 (there z and 1-z are exchanged).
#include "kernels/generic/cells/gru_gates.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

namespace {

constexpr Row kRow(Opcode::gruResetBefore);
constexpr Operand kA = kRow["a"], kP = kRow["p"], kPn = kRow["pn"], kBias = kRow["bR"], kH0 = kRow["h0"],
                  kMask = kRow["mask"], kZone = kRow["zone"], kY = kRow["y"], kActivated = kRow["gates"],
                  kS = kRow["s"], kHT = kRow["hT"], kSlopes = kRow["slopes"];

// The equations of one row and one vector of units, and where its values lie.
template <typename T>
struct GruResetBeforeCell {
  int64_t H;
  const T* a;     // [N,3H]
  const T* bias;  // [3H] or null
  T* gates;       // [N,3H]
  T* reset;       // [N,H] r*h
  T* slopes;      // [N,3H] or null
  GruAttributes<T, false> on;
  const HiddenState<T, false>& hidden;

  // The argument of a gate's activation.
  BPTT_INLINE Vec<T> sum(const Place& at, int gate, int64_t u, int n_lanes, Vec<T> product) const {
    return Vec<T>::load(a + (at.row * kGruGates + gate) * H + u, n_lanes) + product +
           Vec<T>::load_or_zero(at_or_null(bias, gate * H + u), n_lanes);
  }

  // A gate from its argument. Keeps the derivative for the backward pass, where that reads it.
  BPTT_INLINE Vec<T> activated(const Place& at, int gate, int64_t u, int n_lanes, Vec<T> x) const {
    const Vec<T> value = on.activated(gate, x);
    if (slopes != nullptr) on.slope_at(gate, x, value).store(slopes + (at.row * kGruGates + gate) * H + u, n_lanes);
    return value;
  }

  // First half of a step: from a row of a tile (R h of r and z) to these gates and r*h.
  BPTT_INLINE void tile_row(const Place& at, int64_t u, int n_lanes, const T* tile) const {
    Vec<T> gate[kCandidateGate];
    for (int g = 0; g < kCandidateGate; ++g) {
      gate[g] = activated(at, g, u, n_lanes, sum(at, g, u, n_lanes, Vec<T>::load(tile + g * Vec<T>::kLanes)));
      gate[g].store(gates + (at.row * kGruGates + g) * H + u, n_lanes);
    }
    (gate[kReset] * hidden.fed(at, u, n_lanes)).store(reset + at.row * H + u, n_lanes);
  }

  // Second half: from Rn (r*h) to the candidate and the new state.
  BPTT_INLINE void candidate_units(const Place& at, int64_t u, int n_lanes, Vec<T> product) const {
    T* kept = gates + at.row * kGruGates * H + u;
    const Vec<T> n = activated(at, kCandidateGate, u, n_lanes, sum(at, kCandidateGate, u, n_lanes, product));
    const Vec<T> z = Vec<T>::load(kept + kUpdate * H, n_lanes);
    n.store(kept + kCandidateGate * H, n_lanes);
    hidden.put(at, u, n_lanes, gru_state(z, hidden.previous(at, u, n_lanes), n));
  }
};

// What the reset-before form adds to GruGradient: the gradient of the reset gate.
template <typename T>
struct GruResetBeforeGradient {
  int64_t H;
  const T* mask;  // [B,H] or null
  const StateRows<T>& states;
  const GruGradient<T, T, false>& cell;
  const HiddenGradient<T, false>& hidden;

  // From the gradient of r*h to the gradients of the argument of r and of h.
  BPTT_INLINE void reset_units(const Place& at, int64_t u, int n_lanes, Vec<T> dreset) const {
    Vec<T> fed = states.previous(at, u, n_lanes);
    if (mask != nullptr) fed = fed * Vec<T>::load(mask + at.sequence * H + u, n_lanes);
    const Vec<T> r = cell.gate(at, kReset, u, n_lanes);
    cell.put(at, kReset, u, n_lanes, dreset * fed * cell.slope(at, kReset, u, n_lanes, r));
    hidden.pass_fed(at, u, n_lanes, dreset * r);
  }
};

constexpr Row kBackwardRow(Opcode::gruResetBeforeBackward);
constexpr Operand kDy = kBackwardRow["dy"], kDhT = kBackwardRow["dhT"], kStates = kBackwardRow["y"],
                  kGates = kBackwardRow["gates"], kInitial = kBackwardRow["h0"], kPT = kBackwardRow["pT"],
                  kPnT = kBackwardRow["pnT"], kKeptSlopes = kBackwardRow["slopes"],
                  kBackwardMask = kBackwardRow["mask"], kBackwardZone = kBackwardRow["zone"], kDa = kBackwardRow["da"],
                  kDh0 = kBackwardRow["dh0"];

}  // namespace

//   a     [N,3H]  in   input projection, may be the same memory as gates
//   p     [H,2H]  in   rows r and z of R packed, the gates of a unit together
//   pn    [H,H]   in   rows n of R packed
//   bR    [3H]    in   may be absent
//   h0    [B,H]   in   may be absent: zero
//   mask  [B,H]   in   of variational dropout; may be absent
//   zone  [N,H]   in   of zoneout; may be absent: the constant `zoneout`
//   y     [N,H]   out  hidden states
//   gates [N,3H]  out  activated gates, kept for the backward pass
//   s     [N,H]   out  r times the state before, masked; kept for the weight gradient
//   hT    [B,H]   out  state of each sequence at the end of its walk; may be absent
//   slopes [N,3H] out  derivatives of the gates' activations at their arguments; may be absent
template <typename T, typename S>
void gruResetBefore(const BpttCall* call) {
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* bias = data<T>(*call, kBias);
  const T* mask = data<T>(*call, kMask);
  T* gates = data<T>(*call, kActivated);
  T* reset = data<T>(*call, kS);
  const GruAttributes<T, false> on(*call, GruForward<Opcode::gruResetBefore>());
  Scratch scratch(call->shared_scratch);
  const MaskedStates<T> masked(&scratch, *call->axis, H, mask != nullptr);
  const Walk walk(*call->axis, on.reverse);
  HiddenState<T, false> hidden(walk,
                               {data<T>(*call, kY), stride(*call, kY), data<T>(*call, kH0), data<T>(*call, kHT), H},
                               mask, {data<T>(*call, kZone), on.zoneout}, masked);
  const Panels gate_panels = my_unit_panels<T>(*call, H);
  const Panels candidate_panels = my_panels<T>(*call, H);
  const GruResetBeforeCell<T> cell{H, a, bias, gates, reset, data<T>(*call, kSlopes), on, hidden};

  Scratch own(call->thread_scratch);
  const StepFactors<T, S> factors(&own, call->axis->batch, H);

  if (!hidden.begin(*call)) return;
  walk_forward(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    for_rows<T, 2, S>(factors.of(hidden.left(t)), data<S>(*call, kP), gate_panels,
                      row_by_row([&](int64_t b, int64_t panel, const T* tile) BPTT_FLATTEN {
                        with_panel_units<T>(
                            panel, H, [&](int64_t u, auto n_lanes) { cell.tile_row(places(b), u, n_lanes, tile); });
                      }));
    if (barrier(*call)) return false;
    const StepRows<T> reset_states = all_rows(walk.alive(t), factor<T>(reset + walk.row(t) * H, H));
    for_places<T, S>(places, factors.of(reset_states), data<S>(*call, kPn), candidate_panels,
                     [&](const Place& at, int64_t u, auto n_lanes, Vec<T> product) {
                       cell.candidate_units(at, u, n_lanes, product);
                     });
    return true;
  });
}

template <typename T, typename S>
BpttScratch gruResetBeforeScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  const int64_t H = of(operands, kY).columns;
  Scratch scratch;
  MaskedStates<T>(&scratch, *axis, H, has(operands, kMask));
  return {scratch.bytes(), StepFactors<T, S>::bytes(axis->batch, H)};
}

//   dy    [N,H]   in   may be absent
//   dhT   [B,H]   in   may be absent
//   y     [N,H]   in
//   gates [N,3H]  in   may be the same memory as da
//   h0    [B,H]   in   may be absent: zero
//   pT    [2H,H]  in   rows r and z of R packed transposed
//   pnT   [H,H]   in   rows n of R packed transposed
//   mask, zone as in the forward pass
//   slopes [N,3H] in   derivatives of the gates' activations; may be absent: they follow from the gates
//   da    [N,3H]  out  gradient of a; that of R and bR follows from it
//   dh0   [B,H]   out  may be absent
template <typename T, typename S>
void gruResetBeforeBackward(const BpttCall* call) {
  const int64_t H = columns(*call, kStates);
  const T* mask = data<T>(*call, kBackwardMask);
  T* da = data<T>(*call, kDa);
  const GruAttributes<T, false> on(*call, GruBackward<Opcode::gruResetBeforeBackward>());
  const Walk walk(*call->axis, on.reverse);
  const StateRows<T> states{data<T>(*call, kStates), stride(*call, kStates), data<T>(*call, kInitial), nullptr, H};
  const HiddenGradient<T, false> hidden({data<T>(*call, kDy),
                                         stride(*call, kDy),
                                         data<T>(*call, kDhT),
                                         mask,
                                         {data<T>(*call, kBackwardZone), on.zoneout},
                                         data<T>(*call, kDh0),
                                         H,
                                         true},
                                        static_cast<T*>(call->shared_scratch));
  const GruGradient<T, T, false> cell(on, data<T>(*call, kGates), data<T>(*call, kKeptSlopes), states, da, hidden);
  const GruResetBeforeGradient<T> reset{H, mask, states, cell, hidden};
  const Panels panels = my_panels<T>(*call, H);
  const auto left_of = [&](int64_t t) {
    return Factor<T>{{da + walk.row(t) * kGruGates * H, kGruGates * H, kCandidateGate * H}, {nullptr, 0, 0}};
  };

  Scratch own(call->thread_scratch);
  const StepFactors<T, S> factors(&own, call->axis->batch, kCandidateGate * H);

  const bool is_done = walk_back(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    for_places<T, S>(
        places, factors.of(following_rows<T>(walk, t, left_of)), data<S>(*call, kPT), panels,
        [&](const Place& at, int64_t u, auto n_lanes, Vec<T> product) { cell.apply(at, u, n_lanes, product); });
    if (barrier(*call)) return false;
    const Factor<T> candidate = {{da + (walk.row(t) * kGruGates + kCandidateGate) * H, kGruGates * H, H},
                                 {nullptr, 0, 0}};
    for_places<T, S>(
        places, factors.of(all_rows(walk.alive(t), candidate)), data<S>(*call, kPnT), panels,
        [&](const Place& at, int64_t u, auto n_lanes, Vec<T> dreset) { reset.reset_units(at, u, n_lanes, dreset); });
    return true;
  });
  if (is_done) hidden.finish(walk, data<S>(*call, kPT), panels, left_of, factors);
}

template <typename T, typename S>
BpttScratch gruResetBeforeBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  const int64_t H = of(operands, kStates).columns;
  return {axis->batch * H * static_cast<int64_t>(sizeof(T)), StepFactors<T, S>::bytes(axis->batch, kCandidateGate * H)};
}

BPTT_INSTANTIATE(gruResetBefore);
BPTT_INSTANTIATE_SCRATCH(gruResetBefore);
BPTT_INSTANTIATE(gruResetBeforeBackward);
BPTT_INSTANTIATE_SCRATCH(gruResetBeforeBackward);

}  // namespace kernel
}  // namespace bptt
