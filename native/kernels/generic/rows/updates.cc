// Clipping and optimizers over the whole parameter block. Every hyperparameter is a run-time value (`h`, double), so a
// schedule costs nothing. An update whose gradient norm is not finite changes nothing: the caller reports it, and the
// weights of the last good step survive.
#include <cmath>
#include <limits>

#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

constexpr int64_t kNormChunk = 4096;

// Calls f(element, lanes) for the elements of this thread.
template <typename T, typename F>
void for_elements(const BpttCall& call, Operand operand, F f) {
  constexpr int L = Vec<T>::kLanes;
  const Range mine = share(rows(call, operand) * columns(call, operand), 16 * L, *call.team);
  for (int64_t e = mine.begin; e < mine.end; e += L) f(e, static_cast<int>(std::min<int64_t>(L, mine.end - e)));
}

bool skips(const BpttCall& call, Operand norm_operand) {
  return !std::isfinite(*data<double>(call, norm_operand));
}

}  // namespace

// norm = |g|;  g *= max / (norm + 1e-6) where that is below 1 (as torch.nn.utils.clip_grad_norm_)
//   g    [P]  inout
//   max  [1]  in   double; 0 or infinite: measure only
//   loss [1]  in   may be absent; where it is not finite the norm is NaN, so that no update follows
//   norm [1]  out  double, before clipping
// Squares are summed in double, over chunks of fixed size and then over the chunks, in order.
template <typename T>
void clipNorm(const BpttCall* call) {
  constexpr Row kRow(Opcode::clipNorm);
  constexpr Operand kG = kRow["g"], kMax = kRow["max"], kLoss = kRow["loss"], kNorm = kRow["norm"];
  T* g = data<T>(*call, kG);
  const double most = *data<double>(*call, kMax);
  double* partial = static_cast<double*>(call->shared_scratch);
  const int64_t total = columns(*call, kG);
  const int64_t chunks = (total + kNormChunk - 1) / kNormChunk;
  const Range mine = share(chunks, 1, *call->team);
  for (int64_t chunk = mine.begin; chunk < mine.end; ++chunk) {
    const int64_t end = std::min(total, (chunk + 1) * kNormChunk);
    double sums[8] = {};  // eight fixed chains, so that the loop is not bound by the latency of one
    for (int64_t e = chunk * kNormChunk; e < end; e += 8) {
      for (int64_t l = 0; l < std::min<int64_t>(8, end - e); ++l)
        sums[l] += static_cast<double>(g[e + l]) * static_cast<double>(g[e + l]);
    }
    partial[chunk] = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  if (barrier(*call)) return;
  double sum = 0;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += partial[chunk];
  const T* loss = data<T>(*call, kLoss);
  const bool is_sound = loss == nullptr || std::isfinite(*loss);
  const double norm = is_sound ? std::sqrt(sum) : std::numeric_limits<double>::quiet_NaN();
  if (call->team->id == 0) *data<double>(*call, kNorm) = norm;
  const double factor = most / (norm + 1e-6);
  if (!(most > 0) || !std::isfinite(most) || !std::isfinite(norm) || factor >= 1) return;
  const Vec<T> by(static_cast<T>(factor));
  for_elements<T>(*call, kG, [&](int64_t e, int n) { (Vec<T>::load(g + e, n) * by).store(g + e, n); });
}

template <typename T>
BpttScratch clipNormScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kG = Row(Opcode::clipNorm)["g"];
  return {(of(operands, kG).columns + kNormChunk - 1) / kNormChunk * static_cast<int64_t>(sizeof(double)), 0};
}

// g = min(max(g, -limit), limit).   g [P] inout; limit [1] in, double; 0 or infinite: nothing to do. NaN stays NaN.
template <typename T>
void clipValue(const BpttCall* call) {
  constexpr Row kRow(Opcode::clipValue);
  constexpr Operand kG = kRow["g"], kLimit = kRow["limit"];
  T* g = data<T>(*call, kG);
  const double limit = *data<double>(*call, kLimit);
  if (!(limit > 0) || !std::isfinite(limit)) return;
  const T high = static_cast<T>(limit);
  for_elements<T>(*call, kG, [&](int64_t e, int n) { clamp(Vec<T>::load(g + e, n), -high, high).store(g + e, n); });
}

