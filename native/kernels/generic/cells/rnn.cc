// Vanilla recurrent cell.   h' = f(a + R h + bR)      (a = W x + bW, made for all steps at once)
// With layer normalisation h' = f(LN(a + R h)*gain + bR).
// Sources: Elman 1990; relu: Le, Jaitly, Hinton 2015; layer normalisation: Ba, Kiros, Hinton 2016, equation 4.
#include "kernels/generic/activation.h"
#include "kernels/generic/cells/hidden_state.h"
#include "kernels/generic/cells/variant.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/normalization.h"

namespace bptt {
namespace kernel {

namespace {

constexpr Row kRow(Opcode::rnn);
constexpr ActivationAttributes kActivation{kRow.attribute("activation"), kRow.attribute("alpha"),
                                           kRow.attribute("beta")};
constexpr Attribute kReverse = kRow.attribute("reverse"), kZoneout = kRow.attribute("zoneout"),
                    kEpsilon = kRow.attribute("epsilon"), kInputClip = kRow.attribute("inputClip");
constexpr Operand kA = kRow["a"], kX = kRow["x"], kInputP = kRow["pW"], kInputBias = kRow["bW"], kP = kRow["p"],
                  kBias = kRow["bR"], kH0 = kRow["h0"], kGain = kRow["gain"], kMask = kRow["mask"],
                  kZone = kRow["zone"], kY = kRow["y"], kSum = kRow["sum"], kCandidate = kRow["candidate"],
                  kHT = kRow["hT"], kSlopes = kRow["slopes"];

template <typename T>
struct RnnScratch {
  MaskedStates<T> masked;
  T* sums;  // [B,H] of one step, with layer normalisation

  RnnScratch(const BpttOperand* operands, const BpttAxis& axis, Scratch* scratch)
      : masked(scratch, axis, of(operands, kY).columns, has(operands, kMask)),
        sums(scratch->take<T>(!has(operands, kGain) ? 0 : axis.batch * of(operands, kY).columns)) {}
};

template <typename T, typename S>
CellCopies<T, S> copies_of(const BpttOperand* operands, const BpttAxis& axis, Scratch* own) {
  return {axis.batch, of(operands, kP).rows, of(operands, kX).columns, own};
}

// The equations of one row and one vector of units, and where its values lie. What is kept for the backward pass is
// stored in the type A.
template <typename T, typename A, bool kPlain>
struct RnnCell {
  int64_t H;
  const T* a;           // [N,H] or null: the product of the input is in the tile
  const T* input_bias;  // [H] or null
  const T* bias;        // [H] or null
  VariantOperand<const T, kPlain> gain;
  VariantOperand<A, kPlain> sums;        // [N,H] kept for the backward pass of layer normalisation, or null
  VariantOperand<A, kPlain> candidates;  // [N,H] or null
  VariantOperand<A, kPlain> slopes;      // [N,H] or null
  T* staged;                             // [B,H] sums of this step, with layer normalisation
  NumberedActivation<T> f;
  T epsilon;
  const HiddenState<T, kPlain>& hidden;

  // From R h to the new state. With layer normalisation, to the sum, which is normalised when the whole row is there.
  BPTT_INLINE void units(const Place& at, int64_t u, int n, Vec<T> product) const {
    const T* shift = a == nullptr ? at_or_null(input_bias, u) : a + at.row * H + u;
    const Vec<T> sum = Vec<T>::load_or_zero(shift, n) + product;
    if (sums != nullptr) sum.store(sums + at.row * H + u, n);
    if (gain == nullptr) return put(at, u, n, sum);
    sum.store(staged + at.sequence * H + u, n);
  }

  // From a whole row of sums to the new state.
  void normalized_row(const Place& at) const {
    const T* row = staged + at.sequence * H;
    const RowStatistics<T> statistics = row_statistics(row, H, epsilon);
    for_columns<T>(H, [&](int64_t u, int n) {
      put(at, u, n, normalized(Vec<T>::load(row + u, n), statistics) * Vec<T>::load(gain + u, n));
    });
  }

