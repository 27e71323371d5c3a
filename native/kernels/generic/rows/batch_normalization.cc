// Statistics of the columns of all rows of a batch, and normalization by such statistics. Packed rows hold no padding:
// all rows count. Source: Ioffe, Szegedy, "Batch normalization", 2015.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/products/transposed_product.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

static_assert(have_same_attributes(Opcode::batchNormalization, Opcode::batchNormalizationBackward) &&
                  have_same_attributes(Opcode::batchNormalization, Opcode::batchNormalizationSums),
              "their attribute is read by one function");

template <typename T>
Vec<T> epsilon_of(const BpttCall& call) {
  constexpr Attribute kEpsilon = Row(Opcode::batchNormalization).attribute("epsilon");
  return Vec<T>(static_cast<T>(number(call, kEpsilon)));
}

template <typename T>
Vec<T> inverse_root(Vec<T> x) {
  return detail::per_lane(x, [](T v) { return T(1) / std::sqrt(v); });
}

// gain / sqrt(variance + epsilon) of each column.
template <typename T>
void column_factors(const BpttCall& call, const T* variance, const T* gain, int64_t width, T* factors) {
  for_columns<T>(width, [&](int64_t c, int n) {
    const Vec<T> inverse = inverse_root(Vec<T>::load(variance + c, n) + epsilon_of<T>(call));
    (gain == nullptr ? inverse : inverse * Vec<T>::load(gain + c, n)).store(factors + c, n);
  });
}

template <typename T>
BpttScratch factors_scratch(int64_t width) {
  return {0, width * static_cast<int64_t>(sizeof(T))};
}

}  // namespace

// Mean and variance of each column. The variance is that of the differences from the mean, which is exact where the
// mean is large; it is summed after it, in the same blocks.
//   x         [R,C]  in
//   mean      [C]    out
//   variance  [C]    out  divisor R
//   unbiased  [C]    out  may be absent; divisor R - 1, and the variance itself of a single row
template <typename T>
void columnMoments(const BpttCall* call) {
  constexpr Row kRow(Opcode::columnMoments);
  constexpr Operand kX = kRow["x"], kMean = kRow["mean"], kVariance = kRow["variance"], kUnbiased = kRow["unbiased"];
  const int64_t count = rows(*call, kX), width = columns(*call, kX);
  const T* x = data<T>(*call, kX);
  T* mean = data<T>(*call, kMean);
  T* variance = data<T>(*call, kVariance);
  T* unbiased = data<T>(*call, kUnbiased);
  const Range mine = share(width, sum_width<T>(), *call->team);
  column_sums(x, width, count, mine, mean);
  for (int64_t c = mine.begin; c < mine.end; ++c) mean[c] /= static_cast<T>(count);
  column_sums_of<T>(
      count, mine, [](int64_t) {},
      [&](int64_t r, int64_t c, int n) {
        const Vec<T> difference = Vec<T>::load(x + r * width + c, n) - Vec<T>::load(mean + c, n);
        return difference * difference;
      },
      variance);
  for (int64_t c = mine.begin; c < mine.end; ++c) {
    if (unbiased != nullptr) unbiased[c] = variance[c] / static_cast<T>(std::max<int64_t>(1, count - 1));
    variance[c] /= static_cast<T>(count);
  }
}

// dx = (dmean + 2 dvariance (x - mean)) / R
//   dmean      [C]    in   may be absent
//   dvariance  [C]    in   may be absent
//   x          [R,C]  in
//   mean       [C]    in
//   dx         [R,C]  out  may be the same memory as x
template <typename T>
void columnMomentsBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::columnMomentsBackward);
  constexpr Operand kDmean = kRow["dmean"], kDvariance = kRow["dvariance"], kX = kRow["x"], kMean = kRow["mean"],
                    kDx = kRow["dx"];
  const int64_t width = columns(*call, kX);
  const Vec<T> share_of_row(T(1) / static_cast<T>(rows(*call, kX)));
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    for_columns<T>(width, [&](int64_t c, int n) {
      const Vec<T> difference =
          Vec<T>::load(data<T>(*call, kX) + r * width + c, n) - Vec<T>::load(data<T>(*call, kMean) + c, n);
      const Vec<T> slope = Vec<T>::load_or_zero(at_or_null(data<T>(*call, kDvariance), c), n) * Vec<T>(T(2));
      const Vec<T> shift = Vec<T>::load_or_zero(at_or_null(data<T>(*call, kDmean), c), n);
      (multiply_add(slope, difference, shift) * share_of_row).store(data<T>(*call, kDx) + r * width + c, n);
    });
  }
}

// y = (x - mean) / sqrt(variance + epsilon) * gain + shift
//   x         [R,C]  in
//   mean      [C]    in
//   variance  [C]    in
//   gain      [C]    in   may be absent
//   shift     [C]    in   may be absent
//   y         [R,C]  out  may be the same memory as x
// attributes: epsilon
template <typename T>
void batchNormalization(const BpttCall* call) {
  constexpr Row kRow(Opcode::batchNormalization);
  constexpr Operand kX = kRow["x"], kMean = kRow["mean"], kVariance = kRow["variance"], kGain = kRow["gain"],
                    kShift = kRow["shift"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  T* factors = static_cast<T*>(call->thread_scratch);
  column_factors(*call, data<T>(*call, kVariance), data<T>(*call, kGain), width, factors);
  const T* mean = data<T>(*call, kMean);
  const T* shift = data<T>(*call, kShift);
  const Range mine = share(rows(*call, kX), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    for_columns<T>(width, [&](int64_t c, int n) {
      const Vec<T> difference = Vec<T>::load(data<T>(*call, kX) + r * width + c, n) - Vec<T>::load(mean + c, n);
      const Vec<T> begin = Vec<T>::load_or_zero(at_or_null(shift, c), n);
      multiply_add(difference, Vec<T>::load(factors + c, n), begin).store(data<T>(*call, kY) + r * width + c, n);
    });
  }
}

template <typename T>
BpttScratch batchNormalizationScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kX = Row(Opcode::batchNormalization)["x"];
  return factors_scratch<T>(of(operands, kX).columns);
}