// Stochastic gradient descent, with momentum where m is given and momentum is not 0 (as torch.optim.SGD).
//   g += weightDecay w;   m = momentum m + (1 - dampening) g, or g at the first step
//   w -= lr (nesterov ? g + momentum m : m)
//   w     [P]  inout
//   g     [P]  in
//   m     [P]  inout  may be absent
//   norm  [1]  in     double
//   h     [6]  in     double: lr, momentum, dampening, weightDecay, nesterov, firstStep
template <typename T>
void sgd(const BpttCall* call) {
  constexpr Row kRow(Opcode::sgd);
  constexpr Operand kW = kRow["w"], kG = kRow["g"], kM = kRow["m"], kNorm = kRow["norm"], kH = kRow["h"];
  if (skips(*call, kNorm)) return;
  T *w = data<T>(*call, kW), *m = data<T>(*call, kM);
  const T* g = data<T>(*call, kG);
  const double* h = data<double>(*call, kH);
  const Vec<T> rate(static_cast<T>(h[0])), momentum(static_cast<T>(h[1])), undamped(static_cast<T>(1 - h[2]));
  const Vec<T> decay(static_cast<T>(h[3]));
  const bool nesterov = h[4] != 0, first = h[5] != 0, has_velocity = m != nullptr && h[1] != 0;
  for_elements<T>(*call, kW, [&](int64_t e, int n) {
    const Vec<T> weight = Vec<T>::load(w + e, n);
    Vec<T> gradient = Vec<T>::load(g + e, n) + decay * weight;
    if (has_velocity) {
      const Vec<T> velocity = first ? gradient : momentum * Vec<T>::load(m + e, n) + undamped * gradient;
      velocity.store(m + e, n);
      gradient = nesterov ? gradient + momentum * velocity : velocity;
    }
    (weight - rate * gradient).store(w + e, n);
  });
}

// Adam, or AdamW with decoupled weight decay; AMSGrad where `largest` is given (as torch.optim.Adam and AdamW).
//   m = b1 m + (1-b1) g;   v = b2 v + (1-b2) g^2;   w -= lr/c1 * m / (sqrt(v)/sqrt(c2) + eps),   c = 1 - b^step
//   AMSGrad: largest = max(largest, v), which takes the place of v in the step
//   w, m, v  [P]  inout
//   largest  [P]  inout  may be absent
//   g        [P]  in
//   norm     [1]  in     double
//   h        [8]  in     double: lr, b1, b2, eps, weightDecay, decoupled, c1, c2
// Sources: Kingma & Ba 2015; Loshchilov & Hutter 2019; Reddi, Kale, Kumar 2018.
template <typename T>
void adam(const BpttCall* call) {
  constexpr Row kRow(Opcode::adam);
  constexpr Operand kW = kRow["w"], kG = kRow["g"], kM = kRow["m"], kV = kRow["v"], kLargest = kRow["largest"],
                    kNorm = kRow["norm"], kH = kRow["h"];
  if (skips(*call, kNorm)) return;
  T *w = data<T>(*call, kW), *m = data<T>(*call, kM), *v = data<T>(*call, kV), *largest = data<T>(*call, kLargest);
  const T* g = data<T>(*call, kG);
  const double* h = data<double>(*call, kH);
  const bool decoupled = h[5] != 0;
  const Vec<T> b1(static_cast<T>(h[1])), one_minus_b1(static_cast<T>(1 - h[1]));
  const Vec<T> b2(static_cast<T>(h[2])), one_minus_b2(static_cast<T>(1 - h[2]));
  const Vec<T> eps(static_cast<T>(h[3])), decay(static_cast<T>(decoupled ? 0 : h[4]));
  const Vec<T> shrink(static_cast<T>(decoupled ? 1 - h[0] * h[4] : 1)), rate(static_cast<T>(h[0] / h[6]));
  const Vec<T> correction(static_cast<T>(1 / std::sqrt(h[7])));
  for_elements<T>(*call, kW, [&](int64_t e, int n) {
    const Vec<T> weight = Vec<T>::load(w + e, n);
    const Vec<T> gradient = Vec<T>::load(g + e, n) + decay * weight;
    const Vec<T> mean = b1 * Vec<T>::load(m + e, n) + one_minus_b1 * gradient;
    const Vec<T> square = b2 * Vec<T>::load(v + e, n) + one_minus_b2 * gradient * gradient;
    mean.store(m + e, n);
    square.store(v + e, n);
    Vec<T> bound = square;
    if (largest != nullptr) {
      bound = larger(Vec<T>::load(largest + e, n), square);
      bound.store(largest + e, n);
    }
    (weight * shrink - rate * mean / (square_root(bound) * correction + eps)).store(w + e, n);
  });
}

