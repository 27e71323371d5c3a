// Softmax, and losses with their gradients. A loss is summed in double over the rows in ascending order, whatever the
// number of threads.
#include <cmath>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/losses/exp_sum.h"
#include "kernels/generic/rows/row_sums.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// Mean losses of outputs against targets of the same size: factor * sum over all elements of f(output, target), each
// row summed in double on its own.   operands: outputs, targets [R,C] in; loss [1] out
template <typename T, typename F>
void sum_elements(const BpttCall& call, Operand outputs, Operand targets, Operand loss, double factor, F f) {
  const int64_t total = rows(call, outputs), width = columns(call, outputs);
  double* row_losses = row_sums(call);
  const Range mine = share(total, 1, *call.team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* output = data<T>(call, outputs) + r * width;
    const T* target = data<T>(call, targets) + r * width;
    double sum = 0;
    for (int64_t c = 0; c < width; ++c) sum += f(static_cast<double>(output[c]), static_cast<double>(target[c]));
    row_losses[r] = sum;
  }
  finish_row_sums(call, total, factor, data<T>(call, loss));
}

// Their gradients: dloss * factor * f(output, target).   operands: dloss [1], outputs, targets [R,C] in; gradient out
template <typename T, typename F>
void map_elements(const BpttCall& call, Operand dloss, Operand outputs, Operand targets, Operand gradient,
                  double factor, F f) {
  constexpr int L = Vec<T>::kLanes;
  const Vec<T> by(static_cast<T>(static_cast<double>(*data<T>(call, dloss)) * factor));
  const Range mine = share(rows(call, outputs) * columns(call, outputs), 16 * L, *call.team);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    const Vec<T> output = Vec<T>::load(data<T>(call, outputs) + e, n);
    const Vec<T> target = Vec<T>::load(data<T>(call, targets) + e, n);
    (by * f(output, target)).store(data<T>(call, gradient) + e, n);
  }
}

double one_over(int64_t count) {
  return 1.0 / static_cast<double>(count);
}

double one_over_counted(const int32_t* targets, int64_t total) {
  int64_t counted = 0;
  for (int64_t r = 0; r < total; ++r) counted += targets[r] >= 0;
  return counted == 0 ? 0.0 : 1.0 / static_cast<double>(counted);
}

}  // namespace

// y[r] = e^x[r] / sum e^x[r].   x [R,C] in; y [R,C] out, may be the same memory as x
template <typename T>
void softmax(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmax);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    T* y = data<T>(*call, kY) + r * width;
    const T inverse = T(1) / exp_sum(x, largest(x, width), width, y);
    for (int64_t c = 0; c < width; ++c) y[c] *= inverse;
  }
}

// dx = y * (dy - sum(dy * y)).   dy, y [R,C] in; dx [R,C] out
template <typename T>
void softmaxBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmaxBackward);
  constexpr Operand kDy = kRow["dy"], kY = kRow["y"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy);
  const Range mine = share(rows(*call, kDy), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* dy = data<T>(*call, kDy) + r * width;
    const T* y = data<T>(*call, kY) + r * width;
    T* dx = data<T>(*call, kDx) + r * width;
    T dot = 0;
    for (int64_t c = 0; c < width; ++c) dot += dy[c] * y[c];
    for (int64_t c = 0; c < width; ++c) dx[c] = y[c] * (dy[c] - dot);
  }
}

// loss = mean over rows with target >= 0 of lse[r] - logits[r, target];  lse[r] = log sum e^logits[r]
//   logits  [R,C]  in
//   targets [R]    in   int32 class, or -1 for a row that does not count
//   loss    [1]    out  0 when no row counts
//   lse     [R]    out  kept for the backward pass
template <typename T>
void softmaxCrossEntropy(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmaxCrossEntropy);
  constexpr Operand kLogits = kRow["logits"], kTargets = kRow["targets"], kLoss = kRow["loss"], kLse = kRow["lse"];
  const int64_t total = rows(*call, kLogits), width = columns(*call, kLogits);
  const int32_t* targets = data<int32_t>(*call, kTargets);
  T* lse = data<T>(*call, kLse);
  double* row_losses = row_sums(*call);
  const Range mine = share(total, 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kLogits) + r * width;
    const T shift = largest(x, width);
    const double log_sum =
        static_cast<double>(shift) + std::log(static_cast<double>(exp_sum(x, shift, width, static_cast<T*>(nullptr))));
    lse[r] = static_cast<T>(log_sum);
    const int32_t target = read_once(targets + r);
    const bool counts = target >= 0 && target < width;
    row_losses[r] = counts ? log_sum - static_cast<double>(x[target]) : 0.0;
  }
  finish_row_sums(*call, total, one_over_counted(targets, total), data<T>(*call, kLoss));
}

