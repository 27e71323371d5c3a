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

// to[k * width + lane] = from[lane * depth + k] for the first `lanes` lanes of a vector, zero for the others: blocks of
// as many depths as a vector has lanes are transposed in registers.
template <typename T, typename S>
void pack_vector(const T* from, int lanes, int64_t depth, int width, S* to) {
  constexpr int L = Vec<T>::kLanes;
  int64_t k = 0;
  if constexpr (L > 1) {
    for (; k + L <= depth; k += L) {
      Vec<T> block[L];
      for (int l = 0; l < L; ++l) block[l] = l < lanes ? Vec<T>::load(from + l * depth + k) : Vec<T>::zero();
      transpose(block);
      for (int i = 0; i < L; ++i) Panel<T, S>::store(block[i], to + (k + i) * width);
    }
  }
  for (; k < depth; ++k) {
    for (int l = 0; l < L; ++l) to[k * width + l] = l < lanes ? static_cast<S>(from[l * depth + k]) : S(0);
  }
}

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
      pack_vector(w + (row_begin + output) * depth, lanes, depth, vectors * L, packed + panel * depth * NV * L + v * L);
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
  constexpr int W = Tiling<T>::vectors(1) * Vec<T>::kLanes;
  const T* w = data<T>(*call, kW) + whole(*call, kRowBegin) * columns(*call, kW);
  S* packed = data<S>(*call, kP);
  const int64_t depth = rows(*call, kP);
  const int64_t outputs = columns(*call, kP);
  const Range mine = share(panel_count<T>(1, outputs), 1, *call->team);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    S* to = packed + panel * depth * W;
    const int64_t width = std::min<int64_t>(W, outputs - panel * W);
    const int padded = panel_vectors<T>(outputs, panel) * Vec<T>::kLanes;
    for (int64_t k = 0; k < depth; ++k, to += padded) {
      const T* from = w + k * outputs + panel * W;
      std::transform(from, from + width, to, [](T value) { return static_cast<S>(value); });
      std::fill(to + width, to + padded, S(0));
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
