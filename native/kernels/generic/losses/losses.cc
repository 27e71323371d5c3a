// Losses of outputs against targets of the same size, with their gradients. A loss is summed in double over the rows in
// ascending order. So it does not depend on the number of threads.
#include <cmath>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/row_sums.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// The weights of the rows: the sum of the losses is divided by their sum.
template <typename T>
struct RowWeights {
  const T* weights;  // [R], or null for 1 each
  int64_t row_count;

  double total() const {
    if (weights == nullptr) return static_cast<double>(row_count);
    double sum = 0;
    for (int64_t r = 0; r < row_count; ++r) sum += static_cast<double>(weights[r]);
    return sum;
  }
  // 1 / (total * per_row): the factor of the sum over all elements.
  double factor(int64_t per_row) const {
    const double divisor = total() * static_cast<double>(per_row);
    return divisor == 0 ? 0.0 : 1.0 / divisor;
  }
};

// What the operations of this file have in common.
struct Operands {
  Operand outputs, targets, weights;
};

// Weighted mean losses: sum over rows of weight * sum over columns of f(output, target, column), divided by the sum of
// the weights times `per_row`. Each row is summed in double separately. A row of weight 0 does not count, also if it
// holds NaN.
//   operands: outputs, targets [R,C], weights [R] in; loss [1] out, total [1] out where it is there
template <typename T, typename F>
void sum_elements(const BpttCall& call, Operands in, Operand loss, Operand total, int64_t per_row, F f) {
  const int64_t row_count = rows(call, in.outputs), width = columns(call, in.outputs);
  const RowWeights<T> weighting{data<T>(call, in.weights), row_count};
  double* row_losses = row_sums(call);
  const Range mine = share(row_count, 1, *call.team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const double weight = weighting.weights == nullptr ? 1.0 : static_cast<double>(weighting.weights[r]);
    row_losses[r] = 0.0;
    if (weight == 0) continue;
    const T* output = data<T>(call, in.outputs) + r * width;
    const T* target = data<T>(call, in.targets) + r * width;
    double sum = 0;
    for (int64_t c = 0; c < width; ++c) sum += f(static_cast<double>(output[c]), static_cast<double>(target[c]), c);
    row_losses[r] = weight * sum;
  }
  if (T* out = data<T>(call, total); out != nullptr && call.team->id == 0) *out = static_cast<T>(weighting.total());
  finish_row_sums(call, row_count, weighting.factor(per_row), data<T>(call, loss));
}

// Their gradients: dloss * by / (sum of the weights * per_row) * weight * f(output, target, column, n), which computes
// n elements from `column` on together. They are 0 in rows of weight 0, also if these hold NaN. When nothing depends on
// the row or the column, the matrix is processed as one long row.
template <typename T, typename F>
void map_elements(const BpttCall& call, Operand dloss, Operands in, Operand gradient, double by, int64_t per_row,
                  bool has_columns, F f) {
  constexpr int L = Vec<T>::kLanes;
  const int64_t row_count = rows(call, in.outputs);
  const RowWeights<T> weighting{data<T>(call, in.weights), row_count};
  const double factor = static_cast<double>(*data<T>(call, dloss)) * (by * weighting.factor(per_row));
  const bool is_long = weighting.weights == nullptr && !has_columns;
  const int64_t width = is_long ? row_count * columns(call, in.outputs) : columns(call, in.outputs);
  const Range all = is_long ? Range{0, 1} : share(row_count, 1, *call.team);
  const Range within = is_long ? share(width, 16 * L, *call.team) : Range{0, width};
  for (int64_t r = all.begin; r < all.end; ++r) {
    const double weight = weighting.weights == nullptr ? 1.0 : static_cast<double>(weighting.weights[r]);
    if (weight == 0) {
      T* row = data<T>(call, gradient) + r * width;
      std::fill(row, row + width, T(0));
      continue;
    }
    const Vec<T> row_factor(static_cast<T>(factor * weight));
    for (int64_t c = within.begin; c < within.end; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, within.end - c));
      const int64_t e = r * width + c;
      const Vec<T> output = Vec<T>::load(data<T>(call, in.outputs) + e, n);
      const Vec<T> target = Vec<T>::load(data<T>(call, in.targets) + e, n);
      (row_factor * f(output, target, c, n)).store(data<T>(call, gradient) + e, n);
    }
  }
}

// `above` where a difference is positive, `below` where it is negative, and the difference itself where it is 0 or NaN.
template <typename T>
Vec<T> slope_of_sides(Vec<T> difference, Vec<T> above, Vec<T> below) {
  const Vec<T> zero = Vec<T>::zero();
  return select(is_less(zero, difference), above, select(is_less(difference, zero), below, difference));
}

}  // namespace