template <typename T>
BpttScratch softmaxCrossEntropyScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kLogits = Row(Opcode::softmaxCrossEntropy)["logits"];
  return row_sums_scratch(of(operands, kLogits));
}

// dlogits[r] = dloss / count * (softmax(logits[r]) - onehot(target)), zero for rows that do not count
//   dloss   [1]    in
//   logits  [R,C]  in   may be the same memory as dlogits
//   targets [R]    in   int32
//   lse     [R]    in
//   dlogits [R,C]  out
template <typename T>
void softmaxCrossEntropyBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmaxCrossEntropyBackward);
  constexpr Operand kDloss = kRow["dloss"], kLogits = kRow["logits"], kTargets = kRow["targets"], kLse = kRow["lse"],
                    kDlogits = kRow["dlogits"];
  constexpr int L = Vec<T>::kLanes;
  const int64_t total = rows(*call, kLogits), width = columns(*call, kLogits);
  const int32_t* targets = data<int32_t>(*call, kTargets);
  const T* lse = data<T>(*call, kLse);
  const T factor = static_cast<T>(static_cast<double>(*data<T>(*call, kDloss)) * one_over_counted(targets, total));
  const Range mine = share(total, 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kLogits) + r * width;
    T* dx = data<T>(*call, kDlogits) + r * width;
    const int32_t target = read_once(targets + r);
    const bool counts = target >= 0 && target < width;
    const Vec<T> row_factor(counts ? factor : T(0)), shift(lse[r]);
    for (int64_t c = 0; c < width; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, width - c));
      (exp(Vec<T>::load(x + c, n) - shift) * row_factor).store(dx + c, n);
    }
    if (counts) dx[target] -= factor;
  }
}

// loss = mean over rows of the sum over columns of -(t log s(x) + (1-t) log(1 - s(x))), in the form that does not
// overflow: max(x,0) - x t + log(1 + e^-|x|).   logits, targets [R,C] in; loss [1] out
template <typename T>
void sigmoidCrossEntropy(const BpttCall* call) {
  constexpr Row kRow(Opcode::sigmoidCrossEntropy);
  constexpr Operand kLogits = kRow["logits"], kTargets = kRow["targets"], kLoss = kRow["loss"];
  sum_elements<T>(*call, kLogits, kTargets, kLoss, one_over(rows(*call, kLogits)),
                  [](double x, double t) { return (x < 0 ? 0.0 : x) - x * t + std::log1p(std::exp(-std::abs(x))); });
}

template <typename T>
BpttScratch sigmoidCrossEntropyScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kLogits = Row(Opcode::sigmoidCrossEntropy)["logits"];
  return row_sums_scratch(of(operands, kLogits));
}

// dlogits = dloss / R * (s(logits) - targets).   dloss [1], logits, targets [R,C] in; dlogits [R,C] out
template <typename T>
void sigmoidCrossEntropyBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::sigmoidCrossEntropyBackward);
  constexpr Operand kDloss = kRow["dloss"], kLogits = kRow["logits"], kTargets = kRow["targets"],
                    kDlogits = kRow["dlogits"];
  map_elements<T>(*call, kDloss, kLogits, kTargets, kDlogits, one_over(rows(*call, kLogits)),
                  [](Vec<T> x, Vec<T> t) { return sigmoid(x) - t; });
}