  // h' = f(sum + bR)
  BPTT_INLINE void put(const Place& at, int64_t u, int n, Vec<T> sum) const {
    const Vec<T> x = sum + Vec<T>::load_or_zero(at_or_null(bias, u), n);
    const Vec<T> h = kPlain ? activate(f.f, x) : f(x);
    if (slopes != nullptr) f.slope_at(x, h).store(slopes + at.row * H + u, n);
    if (candidates != nullptr) h.store(candidates + at.row * H + u, n);
    hidden.put(at, u, n, h);
  }
};

template <typename T>
NumberedActivation<T> activation(const BpttCall& call) {
  return numbered_activation(call, kActivation, static_cast<T>(number(call, kInputClip)));
}

template <typename T, typename S, typename A, bool kPlain>
void forward(const BpttCall* call) {
  const int64_t H = columns(*call, kY);
  const T* a = data<T>(*call, kA);
  const T* input_bias = data<T>(*call, kInputBias);
  const T* bias = data<T>(*call, kBias);
  Scratch own(call->thread_scratch);
  const CellCopies<T, S> copies = copies_of<T, S>(call->operands, *call->axis, &own);
  InputProduct<T, S> input(data<T>(*call, kX), data<S>(*call, kInputP), columns(*call, kX), copies.inputs);
  const VariantOperand<const T, kPlain> gain = data<T>(*call, kGain);
  const VariantOperand<A, kPlain> sums = data<A>(*call, kSum);
  const VariantOperand<A, kPlain> candidates = data<A>(*call, kCandidate);
  const VariantOperand<A, kPlain> slopes = data<A>(*call, kSlopes);
  const NumberedActivation<T> f = activation<T>(*call);
  Scratch memory(call->shared_scratch);
  const RnnScratch<T> scratch(call->operands, *call->axis, &memory);
  const Walk walk(*call->axis, is_set(*call, kReverse));
  HiddenState<T, kPlain> hidden(
      walk, {data<T>(*call, kY), stride(*call, kY), data<T>(*call, kH0), data<T>(*call, kHT), H}, data<T>(*call, kMask),
      {data<T>(*call, kZone), static_cast<T>(number(*call, kZoneout))}, scratch.masked);
  const Panels panels = my_panels<T>(*call, H);

  const T epsilon = static_cast<T>(number(*call, kEpsilon));
  const RnnCell<T, A, kPlain> cell{H,          a,      input_bias,   bias, gain,    sums,
                                   candidates, slopes, scratch.sums, f,    epsilon, hidden};

  if (!hidden.begin(*call)) return;
  walk_forward(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    input.begin_step(walk.row(t), walk.alive(t));
    for_places<T, S>(
        places, copies.step.of(hidden.left(t)), data<S>(*call, kP), panels,
        [&](const Place& at, int64_t u, auto n, Vec<T> product) { cell.units(at, u, n, product); },
        [&](int64_t b, int count, int64_t panel, auto* tile) { return input.fill(b, count, panel, panels, tile); });
    return gain == nullptr || each_row(*call, walk, t, [&](const Place& at) { cell.normalized_row(at); });
  });
}

}  // namespace

//   a         [N,H]  in   input projection with its bias, may be the same memory as y; or in its place:
//   x         [N,I]  in   inputs, with
//   pW        [I,H]  in   W packed like R, and
//   bW        [H]    in   may be absent
//   p         [H,H]  in   R packed
//   bR        [H]    in   may be absent
//   h0        [B,H]  in   may be absent: zero
//   gain      [H]    in   layer normalisation; may be absent: none
//   mask      [B,H]  in   of variational dropout; may be absent
//   zone      [N,H]  in   of zoneout; may be absent: the constant `zoneout`
//   y         [N,H]  out  hidden states
//   sum       [N,H]  out  a + R h; may be absent
//   candidate [N,H]  out  h' before zoneout; may be absent
//   hT        [B,H]  out  state of each sequence at the end of its walk; may be absent
//   slopes    [N,H]  out  derivatives of the activation at its arguments; may be absent
template <typename T, typename S, typename A>
void rnn(const BpttCall* call) {
  const NumberedActivation<T> f = activation<T>(*call);
  const bool is_plain = are_absent(*call, {kGain, kMask, kZone}) && are_absent(*call, {kSum, kCandidate, kSlopes}) &&
                        number(*call, kZoneout) == 0 && has_slope_of_value(f.f) && f.limit == T(0);
  is_plain ? forward<T, S, A, true>(call) : forward<T, S, A, false>(call);
}

template <typename T, typename S>
BpttScratch rnnScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  Scratch own;
  copies_of<T, S>(operands, *axis, &own);
  return {scratch_of<RnnScratch<T>>(operands, *axis).shared, own.bytes()};
}

