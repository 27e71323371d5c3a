// Long short-term memory cell, gates in the order i f g o.
//   i, f, o = sigmoid(a + R h + bR), g = tanh(a + R h + bR);   c' = f*c + i*g;   h' = o*tanh(c')
// and its variants, which go together: peepholes (i and f also see P*c, o sees P*c'), coupled gates (f = 1 - i), a
// limit for c' or for the arguments of the gates, a projection (h' = Wr (o*tanh(c'))), layer normalisation (of R h and
// of c'), zoneout of h and c, one dropout mask for all steps of h, other activations, the reverse direction. Sources:
// Hochreiter & Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000; peepholes: Gers, Schraudolph, Schmidhuber 2002;
// projection: Sak, Senior, Beaufays 2014; coupled gates: Greff et al. 2017; layer normalisation: Ba, Kiros, Hinton
// 2016; zoneout: Krueger et al. 2017. Agrees with torch.nn.LSTM (test/golden).
#include "kernels/generic/cells/lstm_equations.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

namespace {

constexpr Row kRow(Opcode::lstm);
static_assert(have_same_operands(Opcode::lstm, Opcode::lstmCoupled));
constexpr Operand kA = kRow["a"], kX = kRow["x"], kInputP = kRow["pW"], kInputBias = kRow["bW"], kP = kRow["p"],
                  kBias = kRow["bR"], kH0 = kRow["h0"], kC0 = kRow["c0"], kPeepholes = kRow["peepholes"],
                  kProjection = kRow["pr"], kGain = kRow["gain"], kCellGain = kRow["cellGain"],
                  kCellShift = kRow["cellShift"], kMask = kRow["mask"], kZone = kRow["zone"],
                  kZoneCell = kRow["zoneCell"], kY = kRow["y"], kActivated = kRow["gates"], kC = kRow["c"],
                  kM = kRow["m"], kProduct = kRow["product"], kCandidate = kRow["candidate"], kHT = kRow["hT"],
                  kCT = kRow["cT"], kSlopes = kRow["slopes"];

// Scratch memory for one step. Each array exists only where it is needed.
template <typename T>
struct LstmScratch {
  MaskedStates<T> masked;
  T* product;     // [B,GH] R h, when rows are normalised
  T* candidates;  // [B,H] new cell states, when they are normalised
  T* hidden;      // [B,H] o*tanh(c'), before a projection
  T* cells;       // [B,H] cell states, where those of all steps are not kept
  T* outputs;     // [B,H] output gates, when cell states are normalised

  LstmScratch(const BpttOperand* operands, const BpttAxis& axis, int64_t units, Scratch* scratch)
      : masked(scratch, axis, of(operands, kY).columns, has(operands, kMask)),
        product(scratch->take<T>(normalises(operands) ? axis.batch * of(operands, kP).columns : 0)),
        candidates(scratch->take<T>(has(operands, kCellGain) ? axis.batch * units : 0)),
        hidden(scratch->take<T>(has(operands, kProjection) ? axis.batch * units : 0)),
        cells(scratch->take<T>(has(operands, kC) ? 0 : axis.batch * units)),
        outputs(scratch->take<T>(has(operands, kCellGain) ? axis.batch * units : 0)) {}
  static bool normalises(const BpttOperand* operands) { return has(operands, kGain) || has(operands, kCellGain); }
};

template <typename T, typename S>
CellCopies<T, S> copies_of(const BpttOperand* operands, const BpttAxis& axis, Scratch* own) {
  const int64_t depth = std::max(of(operands, kP).rows, of(operands, kProjection).rows);
  return {axis.batch, depth, of(operands, kX).columns, own};
}

// Where the values of one row and one vector of units lie; lstm_equations.h has what is computed from them. What is
// kept for the backward pass is stored in the type A.
template <typename T, typename A, bool kCoupled, bool kPlain>
class LstmCell {
 public:
  using Gates = LstmGates<kCoupled>;