// loss = mean over all elements of (prediction - target)^2.   prediction, target [R,C] in; loss [1] out
template <typename T>
void meanSquaredError(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquaredError);
  constexpr Operand kPrediction = kRow["prediction"], kTarget = kRow["target"], kLoss = kRow["loss"];
  const int64_t elements = rows(*call, kPrediction) * columns(*call, kPrediction);
  sum_elements<T>(*call, kPrediction, kTarget, kLoss, one_over(elements),
                  [](double y, double t) { return (y - t) * (y - t); });
}

template <typename T>
BpttScratch meanSquaredErrorScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::meanSquaredError)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss * 2 / (R C) * (prediction - target)
template <typename T>
void meanSquaredErrorBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::meanSquaredErrorBackward);
  constexpr Operand kDloss = kRow["dloss"], kPrediction = kRow["prediction"], kTarget = kRow["target"],
                    kDprediction = kRow["dprediction"];
  const int64_t elements = rows(*call, kPrediction) * columns(*call, kPrediction);
  map_elements<T>(*call, kDloss, kPrediction, kTarget, kDprediction, 2 * one_over(elements),
                  [](Vec<T> y, Vec<T> t) { return y - t; });
}

// The loss of one quantile: mean over all elements of level * (target - prediction) where the target is above the
// prediction, (1 - level) * (prediction - target) where it is below.   prediction, target [R,C] in; loss [1] out
// Source: Koenker and Bassett, "Regression quantiles", 1978.
template <typename T>
void quantileLoss(const BpttCall* call) {
  constexpr Row kRow(Opcode::quantileLoss);
  constexpr Operand kPrediction = kRow["prediction"], kTarget = kRow["target"], kLoss = kRow["loss"];
  constexpr Attribute kLevel = kRow.attribute("level");
  const int64_t elements = rows(*call, kPrediction) * columns(*call, kPrediction);
  const double level = number(*call, kLevel);
  sum_elements<T>(*call, kPrediction, kTarget, kLoss, one_over(elements),
                  [level](double y, double t) { return (t >= y ? level : level - 1) * (t - y); });
}

template <typename T>
BpttScratch quantileLossScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kPrediction = Row(Opcode::quantileLoss)["prediction"];
  return row_sums_scratch(of(operands, kPrediction));
}

// dprediction = dloss / (R C) * (1 - level above the target, -level below it). Where the two are equal it is 0, one of
// the slopes between; NaN stays NaN, so that the step changes nothing.
template <typename T>
void quantileLossBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::quantileLossBackward);
  constexpr Operand kDloss = kRow["dloss"], kPrediction = kRow["prediction"], kTarget = kRow["target"],
                    kDprediction = kRow["dprediction"];
  constexpr Attribute kLevel = kRow.attribute("level");
  const int64_t elements = rows(*call, kPrediction) * columns(*call, kPrediction);
  const T level = static_cast<T>(number(*call, kLevel));
  const Vec<T> above(T(1) - level), below(-level);
  map_elements<T>(
      *call, kDloss, kPrediction, kTarget, kDprediction, one_over(elements), [above, below](Vec<T> y, Vec<T> t) {
        const Vec<T> difference = y - t, zero = Vec<T>::zero();
        return select(is_less(zero, difference), above, select(is_less(difference, zero), below, difference));
      });
}

BPTT_INSTANTIATE(softmax);
BPTT_INSTANTIATE(softmaxBackward);
BPTT_INSTANTIATE(softmaxCrossEntropy);
BPTT_INSTANTIATE_SCRATCH(softmaxCrossEntropy);
BPTT_INSTANTIATE(softmaxCrossEntropyBackward);
BPTT_INSTANTIATE(sigmoidCrossEntropy);
BPTT_INSTANTIATE_SCRATCH(sigmoidCrossEntropy);
BPTT_INSTANTIATE(sigmoidCrossEntropyBackward);
BPTT_INSTANTIATE(meanSquaredError);
BPTT_INSTANTIATE_SCRATCH(meanSquaredError);
BPTT_INSTANTIATE(meanSquaredErrorBackward);
BPTT_INSTANTIATE(quantileLoss);
BPTT_INSTANTIATE_SCRATCH(quantileLoss);
BPTT_INSTANTIATE(quantileLossBackward);

}  // namespace kernel
}  // namespace bptt
