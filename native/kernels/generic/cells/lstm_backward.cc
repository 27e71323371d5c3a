// Backward pass of the long short-term memory cell and its variants (lstm.cc has the equations and sources).
#include "kernels/generic/cells/lstm_equations.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

namespace {

constexpr Row kRow(Opcode::lstmBackward);
static_assert(have_same_operands(Opcode::lstmBackward, Opcode::lstmCoupledBackward));
constexpr Operand kDy = kRow["dy"], kDhT = kRow["dhT"], kDcT = kRow["dcT"], kActivated = kRow["gates"], kC = kRow["c"],
                  kC0 = kRow["c0"], kPT = kRow["pT"], kPeepholes = kRow["peepholes"], kProjectionT = kRow["prT"],
                  kGain = kRow["gain"], kProduct = kRow["product"], kCellGain = kRow["cellGain"],
                  kCellShift = kRow["cellShift"], kMask = kRow["mask"], kZone = kRow["zone"],
                  kZoneCell = kRow["zoneCell"], kCandidate = kRow["candidate"], kSlopes = kRow["slopes"],
                  kDa = kRow["da"], kDr = kRow["dr"], kDp = kRow["dp"], kDcn = kRow["dcn"], kDh0 = kRow["dh0"],
                  kDc0 = kRow["dc0"];

template <typename T>
struct LstmBackwardScratch {
  T* hidden;       // [B,P] gradient that reaches h from the step after, beside the product
  T* cell;         // [B,H] gradient that reaches c from the step after
  T* projected;    // [B,P] gradient of the projection's result
  T* before_cell;  // [B,H] gradient of o*tanh(c'), and then of the candidate, when c' is normalised
  T* product;      // [B,GH] gradient of R h, with layer normalisation

  LstmBackwardScratch(const BpttOperand* operands, const BpttAxis& axis, Scratch* scratch) {
    const int64_t states = axis.batch * of(operands, kC).columns;
    const int64_t outputs = axis.batch * of(operands, kPT).columns;
    hidden = scratch->take<T>(outputs);
    cell = scratch->take<T>(states);
    projected = scratch->take<T>(has(operands, kProjectionT) ? outputs : 0);
    before_cell = scratch->take<T>(has(operands, kCellGain) ? states : 0);
    product = scratch->take<T>(has(operands, kGain) ? axis.batch * of(operands, kActivated).columns : 0);
  }
};

// Where the values and gradients of one row and one vector of units lie; lstm_equations.h has what is computed from
// them. What the forward pass kept is stored in the type A.
template <typename T, typename A, bool kCoupled, bool kPlain>
class LstmCellGradient {
 public:
  using Gates = LstmGates<kCoupled>;

  LstmCellGradient(const BpttCall& call, const LstmAttributes<T, kPlain>& attributes,
                   const LstmBackwardScratch<T>& scratch)
      : H_(columns(call, kC)),
        dcT_(data<T>(call, kDcT)),
        dc0_(data<T>(call, kDc0)),
        gates_(data<A>(call, kActivated)),
        cells_{data<T>(call, kC), H_, data<T>(call, kC0), nullptr, H_},
        candidates_(data<A>(call, kCandidate)),
        slopes_(data<A>(call, kSlopes)),
        equations_(attributes, data<T>(call, kPeepholes), H_),
        zone_{data<T>(call, kZoneCell), attributes.zoneout_cell},
        da_(data<T>(call, kDa)),
        dcn_(data<T>(call, kDcn)),
        epsilon_(attributes.epsilon),
        scratch_(scratch) {}

  int64_t units() const { return H_; }

  // From the gradient of o*t(c') to the gradient of the argument of the output gate, which is returned, and the
  // gradient of c' as t reads it.
  BPTT_INLINE Vec<T> output_gate(const Place& at, int64_t u, int n, Vec<T> dm, Vec<T> c, Vec<T>* dc) const {
    const Vec<T> o = gate(at, Gates::kOutput, u, n);
    const Vec<T> d_output = equations_.hidden_gradient(dm, o, slope(at, Gates::kOutput, u, n, o), c, dc);
    if (dcn_ != nullptr) dc->store(dcn_ + at.row * H_ + u, n);
    return d_output;
  }