// Adagrad (as torch.optim.Adagrad).
//   g += weightDecay w;   s += g^2;   w -= lr g / (sqrt(s) + eps)
//   w, s  [P]  inout
//   g     [P]  in
//   norm  [1]  in     double
//   h     [3]  in     double: lr, which has decayed already, eps, weightDecay
// Source: Duchi, Hazan, Singer 2011.
template <typename T>
void adagrad(const BpttCall* call) {
  constexpr Row kRow(Opcode::adagrad);
  constexpr Operand kW = kRow["w"], kG = kRow["g"], kS = kRow["s"], kNorm = kRow["norm"], kH = kRow["h"];
  if (skips(*call, kNorm)) return;
  T *w = data<T>(*call, kW), *s = data<T>(*call, kS);
  const T* g = data<T>(*call, kG);
  const double* h = data<double>(*call, kH);
  const Vec<T> rate(static_cast<T>(h[0])), eps(static_cast<T>(h[1])), decay(static_cast<T>(h[2]));
  for_elements<T>(*call, kW, [&](int64_t e, int n) {
    const Vec<T> weight = Vec<T>::load(w + e, n);
    const Vec<T> gradient = Vec<T>::load(g + e, n) + decay * weight;
    const Vec<T> sum = Vec<T>::load(s + e, n) + gradient * gradient;
    sum.store(s + e, n);
    (weight - rate * gradient / (square_root(sum) + eps)).store(w + e, n);
  });
}

// RMSProp (as torch.optim.RMSprop; TensorFlow's form with epsInsideRoot).
//   g += weightDecay w;   s = alpha s + (1-alpha) g^2;   step = g / (sqrt(s) + eps), or g / sqrt(s + eps)
//   m = momentum m + step;   w -= lr m, or lr step without m
//   w, s  [P]  inout
//   m     [P]  inout  may be absent
//   g     [P]  in
//   norm  [1]  in     double
//   h     [6]  in     double: lr, alpha, eps, weightDecay, momentum, epsInsideRoot
// Source: Tieleman & Hinton 2012.
template <typename T>
void rmsprop(const BpttCall* call) {
  constexpr Row kRow(Opcode::rmsprop);
  constexpr Operand kW = kRow["w"], kG = kRow["g"], kS = kRow["s"], kM = kRow["m"], kNorm = kRow["norm"],
                    kH = kRow["h"];
  if (skips(*call, kNorm)) return;
  T *w = data<T>(*call, kW), *s = data<T>(*call, kS), *m = data<T>(*call, kM);
  const T* g = data<T>(*call, kG);
  const double* h = data<double>(*call, kH);
  const Vec<T> rate(static_cast<T>(h[0])), alpha(static_cast<T>(h[1])), one_minus_alpha(static_cast<T>(1 - h[1]));
  const Vec<T> eps(static_cast<T>(h[2])), decay(static_cast<T>(h[3])), momentum(static_cast<T>(h[4]));
  const bool inside = h[5] != 0, has_velocity = m != nullptr && h[4] != 0;
  for_elements<T>(*call, kW, [&](int64_t e, int n) {
    const Vec<T> weight = Vec<T>::load(w + e, n);
    const Vec<T> gradient = Vec<T>::load(g + e, n) + decay * weight;
    const Vec<T> square = alpha * Vec<T>::load(s + e, n) + one_minus_alpha * gradient * gradient;
    square.store(s + e, n);
    Vec<T> step = gradient / (inside ? square_root(square + eps) : square_root(square) + eps);
    if (has_velocity) {
      step = momentum * Vec<T>::load(m + e, n) + step;
      step.store(m + e, n);
    }
    (weight - rate * step).store(w + e, n);
  });
}

// w = value.   w [R,C] inout; value [R,C] in; norm [1] in, double
template <typename T>
void replace(const BpttCall* call) {
  constexpr Row kRow(Opcode::replace);
  constexpr Operand kW = kRow["w"], kValue = kRow["value"], kNorm = kRow["norm"];
  if (skips(*call, kNorm)) return;
  T* w = data<T>(*call, kW);
  const T* value = data<T>(*call, kValue);
  for_elements<T>(*call, kW, [&](int64_t e, int n) { Vec<T>::load(value + e, n).store(w + e, n); });
}

BPTT_INSTANTIATE(clipNorm);
BPTT_INSTANTIATE_SCRATCH(clipNorm);
BPTT_INSTANTIATE(clipValue);
BPTT_INSTANTIATE(sgd);
BPTT_INSTANTIATE(adam);
BPTT_INSTANTIATE(adagrad);
BPTT_INSTANTIATE(rmsprop);
BPTT_INSTANTIATE(replace);

}  // namespace kernel
}  // namespace bptt
