// Gated recurrent unit with the reset gate after the product, gates in the order r z n.
//   r, z = sigmoid(a + R h + bR);   s = Rn h + bRn;   n = tanh(a_n + r*s);   h' = z*h + (1-z)*n
// With layer normalisation LN(R h)*gain stands for R h.
// Sources: Cho et al. 2014 for the gates; the reset-after form is cuDNN's and torch.nn.GRU's (test/golden); layer
// normalisation: Ba, Kiros, Hinton 2016.
#include "kernels/generic/cells/gru_gates.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/normalization.h"

namespace bptt {
namespace kernel {

namespace {

constexpr Row kRow(Opcode::gru);
constexpr Attribute kEpsilon = kRow.attribute("epsilon");
constexpr Operand kA = kRow["a"], kX = kRow["x"], kInputP = kRow["pW"], kInputBias = kRow["bW"], kP = kRow["p"],
                  kBias = kRow["bR"], kH0 = kRow["h0"], kGain = kRow["gain"], kMask = kRow["mask"],
                  kZone = kRow["zone"], kY = kRow["y"], kActivated = kRow["gates"], kS = kRow["s"],
                  kProduct = kRow["product"], kHT = kRow["hT"], kSlopes = kRow["slopes"];

template <typename T>
struct GruScratch {
  MaskedStates<T> masked;
  T* product;  // [B,3H] R h of one step, with layer normalisation

  GruScratch(const BpttOperand* operands, const BpttAxis& axis, Scratch* scratch)
      : masked(scratch, axis, of(operands, kY).columns, has(operands, kMask)),
        product(scratch->take<T>(!has(operands, kGain) ? 0 : axis.batch * of(operands, kP).columns)) {}
};

template <typename T, typename S>
CellCopies<T, S> copies_of(const BpttOperand* operands, const BpttAxis& axis, Scratch* own) {
  return {axis.batch, of(operands, kP).rows, of(operands, kX).columns, own};
}

// W x of the rows of a tile, for calls without the input projection. The candidate needs it apart from R h.
template <typename T, typename S>
class GruInputs {
 public:
  explicit GruInputs(const InputProduct<T, S>& product) : product_(product) {}

  BPTT_INLINE void begin_step(int64_t row, int64_t count) { product_.begin_step(row, count); }
  // Makes W x of the sequences [b, b + count) of the step.
  BPTT_INLINE void fill(int64_t b, int count, int64_t panel, const Panels& panels) {
    first_ = b;
    product_.fill(b, count, panel, panels, &tile_);
  }
  // W x of sequence b, for all gates of the panel's units.
  BPTT_INLINE const T* row(int64_t b) { return tile_.row(static_cast<int>(b - first_)); }

 private:
  InputProduct<T, S> product_;
  Tile<T, kGruGates> tile_;
  int64_t first_ = 0;
};

// The equations of one row and one vector of units, and where its values lie. What is kept for the backward pass is
// stored in the type A.
template <typename T, typename A, bool kPlain>
struct GruCell {
  int64_t H;
  const T* a;           // [N,3H] or null: GruInputs has W x
  const T* input_bias;  // [3H] or null
  const T* bias;        // [3H] or null
  VariantOperand<const T, kPlain> gain;
  A* gates;                            // [N,3H] or null
  A* s_rows;                           // [N,H] or null
  VariantOperand<A, kPlain> products;  // [N,3H] kept for the backward pass of layer normalisation, or null
  VariantOperand<A, kPlain> slopes;    // [N,3H] or null
  T* staged;                           // [B,3H] R h of this step, with layer normalisation
  GruAttributes<T, kPlain> on;
  T epsilon;
  const HiddenState<T, kPlain>& hidden;