  LstmCell(const BpttCall& call, const LstmAttributes<T, kPlain>& attributes, const LstmScratch<T>& scratch,
           const HiddenState<T, kPlain>& hidden)
      : H_(columns(call, kP) / Gates::kCount),
        a_(data<T>(call, kA)),
        input_bias_(data<T>(call, kInputBias)),
        bias_(data<T>(call, kBias)),
        gates_(data<A>(call, kActivated)),
        before_projection_(data<A>(call, kM)),
        products_(data<A>(call, kProduct)),
        candidates_(data<A>(call, kCandidate)),
        slopes_(data<A>(call, kSlopes)),
        cells_{data<T>(call, kC), H_, data<T>(call, kC0), data<T>(call, kCT), H_, scratch.cells},
        zone_{data<T>(call, kZoneCell), attributes.zoneout_cell},
        equations_(attributes, data<T>(call, kPeepholes), H_),
        epsilon_(attributes.epsilon),
        scratch_(scratch),
        hidden_(hidden) {}

  // The rows of a tile, from R h to the new states. All gates of all rows are computed first: their functions do not
  // wait for each other, while one row from start to end is one long chain. A gate is written into the tile before it
  // is kept: the opposite order costs 1 to 2 % of the inference time of a small layer.
  template <int NV>
  BPTT_INLINE void tile_rows(const StepPlaces& places, int64_t b, int count, int64_t u, int n,
                             Tile<T, NV>* tile) const {
    constexpr int L = Vec<T>::kLanes;
    const LstmCell cell = *this;
    for (int m = 0; m < count; ++m) {
      const Place at = places(b + m);
      T* row = tile->row(m);
#pragma GCC unroll 4
      for (int gate = 0; gate < NV; ++gate) {
        const Vec<T> value = cell.gate(at, gate, u, n, Vec<T>::load(row + gate * L));
        value.store(row + gate * L);
        cell.keep(at, gate, u, n, value);
      }
    }
    for (int m = 0; m < count; ++m) {
      const Place at = places(b + m);
      const Vec<T> previous = cell.cells_.previous(at, u, n);
      Vec<T> gates[NV];
#pragma GCC unroll 4
      for (int gate = 0; gate < NV; ++gate) gates[gate] = Vec<T>::load(tile->row(m) + gate * L);
      const Vec<T> c = cell.cell_state(at, u, n, previous, gates);
      cell.hidden_state(at, u, n, gates[Gates::kOutput], c);
    }
  }

  // Keeps R h of a tile for the backward pass of layer normalisation, and for this step's rows where `is_staged`.
  template <int NV>
  BPTT_INLINE void keep_products(const StepPlaces& places, int64_t b, int count, int64_t u, int n, Tile<T, NV>* tile,
                                 bool is_staged) const {
    for (int m = 0; m < count; ++m) {
      const Place at = places(b + m);
      for (int gate = 0; gate < NV; ++gate) {
        const Vec<T> product = Vec<T>::load(tile->row(m) + gate * Vec<T>::kLanes);
        if (products_ != nullptr) product.store(products_ + (at.row * NV + gate) * H_ + u, n);
        if (is_staged) product.store(scratch_.product + (at.sequence * NV + gate) * H_ + u, n);
      }
    }
  }