// loss = mean over rows of the sum over columns of -(p t log s(x) + (1-t) log(1 - s(x))), in the form that does not
// overflow: max(x,0) - x t + log(1 + e^-|x|) where p is 1, else (1-t) x + (1 + (p-1) t) (log(1 + e^-|x|) + max(-x,0)).
//   logits, targets [R,C], weights [R], positive p [C] in, absent 1 each; loss [1] out, total [1] out, may be absent
// Agrees with torch.nn.BCEWithLogitsLoss(pos_weight), whose mean over rows and columns is this one divided by C.
template <typename T>
void sigmoidCrossEntropy(const BpttCall* call) {
  constexpr Row kRow(Opcode::sigmoidCrossEntropy);
  constexpr Operands kIn{kRow["logits"], kRow["targets"], kRow["weights"]};
  constexpr Operand kPositive = kRow["positive"], kLoss = kRow["loss"], kTotal = kRow["total"];
  const T* positive = data<T>(*call, kPositive);
  if (positive == nullptr) {
    sum_elements<T>(*call, kIn, kLoss, kTotal, 1, [](double x, double t, int64_t) {
      return (x < 0 ? 0.0 : x) - x * t + std::log1p(std::exp(-std::abs(x)));
    });
    return;
  }
  sum_elements<T>(*call, kIn, kLoss, kTotal, 1, [positive](double x, double t, int64_t c) {
    const double weight = 1 + (static_cast<double>(positive[c]) - 1) * t;
    return (1 - t) * x + weight * (std::log1p(std::exp(-std::abs(x))) + (x < 0 ? -x : 0.0));
  });
}

template <typename T>
BpttScratch sigmoidCrossEntropyScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kLogits = Row(Opcode::sigmoidCrossEntropy)["logits"];
  return row_sums_scratch(of(operands, kLogits));
}

// dlogits = dloss / total * weight * (s(logits) - targets); with p (1-t) - (1 + (p-1) t) (1 - s(logits)) in its place
template <typename T>
void sigmoidCrossEntropyBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::sigmoidCrossEntropyBackward);
  constexpr Operands kIn{kRow["logits"], kRow["targets"], kRow["weights"]};
  constexpr Operand kDloss = kRow["dloss"], kPositive = kRow["positive"], kDlogits = kRow["dlogits"];
  const T* positive = data<T>(*call, kPositive);
  if (positive == nullptr) {
    map_elements<T>(*call, kDloss, kIn, kDlogits, 1, 1, false,
                    [](Vec<T> x, Vec<T> t, int64_t, int) { return sigmoid(x) - t; });
    return;
  }
  map_elements<T>(*call, kDloss, kIn, kDlogits, 1, 1, true, [positive](Vec<T> x, Vec<T> t, int64_t c, int n) {
    const Vec<T> one(T(1)), p = Vec<T>::load(positive + c, n);
    return one - t - (one + (p - one) * t) * (one - sigmoid(x));
  });
}

// loss = mean over all elements of (prediction - target)^2.
//   prediction, target [R,C], weights [R] in, absent 1 each; loss [1] out, total [1] out, may be absent
template <typename T>
void meanSquaredError(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquaredError);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kLoss = kRow["loss"], kTotal = kRow["total"];
  sum_elements<T>(*call, kIn, kLoss, kTotal, columns(*call, kIn.outputs),
                  [](double y, double t, int64_t) { return (y - t) * (y - t); });
}

template <typename T>
BpttScratch meanSquaredErrorScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::meanSquaredError)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss * 2 / (total C) * weight * (prediction - target)
template <typename T>
void meanSquaredErrorBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquaredErrorBackward);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kDloss = kRow["dloss"], kDprediction = kRow["dprediction"];
  map_elements<T>(*call, kDloss, kIn, kDprediction, 2, columns(*call, kIn.outputs), false,
                  [](Vec<T> y, Vec<T> t, int64_t, int) { return y - t; });
}

// loss = mean over all elements of |prediction - target|.
//   prediction, target [R,C], weights [R] in, absent 1 each; loss [1] out, total [1] out, may be absent
template <typename T>
void meanAbsoluteError(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanAbsoluteError);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kLoss = kRow["loss"], kTotal = kRow["total"];
  sum_elements<T>(*call, kIn, kLoss, kTotal, columns(*call, kIn.outputs),
                  [](double y, double t, int64_t) { return std::abs(y - t); });
}

template <typename T>
BpttScratch meanAbsoluteErrorScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::meanAbsoluteError)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss / (total C) * weight * (1 above the target, -1 below it, 0 where the two are equal). NaN stays
// NaN.
template <typename T>
void meanAbsoluteErrorBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanAbsoluteErrorBackward);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kDloss = kRow["dloss"], kDprediction = kRow["dprediction"];
  map_elements<T>(
      *call, kDloss, kIn, kDprediction, 1, columns(*call, kIn.outputs), false,
      [](Vec<T> y, Vec<T> t, int64_t, int) { return slope_of_sides<T>(y - t, Vec<T>(T(1)), Vec<T>(T(-1))); });
}