// dx = dy * gain / sqrt(variance + epsilon), where the statistics are given
//   dy        [R,C]  in
//   variance  [C]    in
//   gain      [C]    in   may be absent
//   dx        [R,C]  out  may be the same memory as dy
// attributes: epsilon
template <typename T>
void batchNormalizationBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::batchNormalizationBackward);
  constexpr Operand kDy = kRow["dy"], kVariance = kRow["variance"], kGain = kRow["gain"], kDx = kRow["dx"];
  const int64_t width = columns(*call, kDy);
  T* factors = static_cast<T*>(call->thread_scratch);
  column_factors(*call, data<T>(*call, kVariance), data<T>(*call, kGain), width, factors);
  const Range mine = share(rows(*call, kDy), 1, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    for_columns<T>(width, [&](int64_t c, int n) {
      (Vec<T>::load(data<T>(*call, kDy) + r * width + c, n) * Vec<T>::load(factors + c, n))
          .store(data<T>(*call, kDx) + r * width + c, n);
    });
  }
}

template <typename T>
BpttScratch batchNormalizationBackwardScratch(const BpttOperand* operands, const BpttAxis*, const BpttAxis*) {
  constexpr Operand kDy = Row(Opcode::batchNormalizationBackward)["dy"];
  return factors_scratch<T>(of(operands, kDy).columns);
}

// With r = 1 / sqrt(variance + epsilon): dgain = sum of dy (x - mean) r, dmean = -gain r sum of dy,
// dvariance = -gain r^2 dgain / 2, summed over all rows.
//   dy         [R,C]  in
//   x          [R,C]  in
//   mean       [C]    in
//   variance   [C]    in
//   gain       [C]    in   may be absent
//   dmean      [C]    out  may be absent
//   dvariance  [C]    out  may be absent
//   dgain      [C]    out  may be absent
// attributes: epsilon
template <typename T>
void batchNormalizationSums(const BpttCall* call) {
  constexpr Row kRow(Opcode::batchNormalizationSums);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kMean = kRow["mean"], kVariance = kRow["variance"],
                    kGain = kRow["gain"], kDmean = kRow["dmean"], kDvariance = kRow["dvariance"],
                    kDgain = kRow["dgain"];
  constexpr int64_t kColumns = sum_width<T>();
  const int64_t count = rows(*call, kDy), width = columns(*call, kDy);
  const T* dy = data<T>(*call, kDy);
  const T* x = data<T>(*call, kX);
  const T* mean = data<T>(*call, kMean);
  const T* gain = data<T>(*call, kGain);
  T* dmean = data<T>(*call, kDmean);
  T* dvariance = data<T>(*call, kDvariance);
  T* dgain = data<T>(*call, kDgain);
  alignas(64) T sums[kColumns], products[kColumns];
  const Range mine = share(width, kColumns, *call->team);
  for (int64_t c0 = mine.begin; c0 < mine.end; c0 += kColumns) {
    const Range columns{0, std::min(mine.end - c0, kColumns)};
    column_sums(dy + c0, width, count, columns, sums);
    column_sums_of<T>(
        count, columns, [](int64_t) {},
        [&](int64_t r, int64_t c, int n) {
          const Vec<T> difference = Vec<T>::load(x + r * width + c0 + c, n) - Vec<T>::load(mean + c0 + c, n);
          return Vec<T>::load(dy + r * width + c0 + c, n) * difference;
        },
        products);
    for_columns<T>(columns.end, [&](int64_t v, int n) {
      const int64_t c = c0 + v;
      const Vec<T> inverse = inverse_root(Vec<T>::load(data<T>(*call, kVariance) + c, n) + epsilon_of<T>(*call));
      const Vec<T> factor = gain == nullptr ? inverse : inverse * Vec<T>::load(gain + c, n);
      const Vec<T> product = Vec<T>::load(products + v, n) * inverse;
      if (dgain != nullptr) product.store(dgain + c, n);
      if (dmean != nullptr) (Vec<T>::zero() - factor * Vec<T>::load(sums + v, n)).store(dmean + c, n);
      if (dvariance != nullptr) (factor * inverse * product * Vec<T>(T(-0.5))).store(dvariance + c, n);
    });
  }
}

BPTT_INSTANTIATE(columnMoments);
BPTT_INSTANTIATE(columnMomentsBackward);
BPTT_INSTANTIATE(batchNormalization);
BPTT_INSTANTIATE_SCRATCH(batchNormalization);
BPTT_INSTANTIATE(batchNormalizationBackward);
BPTT_INSTANTIATE_SCRATCH(batchNormalizationBackward);
BPTT_INSTANTIATE(batchNormalizationSums);

}  // namespace kernel
}  // namespace bptt