  // A whole row, when R h (`gain` is given) or c' (`cell_gain` is given) is normalised.
  BPTT_INLINE void normalized_row(const Place& at, const T* gain, const T* cell_gain, const T* cell_shift) const {
    const int64_t width = Gates::kCount * H_;
    const T* product = scratch_.product + at.sequence * width;
    RowStatistics<T> of_product{};
    if (gain != nullptr) of_product = row_statistics(product, width, epsilon_);
    T* candidates = cell_gain == nullptr ? nullptr : scratch_.candidates + at.sequence * H_;
    for_columns<T>(H_, [&](int64_t u, int n) {
      Vec<T> gates[Gates::kCount];
      for (int index = 0; index < Gates::kCount; ++index) {
        Vec<T> r = Vec<T>::load(product + index * H_ + u, n);
        if (gain != nullptr) r = normalized(r, of_product) * Vec<T>::load(gain + index * H_ + u, n);
        gates[index] = gate(at, index, u, n, r);
        keep(at, index, u, n, gates[index]);
      }
      const Vec<T> c = cell_state(at, u, n, cells_.previous(at, u, n), gates);
      if (candidates == nullptr) return hidden_state(at, u, n, gates[Gates::kOutput], c);
      c.store(candidates + u, n);
    });
    if (candidates == nullptr) return;
    const T* outputs = scratch_.outputs + at.sequence * H_;
    const RowStatistics<T> of_cell = row_statistics(candidates, H_, epsilon_);
    for_columns<T>(H_, [&](int64_t u, int n) {
      const Vec<T> o = Vec<T>::load(outputs + u, n);
      const Vec<T> c = normalized(Vec<T>::load(candidates + u, n), of_cell) * Vec<T>::load(cell_gain + u, n);
      hidden_state(at, u, n, o, c + Vec<T>::load_or_zero(at_or_null(cell_shift, u), n));
    });
  }

 private:
  // The argument of a gate without its peephole, from R h. When the input projection is not given, the product of the
  // input is part of R h.
  BPTT_INLINE Vec<T> sum(const Place& at, int gate, int64_t u, int n, Vec<T> product) const {
    const T* a = a_ == nullptr ? input_bias_ : a_ + at.row * Gates::kCount * H_;
    const Vec<T> sum = product + Vec<T>::load_or_zero(at_or_null(a, gate * H_ + u), n);
    return bias_ == nullptr ? sum : sum + Vec<T>::load(bias_ + gate * H_ + u, n);
  }

  // A gate from R h. An output gate with a peephole stays an argument here, because c' is not known yet.
  BPTT_INLINE Vec<T> gate(const Place& at, int gate, int64_t u, int n, Vec<T> product) const {
    Vec<T> x = sum(at, gate, u, n, product);
    if (equations_.has_peephole(gate)) {
      if (gate == Gates::kOutput) return x;
      x = equations_.add_peephole(gate, u, n, x, cells_.previous(at, u, n));
    }
    return activated(at, gate, u, n, x);
  }

  // A gate from its whole argument. Keeps the derivative for the backward pass, where that reads it.
  BPTT_INLINE Vec<T> activated(const Place& at, int gate, int64_t u, int n, Vec<T> x) const {
    const Vec<T> value = equations_.gate(gate, x);
    if (slopes_ != nullptr) {
      equations_.slope_at(gate, x, value).store(slopes_ + (at.row * Gates::kCount + gate) * H_ + u, n);
    }
    return value;
  }

  // From c and the gates to c' as o and h' read it. Stores the cell state, and computes the value of o.
  BPTT_INLINE Vec<T> cell_state(const Place& at, int64_t u, int n, Vec<T> previous, Vec<T>* gates) const {
    const Vec<T> c = equations_.cell_state(gates, previous);
    Vec<T>& o = gates[Gates::kOutput];
    if (equations_.has_peephole(Gates::kOutput)) {
      o = activated(at, Gates::kOutput, u, n, equations_.add_peephole(Gates::kOutput, u, n, o, c));
      keep(at, Gates::kOutput, u, n, o);
    }
    if (!kPlain && scratch_.outputs != nullptr) o.store(scratch_.outputs + at.sequence * H_ + u, n);
    if (candidates_ != nullptr) c.store(candidates_ + at.row * H_ + u, n);
    cells_.put(at, u, n, zone_.is_active() ? zone_.mix(zone_.at(at.row * H_ + u, n), previous, c) : c);
    return c;
  }

