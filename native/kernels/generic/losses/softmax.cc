// Softmax and its logarithm, and the cross-entropy of classes with its gradient. The loss is summed in double over the
// rows in ascending order. So it does not depend on the number of threads.
#include <cmath>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/losses/exp_sum.h"
#include "kernels/generic/rows/normalization.h"
#include "kernels/generic/rows/row_sums.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

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

// y[r] = x[r] - log(sum e^x[r]).   x [R,C] in; y [R,C] out, may be the same memory as x
template <typename T>
void logSoftmax(const BpttCall* call) {
  constexpr Row kRow(Opcode::logSoftmax);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kX) + r * width;
    T* y = data<T>(*call, kY) + r * width;
    const T shift = largest(x, width);
    const double sum = static_cast<double>(exp_sum(x, shift, width, static_cast<T*>(nullptr)));
    const LogSum<T> log_sum{shift, static_cast<T>(std::log(sum))};
    for_columns<T>(width, [=](int64_t c, int n) { log_sum.log_softmax(Vec<T>::load(x + c, n)).store(y + c, n); });
  }
}

// dx = dy - e^y sum(dy).   dy, y [R,C] in; dx [R,C] out, may be the same memory as dy
template <typename T>
void logSoftmaxBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::logSoftmaxBackward);
  constexpr Operand kDy = kRow["dy"], kY = kRow["y"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy);
  const Range mine = share(rows(*call, kDy), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* dy = data<T>(*call, kDy) + r * width;
    const T* y = data<T>(*call, kY) + r * width;
    T* dx = data<T>(*call, kDx) + r * width;
    const Vec<T> sum(detail::row_sum<T>(width, [=](int64_t c, int n) { return Vec<T>::load(dy + c, n); }));
    for_columns<T>(width, [=](int64_t c, int n) {
      (Vec<T>::load(dy + c, n) - exp(Vec<T>::load(y + c, n)) * sum).store(dx + c, n);
    });
  }
}

namespace {

// The weight of each row and class.
template <typename T>
struct ClassWeighting {
  const int32_t* targets;
  const T* weights;        // [R], or null for 1 each
  const T* class_weights;  // [C], or null for 1 each
  int64_t width;

  double of_class(int64_t c) const { return class_weights == nullptr ? 1.0 : static_cast<double>(class_weights[c]); }
  double of_row(int64_t r) const { return weights == nullptr ? 1.0 : static_cast<double>(weights[r]); }
  bool is_class(int32_t target) const { return target >= 0 && target < width; }

  double all_classes() const {
    if (class_weights == nullptr) return static_cast<double>(width);
    double sum = 0;
    for (int64_t c = 0; c < width; ++c) sum += of_class(c);
    return sum;
  }

  // The divisor of the sum of the losses.
  double total(int64_t row_count) const {
    double sum = 0;
    for (int64_t r = 0; r < row_count; ++r) {
      const int32_t target = read_once(targets + r);
      if (is_class(target)) sum += of_row(r) * of_class(target);
    }
    return sum;
  }
};

// The factor of the sum of the losses. A sum that has no divisor stays as it is: it is 0, unless smoothing spreads
// targets of weight 0 over classes that have weights.
double inverse_or_one(double total) {
  return total == 0 ? 1.0 : 1.0 / total;
}

}  // namespace