  // From the gradients of the output gate's argument and of c' to the gradients of the other arguments and of the
  // previous state. When da is the same memory as the gates, the output gate already holds its gradient.
  BPTT_INLINE void cell_state(const Place& at, int64_t u, int n, Vec<T> d_output, Vec<T> d_candidate) const {
    T* carried = scratch_.cell + at.sequence * H_ + u;
    Vec<T> dc = Vec<T>::zero(), direct = Vec<T>::zero();
    if (!at.ends) {
      dc = Vec<T>::load(carried, n);
    } else if (dcT_ != nullptr) {
      dc = Vec<T>::load(dcT_ + at.sequence * H_ + u, n);
    }
    if (zone_.is_active()) {
      const Vec<T> k = zone_.at(at.row * H_ + u, n);
      direct = k * dc;
      dc = (Vec<T>(T(1)) - k) * dc;
    }
    dc = dc + d_candidate;
    if (equations_.has_peephole(Gates::kOutput)) dc = equations_.add_peephole(Gates::kOutput, u, n, dc, d_output);
    if (equations_.has_clip()) dc = equations_.clip_gradient(dc, candidate(at, u, n));

    Vec<T> gates[Gates::kCount], slopes[Gates::kCount], sums[Gates::kCount];
    for (int index = 0; index < Gates::kOutput; ++index) {
      gates[index] = gate(at, index, u, n);
      slopes[index] = slope(at, index, u, n, gates[index]);
    }
    Vec<T> before = equations_.gate_gradients(gates, slopes, cells_.previous(at, u, n), dc, sums);
    sums[Gates::kOutput] = d_output;
    if (zone_.is_active()) before = before + direct;
    T* out = da_ + at.row * Gates::kCount * H_ + u;
#pragma GCC unroll 4
    for (int index = 0; index < Gates::kCount; ++index) {
      const bool sees_before = equations_.has_peephole(index) && index != Gates::kOutput;
      if (sees_before) before = equations_.add_peephole(index, u, n, before, sums[index]);
      sums[index].store(out + index * H_, n);
    }
    before.store(carried, n);
    if (at.begins && dc0_ != nullptr) before.store(dc0_ + at.sequence * H_ + u, n);
  }

  // Both steps, when the new cell state is not normalised.
  BPTT_INLINE void apply(const Place& at, int64_t u, int n, Vec<T> dm) const {
    Vec<T> dc;
    const Vec<T> d_output = output_gate(at, u, n, dm, candidate(at, u, n), &dc);
    cell_state(at, u, n, d_output, dc);
  }

  // Both steps for a whole row, when the new cell state is normalised. Scratch memory holds the gradient of o*tanh(c').
  BPTT_INLINE void normalized_row(const Place& at, const T* gain, const T* shift) const {
    if (candidates_ == nullptr) return normalized_row(at, cells_.values + at.row * H_, gain, shift);
    normalized_row(at, candidates_ + at.row * H_, gain, shift);
  }

 private:
  // `c` are the cell states before normalisation.
  template <typename C>
  BPTT_INLINE void normalized_row(const Place& at, const C* c, const T* gain, const T* shift) const {
    T* d = scratch_.before_cell + at.sequence * H_;
    T* d_outputs = da_ + at.row * Gates::kCount * H_ + Gates::kOutput * H_;
    const RowStatistics<T> statistics = row_statistics(c, H_, epsilon_);
    for_columns<T>(H_, [&](int64_t u, int n) {
      const Vec<T> value = normalized(Vec<T>::load(c + u, n), statistics) * Vec<T>::load(gain + u, n) +
                           Vec<T>::load_or_zero(at_or_null(shift, u), n);
      Vec<T> dc;
      output_gate(at, u, n, Vec<T>::load(d + u, n), value, &dc).store(d_outputs + u, n);
      dc.store(d + u, n);
    });
    normalization_backward<T>(c, statistics, d, gain, H_, d);
    for_columns<T>(
        H_, [&](int64_t u, int n) { cell_state(at, u, n, Vec<T>::load(d_outputs + u, n), Vec<T>::load(d + u, n)); });
  }