namespace {

constexpr Row kBackwardRow(Opcode::rnnBackward);
constexpr Attribute kBackwardActivation = kBackwardRow.attribute("activation"),
                    kBackwardReverse = kBackwardRow.attribute("reverse"),
                    kBackwardZoneout = kBackwardRow.attribute("zoneout"),
                    kBackwardEpsilon = kBackwardRow.attribute("epsilon");
constexpr Operand kDy = kBackwardRow["dy"], kDhT = kBackwardRow["dhT"], kStates = kBackwardRow["y"],
                  kPT = kBackwardRow["pT"], kBackwardGain = kBackwardRow["gain"], kKeptSum = kBackwardRow["sum"],
                  kBackwardMask = kBackwardRow["mask"], kBackwardZone = kBackwardRow["zone"],
                  kKeptCandidate = kBackwardRow["candidate"], kKeptSlopes = kBackwardRow["slopes"],
                  kDa = kBackwardRow["da"], kDn = kBackwardRow["dn"], kDh0 = kBackwardRow["dh0"];

// The gradients of one row and one vector of units, and where they lie.
template <typename T, typename A, bool kPlain>
struct RnnCellGradient {
  int64_t H;
  const T* y;  // [N,H], `y_stride` apart
  int64_t y_stride;
  VariantOperand<const A, kPlain> candidates;  // [N,H] h' before zoneout, or null: y
  VariantOperand<const A, kPlain> slopes;      // [N,H] or null: they follow from the values
  T* da;
  VariantOperand<T, kPlain> dn;
  Activation f;
  VariantOperand<const T, kPlain> gain;
  const A* sums;  // [N,H] a + R h, with layer normalisation
  T epsilon;
  const HiddenGradient<T, kPlain>& hidden;

  // From the gradient that comes through the product to the gradient of f's argument. Without layer normalisation this
  // is also the gradient of a.
  BPTT_INLINE void units(const Place& at, int64_t u, int n, Vec<T> product) const {
    const Vec<T> dh = hidden.take(at, u, n, product);
    const Vec<T> h = candidates == nullptr ? Vec<T>::load(y + at.row * y_stride + u, n)
                                           : Vec<T>::load(candidates + at.row * H + u, n);
    const Vec<T> d = dh * (slopes == nullptr ? slope(f, h) : Vec<T>::load(slopes + at.row * H + u, n));
    d.store(da + at.row * H + u, n);
    if (dn != nullptr) d.store(dn + at.row * H + u, n);
  }

  // Prefetches what a row needs of W units.
  template <int64_t W>
  BPTT_INLINE void prefetch(const Place& at, int64_t u) const {
    hidden.template prefetch<W>(at.row, u);
    if (candidates == nullptr) {
      kernel::prefetch<W>(y + at.row * y_stride + u);
    } else {
      kernel::prefetch<W>(candidates + at.row * H + u);
    }
    kernel::prefetch<W>(da + at.row * H + u);
  }