  // From a row of a tile, R h of all gates, to the new state. With layer normalisation it only stages R h, which is
  // normalised when the whole row is there. `input` is the row of GruInputs.
  BPTT_INLINE void tile_row(const Place& at, int64_t u, int n_lanes, const T* tile, const T* input) const {
    constexpr int L = Vec<T>::kLanes;
    Vec<T> x[kGruGates], product[kGruGates];
#pragma GCC unroll 4
    for (int gate = 0; gate < kGruGates; ++gate) {
      if (a != nullptr) {
        x[gate] = Vec<T>::load(a + (at.row * kGruGates + gate) * H + u, n_lanes);
      } else {
        const Vec<T> shift = Vec<T>::load_or_zero(at_or_null(input_bias, gate * H + u), n_lanes);
        x[gate] = Vec<T>::load(input + gate * L) + shift;
      }
      product[gate] = Vec<T>::load(tile + gate * L);
      if (products != nullptr) product[gate].store(products + (at.row * kGruGates + gate) * H + u, n_lanes);
      if (gain != nullptr) product[gate].store(staged + (at.sequence * kGruGates + gate) * H + u, n_lanes);
    }
    if (gain == nullptr) put(at, u, n_lanes, x, product);
  }

  // From a whole row of R h to the new state.
  void normalized_row(const Place& at) const {
    const T* row = staged + at.sequence * kGruGates * H;
    const RowStatistics<T> statistics = row_statistics(row, kGruGates * H, epsilon);
    for_columns<T>(H, [&](int64_t u, int n_lanes) {
      Vec<T> x[kGruGates], product[kGruGates];
      for (int gate = 0; gate < kGruGates; ++gate) {
        x[gate] = Vec<T>::load(a + (at.row * kGruGates + gate) * H + u, n_lanes);
        product[gate] = normalized(Vec<T>::load(row + gate * H + u, n_lanes), statistics) *
                        Vec<T>::load(gain + gate * H + u, n_lanes);
      }
      put(at, u, n_lanes, x, product);
    });
  }

  // From W x + bW and R h of the three gates (normalised with layer normalisation) to the new state.
  BPTT_INLINE void put(const Place& at, int64_t u, int n_lanes, const Vec<T>* x, const Vec<T>* product) const {
    Vec<T> recurrent[kGruGates];
#pragma GCC unroll 4
    for (int gate = 0; gate < kGruGates; ++gate) {
      recurrent[gate] = product[gate] + Vec<T>::load_or_zero(at_or_null(bias, gate * H + u), n_lanes);
    }
    const Vec<T> r = activated(at, kReset, u, n_lanes, x[kReset] + recurrent[kReset]);
    const Vec<T> z = activated(at, kUpdate, u, n_lanes, x[kUpdate] + recurrent[kUpdate]);
    const Vec<T> s = recurrent[kCandidateGate];
    const Vec<T> n = activated(at, kCandidateGate, u, n_lanes, x[kCandidateGate] + r * s);
    if (gates != nullptr) {
      A* kept = gates + at.row * kGruGates * H + u;
      r.store(kept + kReset * H, n_lanes);
      z.store(kept + kUpdate * H, n_lanes);
      n.store(kept + kCandidateGate * H, n_lanes);
    }
    if (s_rows != nullptr) s.store(s_rows + at.row * H + u, n_lanes);
    hidden.put(at, u, n_lanes, gru_state(z, hidden.previous(at, u, n_lanes), n));
  }