  // The new cell state before zoneout; without a candidate it is c.
  BPTT_INLINE Vec<T> candidate(const Place& at, int64_t u, int n) const {
    if (candidates_ == nullptr) return Vec<T>::load(cells_.values + at.row * H_ + u, n);
    return Vec<T>::load(candidates_ + at.row * H_ + u, n);
  }

  BPTT_INLINE Vec<T> gate(const Place& at, int index, int64_t u, int n) const {
    return Vec<T>::load(gates_ + (at.row * Gates::kCount + index) * H_ + u, n);
  }
  // The derivative of a gate's activation: as it was kept, or from the gate's value.
  BPTT_INLINE Vec<T> slope(const Place& at, int index, int64_t u, int n, Vec<T> value) const {
    if (slopes_ == nullptr) return equations_.slope(index, value);
    return Vec<T>::load(slopes_ + (at.row * Gates::kCount + index) * H_ + u, n);
  }

  int64_t H_;
  const T* dcT_;
  T* dc0_;
  const A* gates_;
  StateRows<T> cells_;
  VariantOperand<const A, kPlain> candidates_;
  VariantOperand<const A, kPlain> slopes_;
  LstmEquations<T, kCoupled, kPlain> equations_;
  Zone<T, kPlain> zone_;
  T* da_;
  VariantOperand<T, kPlain> dcn_;
  T epsilon_;
  const LstmBackwardScratch<T>& scratch_;
};

// The most inputs that a product of a step has.
int64_t factor_depth(const BpttOperand* operands) {
  return std::max(of(operands, kPT).rows, of(operands, kProjectionT).rows);
}

template <typename T, typename S, typename A, bool kCoupled, bool kPlain>
void backward(const BpttCall& call) {
  using Gates = LstmGates<kCoupled>;
  const LstmAttributes<T, kPlain> attributes(call, LstmBackward());
  Scratch memory(call.shared_scratch);
  const LstmBackwardScratch<T> scratch(call.operands, *call.axis, &memory);
  const Walk walk(*call.axis, attributes.reverse);
  const LstmCellGradient<T, A, kCoupled, kPlain> cell(call, attributes, scratch);
  const int64_t H = cell.units();
  const int64_t P = columns(call, kPT);
  const int64_t G = Gates::kCount * H;
  const VariantOperand<const T, kPlain> gain = data<T>(call, kGain);
  const VariantOperand<const T, kPlain> cell_gain = data<T>(call, kCellGain);
  const VariantOperand<const S, kPlain> projection = data<S>(call, kProjectionT);
  T* da = data<T>(call, kDa);
  const VariantOperand<T, kPlain> dr = data<T>(call, kDr);
  const VariantOperand<T, kPlain> dp = data<T>(call, kDp);
  const HiddenGradient<T, kPlain> hidden({data<T>(call, kDy),
                                          stride(call, kDy),
                                          data<T>(call, kDhT),
                                          data<T>(call, kMask),
                                          {data<T>(call, kZone), attributes.zoneout},
                                          data<T>(call, kDh0),
                                          P,
                                          false},
                                         scratch.hidden);
  const Panels panels = my_panels<T>(call, P);
  const Panels unit_panels = my_panels<T>(call, H);
  const auto left_of = [&](int64_t t) {
    return factor<T>(gain == nullptr ? da + walk.row(t) * G : scratch.product, G);
  };

  Scratch own(call.thread_scratch);
  const StepFactors<T, S> factors(&own, call.axis->batch, factor_depth(call.operands));

  // The gradient of o*tanh(c').
  const auto before_projection = [&](const Place& at, int64_t u, int n, Vec<T> dm) {
    if (cell_gain == nullptr) return cell.apply(at, u, n, dm);
    dm.store(scratch.before_cell + at.sequence * H + u, n);
  };
  const auto normalized_row = [&](const Place& at) {
    if (cell_gain != nullptr) cell.normalized_row(at, cell_gain, data<T>(call, kCellShift));
    if (gain != nullptr) {
      const A* product = data<A>(call, kProduct) + at.row * G;
      T* to = scratch.product + at.sequence * G;
      normalization_backward<T>(product, row_statistics(product, G, attributes.epsilon), da + at.row * G, gain, G, to);
    }
  };
  const auto keep_product_gradient = [&](const Place& at) {
    const T* from = gain == nullptr ? da + at.row * G : scratch.product + at.sequence * G;
    std::copy(from, from + G, dr + at.row * G);
  };

  const bool is_done = walk_back(call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    for_places<T, S>(places, factors.of(following_rows<T>(walk, t, left_of)), data<S>(call, kPT), panels,
                     [&](const Place& at, int64_t u, auto n, Vec<T> product) {
                       const Vec<T> d = hidden.take(at, u, n, product);
                       if (dp != nullptr) d.store(dp + at.row * P + u, n);
                       if (projection == nullptr) return before_projection(at, u, n, d);
                       d.store(scratch.projected + at.sequence * P + u, n);
                     });
    if (projection != nullptr) {
      if (barrier(call)) return false;
      for_places<T, S>(
          places, factors.of(all_rows(walk.alive(t), factor<T>(scratch.projected, P))), projection, unit_panels,
          [&](const Place& at, int64_t u, auto n, Vec<T> product) { before_projection(at, u, n, product); });
    }
    const bool is_normalized = gain != nullptr || cell_gain != nullptr;
    if (is_normalized && !each_row(call, walk, t, normalized_row)) return false;
    return dr == nullptr || each_row(call, walk, t, keep_product_gradient);
  });
  if (is_done) hidden.finish(walk, data<S>(call, kPT), panels, left_of, factors);
}

}  // namespace

