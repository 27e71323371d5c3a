// Convolution of packed sequences and its gradients. Row-major, 64-byte aligned operands; allocate nothing. Rounding:
// one chain of multiply-adds per element forward and for the gradient of x, tap by tap; blocks of rows summed in order
// for the gradient of the weights.
#include "kernels/generic/products/convolution.h"

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/transposed_product.h"

namespace bptt {
namespace kernel {

static_assert(have_same_attributes(Opcode::convolution, Opcode::convolutionInputGradient) &&
                  have_same_attributes(Opcode::convolution, Opcode::convolutionWeightGradient),
              "their attributes are read by one function");

namespace {

Convolution sizes_of(const BpttCall& call, int64_t inputs, int64_t outputs, int64_t weights) {
  constexpr Row kRow(Opcode::convolution);
  constexpr Attribute kGroups = kRow.attribute("groups"), kStride = kRow.attribute("stride"),
                      kDilation = kRow.attribute("dilation"), kPadding = kRow.attribute("padding"),
                      kFront = kRow.attribute("front");
  return {inputs,
          outputs,
          weights,
          whole(call, kGroups),
          whole(call, kStride),
          whole(call, kDilation),
          static_cast<Padding>(whole(call, kPadding)),
          whole(call, kFront)};
}

// Numbers that a step of x sums over in its gradient: an upper bound that does not depend on the groups.
int64_t gradient_width(int64_t inputs, int64_t outputs, int64_t weights) {
  return std::max<int64_t>(1, (weights * outputs + inputs - 1) / inputs);
}

// Scratch memory of the gradient of x: the weights in panels of the inputs.
template <typename T>
struct GradientPanels {
  T* packed;

