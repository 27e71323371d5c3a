// Weights in the order in which the micro-kernel reads them. A panel holds NV vectors for every depth k:
//   packed[panel][k][vector][lane]
// With one gate the vectors are neighbouring columns; with G gates vector g holds gate g of the same units, so that a
// cell finds all gates of a unit in one tile. Missing columns are zero; with one gate the last panel has no more
// vectors than it needs. Allocates nothing.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/micro_kernel.h"
#include "kernels/generic/products/packed_size.h"

namespace bptt {
namespace kernel {

namespace {

template <typename T>
int64_t panel_count(int gates, int64_t outputs) {
  const int64_t vectors = packed_size<T, T>(1, outputs, gates) / Vec<T>::kLanes;
  return (vectors + Tiling<T>::vectors(gates) - 1) / Tiling<T>::vectors(gates);
}

// Stores the vectors of neighbouring depths, the first of which is even, `width` columns apart.
template <typename T, typename S, typename VectorAt>
void store_depths(int64_t count, int64_t width, VectorAt vector, S* to) {
  if constexpr (Panel<T, S>::kIsPaired) {
    for (int64_t i = 0; i < count; i += 2) Panel<T, S>::store_pair(vector(i), vector(i + 1), to + i * width);
  } else {
    for (int64_t i = 0; i < count; ++i) Panel<T, S>::store(vector(i), to + i * width);
  }
}

// Column `lane` at depth k of a vector of columns is from[lane * depth + k] for the first `lanes` lanes, zero for the
// others and beyond the depth: blocks of as many depths as a vector has lanes are transposed in registers.
template <typename T, typename S>
void pack_vector(const T* from, int lanes, int64_t depth, int width, S* to) {
  constexpr int L = Vec<T>::kLanes;
  int64_t k = 0;
  if constexpr (L > 1) {
    for (; k + L <= depth; k += L) {
      Vec<T> block[L];
      for (int l = 0; l < L; ++l) block[l] = l < lanes ? Vec<T>::load(from + l * depth + k) : Vec<T>::zero();
      transpose(block);
      store_depths<T, S>(
          L, width, [&](int64_t i) { return block[i]; }, to + k * width);
    }
  }
  const auto at = [&](int64_t depth_at) {
    T values[L];
    for (int l = 0; l < L; ++l) values[l] = l < lanes && depth_at < depth ? from[l * depth + depth_at] : T(0);
    return Vec<T>::load(values);
  };
  store_depths<T, S>(
      Panel<T, S>::stored_depth(depth) - k, width, [&](int64_t i) { return at(k + i); }, to + k * width);
}

// Numbers from one vector of columns to the next.
template <typename T, typename S>
constexpr int kColumn = Vec<T>::kLanes*(Panel<T, S>::kIsPaired ? 2 : 1);

// p[k, o] = w[rowBegin + o, k]
template <typename T, typename S, Opcode kOperation, int G>
void pack_gates(const BpttCall& call) {
  constexpr Row kRow(kOperation);
  constexpr Operand kW = kRow["w"], kP = kRow["p"];
  constexpr Attribute kRowBegin = kRow.attribute("rowBegin");
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(G);
  const T* w = data<T>(call, kW);
  S* packed = data<S>(call, kP);
  const int64_t depth = rows(call, kP);
  const int64_t outputs = columns(call, kP);
  const int64_t row_begin = whole(call, kRowBegin);
  const Range mine = share(panel_count<T>(G, outputs), 1, *call.team);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    const int vectors = G == 1 ? panel_vectors<T>(outputs, panel) : NV;
    for (int v = 0; v < vectors; ++v) {
      // The first output of the vector, and how many there are: of neighbouring columns, or of a gate's units.
      const int64_t unit = G == 1 ? (panel * NV + v) * L : panel * L;
      const int64_t output = G == 1 ? unit : v * (outputs / G) + unit;
      const int lanes = static_cast<int>(std::min<int64_t>(L, outputs / G - unit));
      S* to = packed + panel * Panel<T, S>::stored_depth(depth) * NV * L + v * kColumn<T, S>;
      pack_vector(w + (row_begin + output) * depth, lanes, depth, vectors * L, to);
    }
  }
}

}  // namespace

template <typename T, typename S>
void pack(const BpttCall* call) {
  pack_gates<T, S, Opcode::pack, 1>(*call);
}
template <typename T, typename S>
void packGates2(const BpttCall* call) {
  pack_gates<T, S, Opcode::packGates2, 2>(*call);
}
template <typename T, typename S>
void packGates3(const BpttCall* call) {
  pack_gates<T, S, Opcode::packGates3, 3>(*call);
}
template <typename T, typename S>
void packGates4(const BpttCall* call) {
  pack_gates<T, S, Opcode::packGates4, 4>(*call);
}

// p[k, o] = w[rowBegin + k, o]
template <typename T, typename S>
void packTransposed(const BpttCall* call) {
  constexpr Row kRow(Opcode::packTransposed);
  constexpr Operand kW = kRow["w"], kP = kRow["p"];
  constexpr Attribute kRowBegin = kRow.attribute("rowBegin");
  constexpr int L = Vec<T>::kLanes;
  constexpr int W = Tiling<T>::vectors(1) * L;
  const T* w = data<T>(*call, kW) + whole(*call, kRowBegin) * columns(*call, kW);
  S* packed = data<S>(*call, kP);
  const int64_t depth = rows(*call, kP);
  const int64_t outputs = columns(*call, kP);
  const Range mine = share(panel_count<T>(1, outputs), 1, *call->team);
  const int64_t stored = Panel<T, S>::stored_depth(depth);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    const int vectors = panel_vectors<T>(outputs, panel);
    for (int v = 0; v < vectors; ++v) {
      const int64_t column = panel * W + v * L;
      const int n = static_cast<int>(std::min<int64_t>(L, outputs - column));
      S* to = packed + panel * stored * W + v * kColumn<T, S>;
      store_depths<T, S>(
          stored, vectors * L,
          [&](int64_t k) { return k < depth ? Vec<T>::load(w + k * outputs + column, n) : Vec<T>::zero(); }, to);
    }
  }
}

BPTT_INSTANTIATE(pack);
BPTT_INSTANTIATE(packGates2);
BPTT_INSTANTIATE(packGates3);
BPTT_INSTANTIATE(packGates4);
BPTT_INSTANTIATE(packTransposed);

}  // namespace kernel
}  // namespace bptt