//   dy        [N,P]   in   may be absent
//   dhT dcT   [B,P/H] in   may be absent
//   gates     [N,4H]  in   may be the same memory as da
//   c         [N,H]   in
//   c0        [B,H]   in   may be absent: zero
//   pT        [4H,P]  in   R packed transposed
//   peepholes, gain, cellGain, cellShift, mask, zone, zoneCell as in the forward pass; product [N,4H] in, with gain
//   prT       [P,H]   in   Wr packed transposed; may be absent
//   candidate [N,H]   in   may be absent: c, which is the same without zoneout
//   slopes    [N,4H]  in   derivatives of the gates' activations; may be absent: they follow from the gates
//   da        [N,4H]  out  gradient of a; it gives dbR and, without gain, dR
//   dr        [N,4H]  out  gradient of R h; may be absent
//   dp        [N,P]   out  gradient of the projection's result; may be absent
//   dcn       [N,H]   out  gradient of the argument of the last tanh; may be absent
//   dh0 dc0   [B,P/H] out  may be absent
template <typename T, typename S, typename A>
void lstmBackward(const BpttCall* call) {
  const bool is_plain = are_absent(*call, {kPeepholes, kProjectionT, kGain, kProduct, kCellGain, kCellShift, kMask,
                                           kZone, kZoneCell, kCandidate, kSlopes}) &&
                        are_absent(*call, {kDr, kDp, kDcn}) &&
                        LstmAttributes<T, false>(*call, LstmBackward()).are_plain();
  is_plain ? backward<T, S, A, false, true>(*call) : backward<T, S, A, false, false>(*call);
}

// The same with three gates.
template <typename T, typename S, typename A>
void lstmCoupledBackward(const BpttCall* call) {
  backward<T, S, A, true, false>(*call);
}

template <typename T, typename S>
BpttScratch lstmBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  return {scratch_of<LstmBackwardScratch<T>>(operands, *axis).shared,
          StepFactors<T, S>::bytes(axis->batch, factor_depth(operands))};
}

template <typename T, typename S>
BpttScratch lstmCoupledBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return lstmBackwardScratch<T, S>(operands, axis, other);
}

BPTT_INSTANTIATE(lstmBackward);
BPTT_INSTANTIATE_SCRATCH(lstmBackward);
BPTT_INSTANTIATE(lstmCoupledBackward);
BPTT_INSTANTIATE_SCRATCH(lstmCoupledBackward);

}  // namespace kernel
}  // namespace bptt