// The Huber loss: mean over all elements of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), d = prediction -
// target.
//   prediction, target [R,C], weights [R] in, absent 1 each; loss [1] out, total [1] out, may be absent
// Source: Huber, "Robust estimation of a location parameter", 1964. Agrees with torch.nn.HuberLoss(delta).
template <typename T>
void huberLoss(const BpttCall* call) {
  constexpr Row kRow(Opcode::huberLoss);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kLoss = kRow["loss"], kTotal = kRow["total"];
  constexpr Attribute kDelta = kRow.attribute("delta");
  const double delta = number(*call, kDelta);
  sum_elements<T>(*call, kIn, kLoss, kTotal, columns(*call, kIn.outputs), [delta](double y, double t, int64_t) {
    const double distance = std::abs(y - t);
    return distance <= delta ? distance * distance / 2 : delta * (distance - delta / 2);
  });
}

template <typename T>
BpttScratch huberLossScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::huberLoss)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss / (total C) * weight * (prediction - target, held within -delta and delta). NaN stays NaN.
template <typename T>
void huberLossBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::huberLossBackward);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kDloss = kRow["dloss"], kDprediction = kRow["dprediction"];
  constexpr Attribute kDelta = kRow.attribute("delta");
  const T delta = static_cast<T>(number(*call, kDelta));
  map_elements<T>(*call, kDloss, kIn, kDprediction, 1, columns(*call, kIn.outputs), false,
                  [delta](Vec<T> y, Vec<T> t, int64_t, int) { return clamp(y - t, -delta, delta); });
}

// The loss of one quantile: mean over all elements of level * (target - prediction) where the target is above the
// prediction, (1 - level) * (prediction - target) where it is below.
//   prediction, target [R,C], weights [R] in, absent 1 each; loss [1] out, total [1] out, may be absent
// Source: Koenker and Bassett, "Regression quantiles", 1978.
template <typename T>
void quantileLoss(const BpttCall* call) {
  constexpr Row kRow(Opcode::quantileLoss);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kLoss = kRow["loss"], kTotal = kRow["total"];
  constexpr Attribute kLevel = kRow.attribute("level");
  const double level = number(*call, kLevel);
  sum_elements<T>(*call, kIn, kLoss, kTotal, columns(*call, kIn.outputs),
                  [level](double y, double t, int64_t) { return (t >= y ? level : level - 1) * (t - y); });
}

template <typename T>
BpttScratch quantileLossScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::quantileLoss)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss / (total C) * weight * (1 - level above the target, -level below it). Where the two are equal it
// is 0, which lies between both slopes. NaN stays NaN, so that a step with NaN changes no parameter.
template <typename T>
void quantileLossBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::quantileLossBackward);
  constexpr Operands kIn{kRow["prediction"], kRow["target"], kRow["weights"]};
  constexpr Operand kDloss = kRow["dloss"], kDprediction = kRow["dprediction"];
  constexpr Attribute kLevel = kRow.attribute("level");
  const T level = static_cast<T>(number(*call, kLevel));
  const Vec<T> above(T(1) - level), below(-level);
  map_elements<T>(*call, kDloss, kIn, kDprediction, 1, columns(*call, kIn.outputs), false,
                  [above, below](Vec<T> y, Vec<T> t, int64_t, int) { return slope_of_sides<T>(y - t, above, below); });
}

BPTT_INSTANTIATE(sigmoidCrossEntropy);
BPTT_INSTANTIATE_SCRATCH(sigmoidCrossEntropy);
BPTT_INSTANTIATE(sigmoidCrossEntropyBackward);
BPTT_INSTANTIATE(meanSquaredError);
BPTT_INSTANTIATE_SCRATCH(meanSquaredError);
BPTT_INSTANTIATE(meanSquaredErrorBackward);
BPTT_INSTANTIATE(meanAbsoluteError);
BPTT_INSTANTIATE_SCRATCH(meanAbsoluteError);
BPTT_INSTANTIATE(meanAbsoluteErrorBackward);
BPTT_INSTANTIATE(huberLoss);
BPTT_INSTANTIATE_SCRATCH(huberLoss);
BPTT_INSTANTIATE(huberLossBackward);
BPTT_INSTANTIATE(quantileLoss);
BPTT_INSTANTIATE_SCRATCH(quantileLoss);
BPTT_INSTANTIATE(quantileLossBackward);

}  // namespace kernel
}  // namespace bptt