  GradientPanels(int64_t width, int64_t inputs, Scratch* scratch)
      : packed(scratch->take<T>(width * round_up(inputs, panel_width<T>()))) {}
};

// packed[panel][tap, output of the group][column] = w[output, tap, column], for the columns of the inputs, as the
// weights of a product that sums over taps and outputs. Threads divide the panels.
template <typename T>
void pack_inputs(const BpttCall& call, const Convolution& sizes, const T* w, int64_t taps, int64_t width, T* packed) {
  constexpr int64_t W = Tiling<T>::vectors(1) * Vec<T>::kLanes;
  const Range mine = share((sizes.inputs + W - 1) / W, 1, *call.team);
  for (int64_t panel = mine.begin; panel < mine.end; ++panel) {
    const int64_t padded = panel_vectors<T>(sizes.inputs, panel) * Vec<T>::kLanes;
    T* to = packed + panel * width * W;
    std::fill(to, to + width * padded, T(0));
    const int64_t end = std::min(sizes.inputs, (panel + 1) * W);
    for (int64_t column = panel * W; column < end;) {
      const int64_t group = group_of(column, sizes.groups, sizes.group_inputs);
      const Range own = group_columns(group, sizes.groups, sizes.group_inputs, sizes.inputs);
      const int64_t first = column - own.begin;
      const int64_t count = std::min(std::min(own.end, end) - column, sizes.group_inputs - first);
      for (int64_t k = 0; k < taps * sizes.group_outputs && count > 0; ++k) {
        const int64_t output = group * sizes.group_outputs + k % sizes.group_outputs;
        if (output >= sizes.outputs) continue;
        const T* from = w + output * sizes.width + k / sizes.group_outputs * sizes.group_inputs + first;
        std::copy(from, from + count, to + k * padded + column - panel * W);
      }
      column = std::min(own.end, end);
    }
  }
}

template <typename T, typename S>
UnfoldScratch<T> unfold_scratch(int64_t width, Scratch* own) {
  const int64_t stored = Panel<T, S>::stored_depth(width);
  return {stored, Panel<T, S>::kIsPaired ? stored * Tiling<T>::vectors(1) * Vec<T>::kLanes : 0, own};
}

}  // namespace

// y[t] = sum over taps of W[tap] x[t * stride + tap * dilation - left] + b, within each sequence and each group
//   x   [M,I]  in   may be part of a matrix
//   p   [J,O]  in   W [O,J] packed, where a row holds the inputs of its group, tap by tap
//   b   [O]    in   may be absent
//   h0  [E,S]  in   may be absent: the steps before the first, which are zero then
//   y   [N,O]  out  may be part of a matrix
// attributes: groups, stride, dilation, padding (code), front (steps in front with explicit padding)
template <typename T, typename S>
void convolution(const BpttCall* call) {
  constexpr Row kRow(Opcode::convolution);
  constexpr Operand kX = kRow["x"], kP = kRow["p"], kB = kRow["b"], kH0 = kRow["h0"], kY = kRow["y"];
  const int64_t inputs = columns(*call, kX), outputs = columns(*call, kY), width = rows(*call, kP);
  const Convolution sizes = sizes_of(*call, inputs, outputs, width);
  const StepRows<T> x{data<T>(*call, kX),  stride(*call, kX),   call->other,
                      data<T>(*call, kH0), columns(*call, kH0), inputs};
  Scratch scratch(call->thread_scratch);
  UnfoldedProduct<T, S> product{*call->team,
                                sizes.groups,
                                sizes.group_inputs,
                                sizes.group_outputs,
                                outputs,
                                width,
                                data<S>(*call, kP),
                                data<T>(*call, kB),
                                data<T>(*call, kY),
                                stride(*call, kY),
                                unfold_scratch<T, S>(width, &scratch)};
  product.run(
      rows(*call, kY), [&](Range range, auto visit) { for_packed_rows(*call->axis, range, visit); },
      InputTaps<T>{sizes, x, *call}, sizes.is_depthwise());
}

template <typename T, typename S>
BpttScratch convolutionScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kP = Row(Opcode::convolution)["p"];
  Scratch own;
  unfold_scratch<T, S>(of(operands, kP).rows, &own);
  return {0, own.bytes()};
}

// dx[s] = sum over taps of W[tap]^T dy of the outputs that step s has a part in; dh0 the same for the steps before the
// first one
//   dy   [M,O]  in   may be part of a matrix
//   w    [O,J]  in
//   dx   [N,I]  out
//   dh0  [B,S]  out  may be absent
// attributes: as convolution
template <typename T>
void convolutionInputGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::convolutionInputGradient);
  constexpr Operand kDy = kRow["dy"], kW = kRow["w"], kDx = kRow["dx"], kDh0 = kRow["dh0"];
  const int64_t inputs = columns(*call, kDx), outputs = columns(*call, kDy);
  const Convolution sizes = sizes_of(*call, inputs, outputs, columns(*call, kW));
  const int64_t width = gradient_width(inputs, outputs, sizes.width);
  const int64_t taps = std::min(sizes.taps, width / sizes.group_outputs);
  Scratch shared(call->shared_scratch), own(call->thread_scratch);
  T* packed = GradientPanels<T>(width, inputs, &shared).packed;
  pack_inputs(*call, sizes, data<T>(*call, kW), taps, width, packed);
  if (barrier(*call)) return;
  const OutputTaps<T> sources{sizes, {data<T>(*call, kDy), stride(*call, kDy), call->other}, taps, *call};
  const UnfoldScratch<T> block(width, 0, &own);
  UnfoldedProduct<T, T> product{*call->team,
                                sizes.groups,
                                sizes.group_outputs,
                                sizes.group_inputs,
                                inputs,
                                width,
                                packed,
                                nullptr,
                                data<T>(*call, kDx),
                                inputs,
                                block};
  product.run(
      rows(*call, kDx), [&](Range range, auto visit) { for_packed_rows(*call->axis, range, visit); }, sources,
      sizes.is_depthwise());
  T* context = data<T>(*call, kDh0);
  if (context == nullptr) return;
  const int64_t context_columns = columns(*call, kDh0), steps = context_columns / inputs;
  for (int64_t b = 0; b < rows(*call, kDh0); ++b) {
    product.y = context + b * context_columns;
    const auto for_steps = [&](Range range, auto visit) {
      for (int64_t row = range.begin; row < range.end; ++row) visit(row, row - steps, b);
    };
    product.run(steps, for_steps, sources, sizes.is_depthwise());
    if (call->team->id == 0) std::fill(product.y + steps * inputs, product.y + context_columns, T(0));
  }
}

template <typename T>
BpttScratch convolutionInputGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Row kRow(Opcode::convolutionInputGradient);
  constexpr Operand kDy = kRow["dy"], kW = kRow["w"], kDx = kRow["dx"];
  const int64_t inputs = of(operands, kDx).columns;
  const int64_t width = gradient_width(inputs, of(operands, kDy).columns, of(operands, kW).columns);
  return {scratch_of<GradientPanels<T>>(width, inputs).shared, scratch_of<UnfoldScratch<T>>(width, int64_t{0}).shared};
}

namespace {

// The gradient of the weights where every channel is by itself, for some neighbouring channels: rows are summed in
// blocks, so that the rounding error grows with the blocks and not with the rows.
template <typename T, typename Taps>
struct DepthwiseSums {
  static constexpr int64_t kColumns = sum_width<T>();
  const Taps& sources;
  const T* dy;
  int64_t stride;
  int64_t taps;
  T* total;  // [taps, kColumns]
  T* block;  // the same

  // Adds the row of dy to the block, for the channels from `first` on.
  void add_row(int64_t row, int64_t step, int64_t b, int64_t first, int64_t count) {
    const T* gradient = dy + row * stride + first;
    sources(step, b, [&](int64_t tap, const T* from) {
      if (from != nullptr) add_product(gradient, from + first, count, block + tap * kColumns);
    });
  }

  static void add_product(const T* a, const T* b, int64_t count, T* to) {
    for_columns<T>(count, [&](int64_t c, int n) {
      multiply_add(Vec<T>::load(a + c, n), Vec<T>::load(b + c, n), Vec<T>::load(to + c)).store(to + c);
    });
  }