// loss = sum over rows with target >= 0 of v[r] ((1 - e) w[y] (lse[r] - x[r,y]) + e/C sum_c w[c] (lse[r] - x[r,c])) /
// total
//   where y is the target, e the smoothing, total = sum over these rows of v[r] w[y], lse[r] = log sum e^x[r]
//   logits x         [R,C]  in
//   targets          [R]    in   int32 class, or -1 for a row that does not count; one of weight 0 does not either
//   weights v        [R]    in   1 each where absent
//   classWeights w   [C]    in   1 each where absent
//   loss             [1]    out  the sum itself when total is 0, which is 0 when no row counts
//   lse              [R,2]  out  in two parts (LogSum), kept for the backward pass
//   total            [1]    out  may be absent
// Agrees with torch.nn.CrossEntropyLoss(weight, label_smoothing), with ignore_index -1.
template <typename T>
void softmaxCrossEntropy(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmaxCrossEntropy);
  constexpr Operand kLogits = kRow["logits"], kTargets = kRow["targets"], kWeights = kRow["weights"],
                    kClassWeights = kRow["classWeights"], kLoss = kRow["loss"], kLse = kRow["lse"],
                    kTotal = kRow["total"];
  constexpr Attribute kSmoothing = kRow.attribute("smoothing");
  const int64_t row_count = rows(*call, kLogits), width = columns(*call, kLogits);
  const ClassWeighting<T> weighting{data<int32_t>(*call, kTargets), data<T>(*call, kWeights),
                                    data<T>(*call, kClassWeights), width};
  const double smoothing = number(*call, kSmoothing);
  T* lse = data<T>(*call, kLse);
  double* row_losses = row_sums(*call);
  const Range mine = share(row_count, 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kLogits) + r * width;
    const T shift = largest(x, width);
    const double log_of_sum = std::log(static_cast<double>(exp_sum(x, shift, width, static_cast<T*>(nullptr))));
    store_log_sum<T>({shift, static_cast<T>(log_of_sum)}, lse, r);
    const double log_sum = static_cast<double>(shift) + log_of_sum;
    const int32_t target = read_once(weighting.targets + r);
    const double weight = weighting.of_row(r);
    row_losses[r] = 0.0;
    if (!weighting.is_class(target) || weight == 0) continue;
    double loss = (1 - smoothing) * weighting.of_class(target) * (log_sum - static_cast<double>(x[target]));
    if (smoothing > 0) {
      double others = 0;
      for (int64_t c = 0; c < width; ++c) others += weighting.of_class(c) * (log_sum - static_cast<double>(x[c]));
      loss += smoothing / static_cast<double>(width) * others;
    }
    row_losses[r] = weight * loss;
  }
  const double total = weighting.total(row_count);
  if (T* out = data<T>(*call, kTotal); out != nullptr && call->team->id == 0) *out = static_cast<T>(total);
  finish_row_sums(*call, row_count, inverse_or_one(total), data<T>(*call, kLoss));
}

template <typename T>
BpttScratch softmaxCrossEntropyScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kLogits = Row(Opcode::softmaxCrossEntropy)["logits"];
  return row_sums_scratch(of(operands, kLogits));
}

// dlogits[r] = dloss / total * v[r] (((1 - e) w[y] + e/C sum_c w[c]) softmax(logits[r]) - (1 - e) w[y] onehot(y) - e/C
// w), zero for rows that do not count
//   dloss     [1]    in
//   logits    [R,C]  in   may be the same memory as dlogits
//   targets   [R]    in   int32
//   lse       [R,2]  in
//   dlogits   [R,C]  out
template <typename T>
void softmaxCrossEntropyBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::softmaxCrossEntropyBackward);
  constexpr Operand kDloss = kRow["dloss"], kLogits = kRow["logits"], kTargets = kRow["targets"], kLse = kRow["lse"],
                    kWeights = kRow["weights"], kClassWeights = kRow["classWeights"], kDlogits = kRow["dlogits"];
  constexpr Attribute kSmoothing = kRow.attribute("smoothing");
  constexpr int L = Vec<T>::kLanes;
  const int64_t row_count = rows(*call, kLogits), width = columns(*call, kLogits);
  const ClassWeighting<T> weighting{data<int32_t>(*call, kTargets), data<T>(*call, kWeights),
                                    data<T>(*call, kClassWeights), width};
  const double smoothing = number(*call, kSmoothing), each = smoothing / static_cast<double>(width);
  const double all_classes = smoothing > 0 ? weighting.all_classes() : 0.0;
  const T* lse = data<T>(*call, kLse);
  const double factor = static_cast<double>(*data<T>(*call, kDloss)) * inverse_or_one(weighting.total(row_count));
  const Range mine = share(row_count, 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kLogits) + r * width;
    T* dx = data<T>(*call, kDlogits) + r * width;
    const int32_t target = read_once(weighting.targets + r);
    const bool counts = weighting.is_class(target);
    const double row_factor = counts ? factor * weighting.of_row(r) : 0.0;
    const double own = counts ? (1 - smoothing) * weighting.of_class(target) : 0.0;
    const Vec<T> by(static_cast<T>(row_factor * (own + each * all_classes)));
    const LogSum<T> sum = load_log_sum(lse, r);
    for (int64_t c = 0; c < width; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, width - c));
      (exp(sum.log_softmax(Vec<T>::load(x + c, n))) * by).store(dx + c, n);
    }
    if (counts) dx[target] -= static_cast<T>(row_factor * own);
    if (smoothing == 0 || !counts) continue;
    for (int64_t c = 0; c < width; ++c) dx[c] -= static_cast<T>(row_factor * each * weighting.of_class(c));
  }
}

BPTT_INSTANTIATE(softmax);
BPTT_INSTANTIATE(softmaxBackward);
BPTT_INSTANTIATE(logSoftmax);
BPTT_INSTANTIATE(logSoftmaxBackward);
BPTT_INSTANTIATE(softmaxCrossEntropy);
BPTT_INSTANTIATE_SCRATCH(softmaxCrossEntropy);
BPTT_INSTANTIATE(softmaxCrossEntropyBackward);

}  // namespace kernel
}  // namespace bptt