  // A gate from its argument. Keeps the derivative for the backward pass, where that reads it.
  BPTT_INLINE Vec<T> activated(const Place& at, int gate, int64_t u, int n_lanes, Vec<T> x) const {
    const Vec<T> value = on.activated(gate, x);
    if (slopes != nullptr) on.slope_at(gate, x, value).store(slopes + (at.row * kGruGates + gate) * H + u, n_lanes);
    return value;
  }
};

template <typename T, typename S, typename A, bool kPlain>
void forward(const BpttCall* call) {
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* input_bias = data<T>(*call, kInputBias);
  const T* bias = data<T>(*call, kBias);
  Scratch own(call->thread_scratch);
  const CellCopies<T, S> copies = copies_of<T, S>(call->operands, *call->axis, &own);
  const InputProduct<T, S> input(data<T>(*call, kX), data<S>(*call, kInputP), columns(*call, kX), copies.inputs);
  const VariantOperand<const T, kPlain> gain = data<T>(*call, kGain);
  A* gates = data<A>(*call, kActivated);
  A* s_rows = data<A>(*call, kS);
  const VariantOperand<A, kPlain> products = data<A>(*call, kProduct);
  const VariantOperand<A, kPlain> slopes = data<A>(*call, kSlopes);
  const GruAttributes<T, kPlain> on(*call, GruForward<Opcode::gru>());
  Scratch memory(call->shared_scratch);
  const GruScratch<T> scratch(call->operands, *call->axis, &memory);
  const Walk walk(*call->axis, on.reverse);
  HiddenState<T, kPlain> hidden(walk,
                                {data<T>(*call, kY), stride(*call, kY), data<T>(*call, kH0), data<T>(*call, kHT), H},
                                data<T>(*call, kMask), {data<T>(*call, kZone), on.zoneout}, scratch.masked);
  const Panels panels = my_unit_panels<T>(*call, H);

  const T epsilon = static_cast<T>(number(*call, kEpsilon));
  const GruCell<T, A, kPlain> cell{H,        a,      input_bias,      bias, gain,    gates, s_rows,
                                   products, slopes, scratch.product, on,   epsilon, hidden};
  GruInputs<T, S> inputs(input);

  if (!hidden.begin(*call)) return;
  walk_forward(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    inputs.begin_step(walk.row(t), walk.alive(t));
    for_rows<T, kGruGates, S>(copies.step.of(hidden.left(t)), data<S>(*call, kP), panels,
                              row_by_row([&](int64_t b, int64_t panel, const T* tile) BPTT_FLATTEN {
                                with_panel_units<T>(panel, H, [&](int64_t u, auto n_lanes) {
                                  cell.tile_row(places(b), u, n_lanes, tile, inputs.row(b));
                                });
                              }),
                              [&](int64_t b, int count, int64_t panel, auto*) {
                                inputs.fill(b, count, panel, panels);
                                return false;
                              });
    return gain == nullptr || each_row(*call, walk, t, [&](const Place& at) { cell.normalized_row(at); });
  });
}

}  // namespace

//   a       [N,3H]  in   input projection with its bias, may be the same memory as gates; or in its place:
//   x       [N,I]   in   inputs, with
//   pW      [I,3H]  in   W packed like R, and
//   bW      [3H]    in   may be absent
//   p       [H,3H]  in   R packed, the gates of a unit together
//   bR      [3H]    in   may be absent
//   h0      [B,H]   in   may be absent: zero
//   gain    [3H]    in   layer normalisation; may be absent: none
//   mask    [B,H]   in   of variational dropout; may be absent
//   zone    [N,H]   in   of zoneout; may be absent: the constant `zoneout`
//   y       [N,H]   out  hidden states
//   gates   [N,3H]  out  activated gates, kept for the backward pass; may be absent
//   s       [N,H]   out  Rn h + bRn, kept for the backward pass; may be absent
//   product [N,3H]  out  R h, kept for the backward pass of layer normalisation; may be absent
//   hT      [B,H]   out  state of each sequence at the end of its walk; may be absent
//   slopes  [N,3H]  out  derivatives of the gates' activations at their arguments; may be absent
template <typename T, typename S, typename A>
void gru(const BpttCall* call) {
  const bool is_plain = are_absent(*call, {kGain, kMask, kZone}) && are_absent(*call, {kProduct, kSlopes}) &&
                        GruAttributes<T, false>(*call, GruForward<Opcode::gru>()).are_plain();
  is_plain ? forward<T, S, A, true>(call) : forward<T, S, A, false>(call);
}

template <typename T, typename S>
BpttScratch gruScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  Scratch own;
  copies_of<T, S>(operands, *axis, &own);
  return {scratch_of<GruScratch<T>>(operands, *axis).shared, own.bytes()};
}