  void run(const BpttAxis& axis, int64_t first, int64_t count) {
    constexpr int64_t kRowBlock = 64;
    const int64_t size = taps * kColumns;
    std::fill(total, total + size, T(0));
    for (int64_t r0 = 0; r0 < axis.rows; r0 += kRowBlock) {
      std::fill(block, block + size, T(0));
      for_packed_rows(axis, {r0, std::min(axis.rows, r0 + kRowBlock)},
                      [&](int64_t row, int64_t step, int64_t b) { add_row(row, step, b, first, count); });
      for (int64_t e = 0; e < size; e += Vec<T>::kLanes) {
        (Vec<T>::load(total + e) + Vec<T>::load(block + e)).store(total + e);
      }
    }
  }
};

// dW [channels, taps] of a depthwise convolution; threads divide the channels.
template <typename T, typename Taps>
void depthwise_gradient(const BpttCall& call, DepthwiseSums<T, Taps> sums, int64_t channels, T* dW) {
  constexpr int64_t kColumns = DepthwiseSums<T, Taps>::kColumns;
  const Range mine = share(channels, kColumns, *call.team);
  for (int64_t c = mine.begin; c < mine.end; c += kColumns) {
    const int64_t count = std::min(kColumns, mine.end - c);
    sums.run(*call.axis, c, count);
    for (int64_t v = 0; v < count; ++v) {
      for (int64_t tap = 0; tap < sums.taps; ++tap) dW[(c + v) * sums.taps + tap] = sums.total[tap * kColumns + v];
    }
  }
}

// Numbers that each thread needs beside what the transposed product takes: an unfolded row, or the sums of a depthwise
// gradient.
template <typename T>
int64_t weight_gradient_numbers(int64_t width) {
  return 2 * width * sum_width<T>();
}

}  // namespace

// dW = sum over outputs of dy times the steps of x that they sum over
//   dy  [N,O]  in   may be part of a matrix
//   x   [M,I]  in   may be part of a matrix
//   h0  [E,S]  in   may be absent
//   dW  [O,J]  out
// attributes: as convolution
template <typename T>
void convolutionWeightGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::convolutionWeightGradient);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kH0 = kRow["h0"], kDW = kRow["dW"];
  const int64_t inputs = columns(*call, kX), outputs = columns(*call, kDy), width = columns(*call, kDW);
  const Convolution sizes = sizes_of(*call, inputs, outputs, width);
  const StepRows<T> x{data<T>(*call, kX),  stride(*call, kX),   call->other,
                      data<T>(*call, kH0), columns(*call, kH0), inputs};
  const InputTaps<T> sources{sizes, x, *call};
  const BpttAxis& axis = *call->axis;
  const T* dy = data<T>(*call, kDy);
  T* own = reinterpret_cast<T*>(static_cast<char*>(call->thread_scratch) +
                                round_up(transposed_product_scratch<T>(width).per_thread, kAlignment));
  if (sizes.is_depthwise()) {
    T* block = own + weight_gradient_numbers<T>(width) / 2;
    const DepthwiseSums<T, InputTaps<T>> sums{sources, dy, stride(*call, kDy), sizes.taps, own, block};
    return depthwise_gradient(*call, sums, outputs, data<T>(*call, kDW));
  }
  for (int64_t group = 0; group < sizes.groups; ++group) {
    const Range mine = group_columns(group, sizes.groups, sizes.group_outputs, outputs);
    if (mine.begin == mine.end) continue;
    const auto unfolded = [&](int64_t row) {
      const int64_t step = std::upper_bound(axis.offsets, axis.offsets + axis.steps, row) - axis.offsets - 1;
      unfold_row(sources, step, row - axis.offsets[step], group * sizes.group_inputs, sizes.group_inputs, width, own);
      return own;
    };
    // The buffers of the group before may still be read.
    if (group > 0 && barrier(*call)) return;
    transposed_product<T>(*call, dy + mine.begin, stride(*call, kDy), mine.end - mine.begin, axis.rows,
                          right_columns(width, data<T>(*call, kDW) + mine.begin * width, unfolded));
  }
}

template <typename T>
BpttScratch convolutionWeightGradientScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kDW = Row(Opcode::convolutionWeightGradient)["dW"];
  const int64_t width = of(operands, kDW).columns;
  BpttScratch scratch = transposed_product_scratch<T>(width);
  scratch.per_thread =
      round_up(scratch.per_thread, kAlignment) + weight_gradient_numbers<T>(width) * static_cast<int64_t>(sizeof(T));
  return scratch;
}

BPTT_INSTANTIATE(convolution);
BPTT_INSTANTIATE_SCRATCH(convolution);
BPTT_INSTANTIATE(convolutionInputGradient);
BPTT_INSTANTIATE_SCRATCH(convolutionInputGradient);
BPTT_INSTANTIATE(convolutionWeightGradient);
BPTT_INSTANTIATE_SCRATCH(convolutionWeightGradient);

}  // namespace kernel
}  // namespace bptt
