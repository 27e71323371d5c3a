// Affine maps over all rows of a batch at once, and their gradients. Row-major, 64-byte aligned operands; allocate
// nothing. Rounding: one chain of multiply-adds per element forward, chains of kDepthBlock summed in order backward.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/micro_kernel.h"
#include "kernels/generic/products/transposed_product.h"

namespace bptt {
namespace kernel {

namespace {
// Rows of x that are swept over all panels together: 256 KiB, a part of the second cache.
constexpr int64_t kBlockBytes = 256 * 1024;

template <typename T>
int64_t block_rows(int64_t depth) {
  constexpr int MR = Tiling<T>::rows(Tiling<T>::vectors(1));
  return std::max<int64_t>(MR, kBlockBytes / (depth * static_cast<int64_t>(sizeof(T))) / MR * MR);
}

}  // namespace

// y = x W^T + b
//   x  [R,K]  in
//   p  [K,O]  in   W packed
//   b  [O]    in   may be absent
//   y  [R,O]  out  aliases nothing
template <typename T, typename S>
void linear(const BpttCall* call) {
  constexpr Row kRow(Opcode::linear);
  constexpr Operand kX = kRow["x"], kP = kRow["p"], kB = kRow["b"], kY = kRow["y"];
  constexpr int NV = Tiling<T>::vectors(1);
  constexpr int W = NV * Vec<T>::kLanes;
  constexpr int MR = Tiling<T>::rows(NV);
  const T* x = data<T>(*call, kX);
  const S* packed = data<S>(*call, kP);
  const T* bias = data<T>(*call, kB);
  T* y = data<T>(*call, kY);
  const int64_t total_rows = rows(*call, kX);
  const int64_t depth = columns(*call, kX);
  const int64_t outputs = columns(*call, kY);
  const int64_t panels = (outputs + W - 1) / W;
  // Threads divide the rows where there are enough of them, the columns otherwise.
  const bool by_rows = total_rows >= MR * 4 * call->team->count;
  const Range mine = by_rows ? share(total_rows, MR, *call->team) : Range{0, total_rows};
  const Range my_panels = by_rows ? Range{0, panels} : share(panels, 1, *call->team);
  const int64_t block = block_rows<T>(depth);
  const int64_t panel_size = Panel<T, S>::stored_depth(depth) * W;
  Scratch own(call->thread_scratch);
  const LeftRows<T, S> left(&own, block, depth);
  Tile<T, NV> tile;
  for (int64_t r0 = mine.begin; r0 < mine.end; r0 += block) {
    const int64_t r1 = std::min(mine.end, r0 + block);
    int64_t row_stride = depth;
    const T* rows_of_block = left.of(x + r0 * depth, r1 - r0, depth, &row_stride);
    for (int64_t panel = my_panels.begin; panel < my_panels.end; ++panel) {
      const int64_t column = panel * W;
      const int width = static_cast<int>(std::min<int64_t>(W, outputs - column));
      const int vectors = panel_vectors<T>(outputs, panel);
      const int64_t next = panel + 1 < my_panels.end ? panel + 1 : my_panels.begin;
      const Ahead ahead = fetch_ahead<T>(packed + next * panel_size, panel_size / NV * panel_vectors<T>(outputs, next),
                                         (my_panels.end - my_panels.begin) * panel_size);
      with_panel(packed + panel * panel_size, r1 - r0, depth, vectors, left.panel(),
                 [&](const auto* weights, int64_t stored) {
                   for (int64_t r = r0; r < r1; r += MR) {
                     const int count = static_cast<int>(std::min<int64_t>(MR, r1 - r));
                     panel_product<T, NV, Left::kRows>(vectors, count, stored, rows_of_block + (r - r0) * row_stride,
                                                       row_stride, weights, tile.value, false,
                                                       ahead.part(r - r0, r - r0 + count, r1 - r0));
                     for (int m = 0; m < count; ++m) {
                       T* to = y + (r + m) * outputs + column;
                       for (int c = 0; c < width; c += Vec<T>::kLanes) {
                         const int n = std::min(Vec<T>::kLanes, width - c);
                         (Vec<T>::load(tile.row(m) + c) + Vec<T>::load_or_zero(at_or_null(bias, column + c), n))
                             .store(to + c, n);
                       }
                     }
                   }
                 });
    }
  }
}

template <typename T, typename S>
BpttScratch linearScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kP = Row(Opcode::linear)["p"];
  const int64_t depth = of(operands, kP).rows;
  Scratch own;
  LeftRows<T, S>(&own, block_rows<T>(depth), depth);
  return {0, own.bytes()};
}

// dW = dy^T x
//   dy [R,O]  in
//   x  [R,K]  in
//   dW [O,K]  out
template <typename T, typename A>
void weightGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::weightGradient);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kDW = kRow["dW"];
  const int64_t width = columns(*call, kX);
  const A* x = data<A>(*call, kX);
  transposed_product<T>(*call, data<T>(*call, kDy), columns(*call, kDy), columns(*call, kDy), rows(*call, kDy),
                        right_columns(width, data<T>(*call, kDW), [&](int64_t row) { return x + row * width; }));
}

template <typename T>
BpttScratch weightGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kX = Row(Opcode::weightGradient)["x"];
  return transposed_product_scratch<T>(of(operands, kX).columns);
}

// db = sum over rows of dy, in blocks of 64 rows so that the error grows with the blocks and not with the rows.
//   dy [R,O]  in
//   db [O]    out
template <typename T>
void biasGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::biasGradient);
  constexpr Operand kDy = kRow["dy"], kDb = kRow["db"];
  const Range mine = share(columns(*call, kDy), sum_width<T>(), *call->team);
  column_sums<T>(data<T>(*call, kDy), columns(*call, kDy), rows(*call, kDy), mine, data<T>(*call, kDb));
}

BPTT_INSTANTIATE(linear);
BPTT_INSTANTIATE_SCRATCH(linear);
BPTT_INSTANTIATE(weightGradient);
BPTT_INSTANTIATE_SCRATCH(weightGradient);
BPTT_INSTANTIATE(biasGradient);

}  // namespace kernel
}  // namespace bptt
