// Weights in the order in which the micro-kernel reads them. A panel holds NV vectors for every depth k:
//   packed[panel][k][vector][lane]
// With one gate the vectors are neighbouring columns; with G gates vector g holds gate g of the same units, so that a
// cell finds all gates of a unit in one tile. Missing columns are zero; with one gate the last panel has no more
// vectors than it needs. Allocates nothing.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/micro_kernel.h"

namespace bptt {
namespace kernel {

template <typename T>
int64_t packed_size(int64_t inputs, int64_t outputs, int32_t gates) {
  const int64_t vectors = Tiling<T>::vectors(gates);
  const int64_t width = gates == 1 ? vectors * Vec<T>::kLanes : Vec<T>::kLanes;
  const int64_t panels = (outputs / gates + width - 1) / width;
  const int64_t last = gates == 1 ? panel_vectors<T>(outputs, panels - 1) : vectors;
  return ((panels - 1) * vectors + last) * inputs * Vec<T>::kLanes;
}

namespace {

// Column of the unpacked matrix that stands in (panel, vector, lane), or -1 for a filler.
template <typename T>
int64_t source_column(int gates, int64_t outputs, int64_t panel, int vector, int lane) {
  constexpr int L = Vec<T>::kLanes;
  if (gates == 1) {
    const int64_t column = (panel * Tiling<T>::vectors(1) + vector) * L + lane;
    return column < outputs ? column : -1;
  }
  const int64_t units = outputs / gates;
  const int64_t unit = panel * L + lane;
  return unit < units ? vector * units + unit : -1;
}

template <typename T>
int64_t panel_count(int gates, int64_t outputs) {
  const int64_t vectors = packed_size<T>(1, outputs, gates) / Vec<T>::kLanes;
  return (vectors + Tiling<T>::vectors(gates) - 1) / Tiling<T>::vectors(gates);
}

// p[k, o] = w[rowBegin + o, k]
template <typename T, int G>
void pack_gates(const BpttCall& call) {
  constexpr int L = Vec<T>::kLanes;
  constexpr int NV = Tiling<T>::vectors(G);
  constexpr int64_t kBlock = 64;  // depth rows written at a time: 12 KiB, so that they stay in the first cache
  const T* w = data<T>(call, 0);
  T* packed = data<T>(call, 1);
  const int64_t depth = rows(call, 1);
  const int64_t outputs = columns(call, 1);
  const int64_t row_begin = static_cast<int64_t>(call.attributes[0]);
  const Range mine = share(panel_count<T>(G, outputs), 1, *call.team);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    T* to = packed + panel * depth * NV * L;
    const int width = (G == 1 ? panel_vectors<T>(outputs, panel) : NV) * L;
    for (int64_t k0 = 0; k0 < depth; k0 += kBlock) {
      const int64_t k1 = std::min(depth, k0 + kBlock);
      for (int c = 0; c < width; ++c) {
        const int64_t column = source_column<T>(G, outputs, panel, c / L, c % L);
        const T* from = column < 0 ? nullptr : w + (row_begin + column) * depth;
        for (int64_t k = k0; k < k1; ++k) to[k * width + c] = from == nullptr ? T(0) : from[k];
      }
    }
  }
}

}  // namespace

template <typename T>
void pack(const BpttCall* call) {
  pack_gates<T, 1>(*call);
}
template <typename T>
void packGates2(const BpttCall* call) {
  pack_gates<T, 2>(*call);
}
template <typename T>
void packGates3(const BpttCall* call) {
  pack_gates<T, 3>(*call);
}
template <typename T>
void packGates4(const BpttCall* call) {
  pack_gates<T, 4>(*call);
}

// p[k, o] = w[rowBegin + k, o]
template <typename T>
void packTransposed(const BpttCall* call) {
  constexpr int W = Tiling<T>::vectors(1) * Vec<T>::kLanes;
  const T* w = data<T>(*call, 0) + static_cast<int64_t>(call->attributes[0]) * columns(*call, 0);
  T* packed = data<T>(*call, 1);
  const int64_t depth = rows(*call, 1);
  const int64_t outputs = columns(*call, 1);
  const Range mine = share(panel_count<T>(1, outputs), 1, *call->team);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    T* to = packed + panel * depth * W;
    const int64_t width = std::min<int64_t>(W, outputs - panel * W);
    const int padded = panel_vectors<T>(outputs, panel) * Vec<T>::kLanes;
    for (int64_t k = 0; k < depth; ++k, to += padded) {
      const T* from = w + k * outputs + panel * W;
      std::copy(from, from + width, to);
      std::fill(to + width, to + padded, T(0));
    }
  }
}

template int64_t packed_size<float>(int64_t, int64_t, int32_t);
template int64_t packed_size<double>(int64_t, int64_t, int32_t);
BPTT_INSTANTIATE(pack);
BPTT_INSTANTIATE(packGates2);
BPTT_INSTANTIATE(packGates3);
BPTT_INSTANTIATE(packGates4);
BPTT_INSTANTIATE(packTransposed);

}  // namespace kernel
}  // namespace bptt