namespace {

constexpr Row kBackwardRow(Opcode::gruBackward);
constexpr Attribute kBackwardEpsilon = kBackwardRow.attribute("epsilon");
constexpr Operand kDy = kBackwardRow["dy"], kDhT = kBackwardRow["dhT"], kStates = kBackwardRow["y"],
                  kGates = kBackwardRow["gates"], kKeptS = kBackwardRow["s"], kKeptSlopes = kBackwardRow["slopes"],
                  kInitial = kBackwardRow["h0"], kPT = kBackwardRow["pT"], kBackwardGain = kBackwardRow["gain"],
                  kKeptProduct = kBackwardRow["product"], kBackwardMask = kBackwardRow["mask"],
                  kBackwardZone = kBackwardRow["zone"], kDa = kBackwardRow["da"], kDs = kBackwardRow["ds"],
                  kDr = kBackwardRow["dr"], kDh0 = kBackwardRow["dh0"];

template <typename T>
struct GruBackwardScratch {
  T* hidden;   // [B,H] gradient that reaches h directly from the step after
  T* product;  // [B,3H] gradient of R h, with layer normalisation

  GruBackwardScratch(const BpttOperand* operands, const BpttAxis& axis, Scratch* scratch)
      : hidden(scratch->take<T>(axis.batch * of(operands, kStates).columns)),
        product(scratch->take<T>(!has(operands, kBackwardGain) ? 0 : axis.batch * of(operands, kGates).columns)) {}
};

// What the reset-after form has beside GruGradient: the gradients of s and of the reset gate, and that of R h.
template <typename T, typename A, bool kPlain>
struct GruResetAfterGradient {
  int64_t H;
  const GruGradient<T, A, kPlain>& cell;
  const A* s_rows;  // [N,H]
  T* da;            // [N,3H]
  T* ds;            // [N,H]
  VariantOperand<T, kPlain> dr;
  VariantOperand<const T, kPlain> gain;
  const A* products;  // [N,3H] R h, with layer normalisation
  T* staged;          // [B,3H] gradient of R h of this step, with layer normalisation
  T epsilon;

  // From the gradient that comes through the product to the gradients of a and s.
  BPTT_INLINE void units(const Place& at, int64_t u, int n_lanes, Vec<T> product) const {
    const Vec<T> r = cell.gate(at, kReset, u, n_lanes);
    const Vec<T> dn = cell.apply(at, u, n_lanes, product);
    const Vec<T> s = Vec<T>::load(s_rows + at.row * H + u, n_lanes);
    cell.put(at, kReset, u, n_lanes, dn * s * cell.slope(at, kReset, u, n_lanes, r));
    (dn * r).store(ds + at.row * H + u, n_lanes);
  }

  // Prefetches what a row needs of W units.
  template <int64_t W>
  BPTT_INLINE void prefetch(const Place& at, int64_t u) const {
    cell.template prefetch<W>(at, u);
    kernel::prefetch<W>(s_rows + at.row * H + u);
  }

  // Computes the gradient of a whole row of R h. Before, da and ds hold the gradient of LN(R h)*gain.
  void product_row(const Place& at) const {
    T* to = gain == nullptr ? dr + at.row * kGruGates * H : staged + at.sequence * kGruGates * H;
    std::copy(da + at.row * kGruGates * H, da + at.row * kGruGates * H + kCandidateGate * H, to);
    std::copy(ds + at.row * H, ds + at.row * H + H, to + kCandidateGate * H);
    if (gain == nullptr) return;
    const A* product = products + at.row * kGruGates * H;
    const RowStatistics<T> statistics = row_statistics(product, kGruGates * H, epsilon);
    normalization_backward<T>(product, statistics, to, gain, kGruGates * H, to);
    if (dr != nullptr) std::copy(to, to + kGruGates * H, dr + at.row * kGruGates * H);
  }