  // From c' (normalised with layer normalisation) to the hidden state, or to the input of the projection.
  BPTT_INLINE void hidden_state(const Place& at, int64_t u, int n, Vec<T> o, Vec<T> c) const {
    const Vec<T> h = equations_.hidden_state(o, c);
    if (before_projection_ != nullptr) h.store(before_projection_ + at.row * H_ + u, n);
    if (kPlain || scratch_.hidden == nullptr) return hidden_.put(at, u, n, h);
    h.store(scratch_.hidden + at.sequence * H_ + u, n);
  }

  // Keeps the value of a gate for the backward pass. An output gate that is still an argument is kept again later.
  BPTT_INLINE void keep(const Place& at, int gate, int64_t u, int n, Vec<T> value) const {
    if (gates_ != nullptr) value.store(gates_ + (at.row * Gates::kCount + gate) * H_ + u, n);
  }

  int64_t H_;
  const T* a_;
  const T* input_bias_;
  const T* bias_;
  A* gates_;
  VariantOperand<A, kPlain> before_projection_;
  VariantOperand<A, kPlain> products_;
  VariantOperand<A, kPlain> candidates_;
  VariantOperand<A, kPlain> slopes_;
  StateRows<T> cells_;
  Zone<T, kPlain> zone_;
  LstmEquations<T, kCoupled, kPlain> equations_;
  T epsilon_;
  const LstmScratch<T>& scratch_;
  const HiddenState<T, kPlain>& hidden_;
};

template <typename T, typename S, typename A, bool kCoupled, bool kPlain>
void forward(const BpttCall& call) {
  using Gates = LstmGates<kCoupled>;
  const LstmAttributes<T, kPlain> attributes(call, LstmForward());
  const int64_t H = columns(call, kP) / Gates::kCount;
  Scratch memory(call.shared_scratch);
  const LstmScratch<T> scratch(call.operands, *call.axis, H, &memory);
  const Walk walk(*call.axis, attributes.reverse);
  const int64_t P = columns(call, kY);
  HiddenState<T, kPlain> hidden(walk, {data<T>(call, kY), stride(call, kY), data<T>(call, kH0), data<T>(call, kHT), P},
                                data<T>(call, kMask), {data<T>(call, kZone), attributes.zoneout}, scratch.masked);
  const LstmCell<T, A, kCoupled, kPlain> cell(call, attributes, scratch, hidden);
  Scratch own(call.thread_scratch);
  const CellCopies<T, S> copies = copies_of<T, S>(call.operands, *call.axis, &own);
  InputProduct<T, S> input(data<T>(call, kX), data<S>(call, kInputP), columns(call, kX), copies.inputs);
  const VariantOperand<const T, kPlain> gain = data<T>(call, kGain);
  const VariantOperand<const T, kPlain> cell_gain = data<T>(call, kCellGain);
  const VariantOperand<const S, kPlain> projection = data<S>(call, kProjection);
  const bool is_staged = gain != nullptr || cell_gain != nullptr;
  const Panels panels = my_unit_panels<T>(call, H);
  const Panels projected = my_panels<T>(call, P);

  if (!hidden.begin(call)) return;
  walk_forward(call, walk, [&](int64_t t) {
    const StepPlaces places(walk, t);
    input.begin_step(walk.row(t), walk.alive(t));
    for_rows<T, Gates::kCount, S>(
        copies.step.of(hidden.left(t)), data<S>(call, kP), panels,
        [&](int64_t b, int count, int64_t panel, auto* tile) BPTT_FLATTEN {
          with_panel_units<T>(panel, H, [&](int64_t u, auto n) {
            if constexpr (!kPlain) {
              cell.keep_products(places, b, count, u, n, tile, is_staged);
              if (is_staged) return;
            }
            cell.tile_rows(places, b, count, u, n, tile);
          });
        },
        [&](int64_t b, int count, int64_t panel, auto* tile) { return input.fill(b, count, panel, panels, tile); });
    if constexpr (!kPlain) {
      const auto normalized_row = [&](const Place& at) {
        cell.normalized_row(at, gain, cell_gain, data<T>(call, kCellShift));
      };
      if (is_staged && !each_row(call, walk, t, normalized_row)) return false;
      if (projection == nullptr) return true;
      if (barrier(call)) return false;
      const StepRows<T> before_projection = all_rows(walk.alive(t), factor<T>(scratch.hidden, H));
      for_places<T, S>(places, copies.step.of(before_projection), projection, projected,
                       [&](const Place& at, int64_t u, auto n, Vec<T> product) { hidden.put(at, u, n, product); });
    }
    return true;
  });
}

template <typename T, typename S, bool kCoupled>
BpttScratch scratch_of_lstm(const BpttOperand* operands, const BpttAxis& axis) {
  Scratch own;
  copies_of<T, S>(operands, axis, &own);
  const int64_t units = of(operands, kP).columns / LstmGates<kCoupled>::kCount;
  return {scratch_of<LstmScratch<T>>(operands, axis, units).shared, own.bytes()};
}

}  // namespace