  // From the gradient of the normalised row to the gradient of a whole row of sums, in place.
  void normalized_row(const Place& at) const {
    const A* sum = sums + at.row * H;
    T* d = da + at.row * H;
    normalization_backward<T>(sum, row_statistics(sum, H, epsilon), d, gain, H, d);
  }
};

template <typename T, typename S, typename A, bool kPlain>
void backward(const BpttCall* call) {
  const int64_t H = columns(*call, kStates);
  const VariantOperand<const T, kPlain> gain = data<T>(*call, kBackwardGain);
  const A* sums = data<A>(*call, kKeptSum);
  const T* y = data<T>(*call, kStates);
  const int64_t y_stride = stride(*call, kStates);
  const VariantOperand<const A, kPlain> candidates = data<A>(*call, kKeptCandidate);
  T* da = data<T>(*call, kDa);
  const VariantOperand<T, kPlain> dn = data<T>(*call, kDn);
  const Activation f = activation_of(number(*call, kBackwardActivation));
  const Walk walk(*call->axis, is_set(*call, kBackwardReverse));
  const HiddenGradient<T, kPlain> hidden(
      {data<T>(*call, kDy),
       stride(*call, kDy),
       data<T>(*call, kDhT),
       data<T>(*call, kBackwardMask),
       {data<T>(*call, kBackwardZone), static_cast<T>(number(*call, kBackwardZoneout))},
       data<T>(*call, kDh0),
       H,
       false},
      static_cast<T*>(call->shared_scratch));
  const Panels panels = my_panels<T>(*call, H);
  const auto left_of = [&](int64_t t) { return factor<T>(da + walk.row(t) * H, H); };
  Scratch own(call->thread_scratch);
  const StepFactors<T, S> factors(&own, call->axis->batch, H);
  const T epsilon = static_cast<T>(number(*call, kBackwardEpsilon));
  const RnnCellGradient<T, A, kPlain> cell{H,    y,    y_stride, candidates, data<A>(*call, kKeptSlopes), da, dn, f,
                                           gain, sums, epsilon,  hidden};

  const bool is_done = walk_back(*call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    for_places<T, S>(
        places, factors.of(following_rows<T>(walk, t, left_of)), data<S>(*call, kPT), panels,
        [&](const Place& at, int64_t u, auto n, Vec<T> product) { cell.units(at, u, n, product); },
        prefetch_rows(places, [&](const Place& at, int64_t u, auto width) { cell.template prefetch<width>(at, u); }));
    return gain == nullptr || each_row(*call, walk, t, [&](const Place& at) { cell.normalized_row(at); });
  });
  if (is_done) hidden.finish(walk, data<S>(*call, kPT), panels, left_of, factors);
}

}  // namespace

//   dy        [N,H]  in   may be absent, or the same memory as da
//   dhT       [B,H]  in   may be absent
//   y         [N,H]  in
//   pT        [H,H]  in   R packed transposed
//   gain, mask, zone as above; sum [N,H] in, with gain
//   candidate [N,H]  in   may be absent: y, which is the same without zoneout
//   slopes    [N,H]  in   derivatives of the activation; may be absent: they follow from the candidate
//   da        [N,H]  out  gradient of a and of R h; it gives dR
//   dn        [N,H]  out  gradient of the activation's argument; it gives dbR and dgain; may be absent
//   dh0       [B,H]  out  may be absent
template <typename T, typename S, typename A>
void rnnBackward(const BpttCall* call) {
  const bool is_plain =
      are_absent(*call, {kBackwardGain, kKeptSum, kBackwardMask, kBackwardZone, kKeptCandidate, kKeptSlopes}) &&
      are_absent(*call, {kDn}) && number(*call, kBackwardZoneout) == 0;
  is_plain ? backward<T, S, A, true>(call) : backward<T, S, A, false>(call);
}

template <typename T, typename S>
BpttScratch rnnBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  const int64_t H = of(operands, kStates).columns;
  return {axis->batch * H * static_cast<int64_t>(sizeof(T)), StepFactors<T, S>::bytes(axis->batch, H)};
}

BPTT_INSTANTIATE(rnn);
BPTT_INSTANTIATE_SCRATCH(rnn);
BPTT_INSTANTIATE(rnnBackward);
BPTT_INSTANTIATE_SCRATCH(rnnBackward);

}  // namespace kernel
}  // namespace bptt