  // The left factor of the product with the step whose first packed row is `row`: the gradient of R h. Without layer
  // normalisation this gradient is in da and ds.
  Factor<T> left(int64_t row) const {
    if (gain != nullptr) return factor<T>(staged, kGruGates * H);
    return {{da + row * kGruGates * H, kGruGates * H, kCandidateGate * H}, {ds + row * H, H, H}};
  }
};

template <typename T, typename S, typename A, bool kPlain>
void backward(const BpttCall* call) {
  const int64_t H = columns(*call, kStates);
  const A* s_rows = data<A>(*call, kKeptS);
  const VariantOperand<const T, kPlain> gain = data<T>(*call, kBackwardGain);
  T* da = data<T>(*call, kDa);
  T* ds = data<T>(*call, kDs);
  const VariantOperand<T, kPlain> dr = data<T>(*call, kDr);
  const GruAttributes<T, kPlain> on(*call, GruBackward<Opcode::gruBackward>());
  Scratch memory(call->shared_scratch);
  const GruBackwardScratch<T> scratch(call->operands, *call->axis, &memory);
  const Walk walk(*call->axis, on.reverse);
  const HiddenGradient<T, kPlain> hidden({data<T>(*call, kDy),
                                          stride(*call, kDy),
                                          data<T>(*call, kDhT),
                                          data<T>(*call, kBackwardMask),
                                          {data<T>(*call, kBackwardZone), on.zoneout},
                                          data<T>(*call, kDh0),
                                          H,
                                          true},
                                         scratch.hidden);
  const GruGradient<T, A, kPlain> cell(
      on, data<A>(*call, kGates), data<A>(*call, kKeptSlopes),
      {data<T>(*call, kStates), stride(*call, kStates), data<T>(*call, kInitial), nullptr, H}, da, hidden);
  const Panels panels = my_panels<T>(*call, H);
  const GruResetAfterGradient<T, A, kPlain> gradient{H,
                                                     cell,
                                                     s_rows,
                                                     da,
                                                     ds,
                                                     dr,
                                                     gain,
                                                     data<A>(*call, kKeptProduct),
                                                     scratch.product,
                                                     static_cast<T>(number(*call, kBackwardEpsilon))};
  const auto left_of = [&](int64_t t) { return gradient.left(walk.row(t)); };
  Scratch own(call->thread_scratch);
  const StepFactors<T, S> factors(&own, call->axis->batch, rows(*call, kPT));

  const bool is_done = walk_back(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    for_places<T, S>(
        places, factors.of(following_rows<T>(walk, t, left_of)), data<S>(*call, kPT), panels,
        [&](const Place& at, int64_t u, auto n_lanes, Vec<T> product) { gradient.units(at, u, n_lanes, product); },
        prefetch_rows(places,
                      [&](const Place& at, int64_t u, auto width) { gradient.template prefetch<width>(at, u); }));
    return (gain == nullptr && dr == nullptr) ||
           each_row(*call, walk, t, [&](const Place& at) { gradient.product_row(at); });
  });
  if (is_done) hidden.finish(walk, data<S>(*call, kPT), panels, left_of, factors);
}

}  // namespace

//   dy      [N,H]   in   may be absent
//   dhT     [B,H]   in   may be absent
//   y       [N,H]   in
//   gates   [N,3H]  in   may be the same memory as da
//   s       [N,H]   in   may be the same memory as ds
//   h0      [B,H]   in   may be absent: zero
//   pT      [3H,H]  in   R packed transposed
//   gain, mask, zone as in the forward pass; product [N,3H] in, with gain
//   slopes  [N,3H]  in   derivatives of the gates' activations; may be absent: they follow from the gates
//   da      [N,3H]  out  gradient of a
//   ds      [N,H]   out  gradient of s; this and the r and z columns of da give dbR and, without gain, dR
//   dr      [N,3H]  out  gradient of R h; may be absent
//   dh0     [B,H]   out  may be absent
template <typename T, typename S, typename A>
void gruBackward(const BpttCall* call) {
  const bool is_plain = are_absent(*call, {kBackwardGain, kKeptProduct, kBackwardMask, kBackwardZone, kKeptSlopes}) &&
                        are_absent(*call, {kDr}) &&
                        GruAttributes<T, false>(*call, GruBackward<Opcode::gruBackward>()).are_plain();
  is_plain ? backward<T, S, A, true>(call) : backward<T, S, A, false>(call);
}

template <typename T, typename S>
BpttScratch gruBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  const BpttScratch shared = scratch_of<GruBackwardScratch<T>>(operands, *axis);
  return {shared.shared, StepFactors<T, S>::bytes(axis->batch, of(operands, kPT).rows)};
}

BPTT_INSTANTIATE(gru);
BPTT_INSTANTIATE_SCRATCH(gru);
BPTT_INSTANTIATE(gruBackward);
BPTT_INSTANTIATE_SCRATCH(gruBackward);

}  // namespace kernel
}  // namespace bptt