//   a         [N,4H]  in   input projection with its bias, may be the same memory as gates; or in its place:
//   x         [N,I]   in   inputs, with
//   pW        [I,4H]  in   W packed like R, and
//   bW        [4H]    in   may be absent
//   p         [P,4H]  in   R packed, the gates of a unit together; P = H without a projection
//   bR        [4H]    in   may be absent
//   h0 c0     [B,P/H] in   may be absent: zero
//   peepholes [3,H]   in   of i, f, o; may be absent: none
//   pr        [H,P]   in   Wr packed; may be absent: none
//   gain      [4H]    in   layer normalisation of R h; may be absent: none
//   cellGain, cellShift [H] in  layer normalisation of c'; may be absent: none
//   mask      [B,P]   in   of variational dropout; may be absent
//   zone [N,P], zoneCell [N,H] in  of zoneout; may be absent: the constants `zoneout` and `zoneoutCell`
//   y         [N,P]   out  hidden states
//   gates     [N,4H]  out  activated gates, kept for the backward pass; may be absent
//   c         [N,H]   out  cell states, kept for the backward pass; may be absent
//   m         [N,H]   out  o*tanh(c'), which is projected; may be absent
//   product   [N,4H]  out  R h, kept for the backward pass of layer normalisation; may be absent
//   candidate [N,H]   out  c' before zoneout; may be absent
//   hT cT     [B,P/H] out  states of each sequence at the end of its walk; may be absent
//   slopes    [N,4H]  out  derivatives of the gates' activations at their arguments; may be absent
template <typename T, typename S, typename A>
void lstm(const BpttCall* call) {
  const bool is_plain =
      are_absent(*call, {kPeepholes, kProjection, kGain, kCellGain, kCellShift, kMask, kZone, kZoneCell}) &&
      are_absent(*call, {kM, kProduct, kCandidate, kSlopes}) &&
      LstmAttributes<T, false>(*call, LstmForward()).are_plain();
  is_plain ? forward<T, S, A, false, true>(*call) : forward<T, S, A, false, false>(*call);
}

// The same with three gates i g o, and two rows of peepholes.
template <typename T, typename S, typename A>
void lstmCoupled(const BpttCall* call) {
  forward<T, S, A, true, false>(*call);
}

template <typename T, typename S>
BpttScratch lstmScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  return scratch_of_lstm<T, S, false>(operands, *axis);
}

template <typename T, typename S>
BpttScratch lstmCoupledScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis*) {
  return scratch_of_lstm<T, S, true>(operands, *axis);
}

BPTT_INSTANTIATE(lstm);
BPTT_INSTANTIATE_SCRATCH(lstm);
BPTT_INSTANTIATE(lstmCoupled);
BPTT_INSTANTIATE_SCRATCH(lstmCoupled);

}  // namespace kernel
}  // namespace bptt
