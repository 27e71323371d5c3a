// Additive attention: score = v . tanh(query + key), where queries and keys have been mapped to the same width before
// (Bahdanau, Cho, Bengio 2015). Nearly all of the time is spent on tanh. The forward pass computes it once for each
// pair of a query row and a source step, and so does the backward pass, which holds a few rows of it at a time.
#include "kernels/generic/attention/attention.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

namespace {

// All columns are padded with zeros to whole vectors. In the padding tanh is 0, and v is 0.
template <typename T, Opcode kOperation>
class AdditiveScores {
 public:
  static constexpr int64_t kBlock = 4;
  static constexpr int L = Vec<T>::kLanes;
  static constexpr Row kRow{kOperation};
  static constexpr Operand kQuery = kRow["query"], kKey = kRow["key"], kV = kRow["v"];

  AdditiveScores(const BpttCall& call, Scratch* scratch)
      : call_(call),
        width_(columns(call, kQuery)),
        padded_(round_up(width_, L)),
        keys_(scratch->take<T>(call.other->steps * padded_)),
        query_(scratch->take<T>(padded_)),
        v_(scratch->take<T>(padded_)) {}

  T scale() const { return T(1); }

  void begin(int64_t source, int64_t steps) {
    const auto key_of = steps_of(*call_.other, source, data<T>(call_, kKey), width_);
    for (int64_t s = 0; s < steps; ++s) copy_padded(key_of(s), keys_ + s * padded_);
    copy_padded(data<T>(call_, kV), v_);
  }

  void fill(const int64_t* places, const PairTable<T>& table) {
    fill_with(places, table, [](int64_t, int64_t, Vec<T>) {});
  }

 protected:
  // Calls `keep` with every tanh, its row and step (as row * steps + step), and its column.
  template <typename Keep>
  void fill_with(const int64_t* places, const PairTable<T>& table, Keep keep) {
    for (int64_t r = 0; r < table.rows; ++r) {
      copy_padded(data<T>(call_, kQuery) + places[r] * width_, query_);
      for (int64_t s = 0; s < table.steps; ++s) {
        const T* key = keys_ + s * padded_;
        Vec<T> sum = Vec<T>::zero();
        for (int64_t a = 0; a < padded_; a += L) {
          const Vec<T> y = tanh(Vec<T>::load(query_ + a) + Vec<T>::load(key + a));
          keep(r * table.steps + s, a, y);
          sum = multiply_add(y, Vec<T>::load(v_ + a), sum);
        }
        table.at(r, s) = sum_of_lanes(sum);
      }
    }
  }

  void copy_padded(const T* from, T* to) const { std::fill(std::copy(from, from + width_, to), to + padded_, T(0)); }

  const BpttCall& call_;
  int64_t width_, padded_;
  T* keys_;
  T* query_;
  T* v_;
};

template <typename T>
class AdditiveScoresBackward : public AdditiveScores<T, Opcode::additiveAttentionBackward> {
 public:
  using Forward = AdditiveScores<T, Opcode::additiveAttentionBackward>;
  using Forward::L;
  static constexpr Operand kDQuery = Forward::kRow["dquery"], kDKey = Forward::kRow["dkey"], kDV = Forward::kRow["dv"];

  AdditiveScoresBackward(const BpttCall& call, Scratch* scratch)
      : Forward(call, scratch),
        tanh_(scratch->take<T>(Forward::kBlock * call.other->steps * this->padded_)),
        dkeys_(scratch->take<T>(call.other->steps * this->padded_)),
        dquery_(scratch->take<T>(this->padded_)),
        dv_row_(scratch->take<T>(this->padded_)),
        dv_(scratch->take<T>(this->padded_)) {}

  void begin(int64_t source, int64_t steps) {
    Forward::begin(source, steps);
    source_ = source;
    steps_ = steps;
    std::fill_n(dkeys_, steps * this->padded_, T(0));
    std::fill_n(dv_, this->padded_, T(0));
  }

  void fill(const int64_t* places, const PairTable<T>& table) {
    this->fill_with(places, table,
                    [&](int64_t pair, int64_t a, Vec<T> y) { y.store(tanh_ + pair * this->padded_ + a); });
  }

  // With g = dscore (1 - tanh^2):   dquery = v sum over steps of g;   dkey = v sum over rows of g
  // dv = sum over both of dscore tanh: first over the steps of a row, then over rows, then over sources
  void gradients(const int64_t* places, const PairTable<T>& dscores, bool) {
    for (int64_t r = 0; r < dscores.rows; ++r) {
      std::fill_n(dquery_, this->padded_, T(0));
      std::fill_n(dv_row_, this->padded_, T(0));
      for (int64_t s = 0; s < dscores.steps; ++s) {
        const T* y = tanh_ + (r * dscores.steps + s) * this->padded_;
        T* dkey = dkeys_ + s * this->padded_;
        const Vec<T> dscore(dscores.at(r, s));
        for (int64_t a = 0; a < this->padded_; a += L) {
          const Vec<T> tanh = Vec<T>::load(y + a), product = dscore * tanh;
          const Vec<T> g = multiply_add(Vec<T>::zero() - product, tanh, dscore);
          (Vec<T>::load(dv_row_ + a) + product).store(dv_row_ + a);
          (Vec<T>::load(dquery_ + a) + g).store(dquery_ + a);
          (Vec<T>::load(dkey + a) + g).store(dkey + a);
        }
      }
      for (int64_t a = 0; a < this->padded_; a += L) (Vec<T>::load(dv_ + a) + Vec<T>::load(dv_row_ + a)).store(dv_ + a);
      if (T* dquery = data<T>(this->call_, kDQuery)) times_v(dquery_, dquery + places[r] * this->width_);
    }
  }

  void end() {
    if (T* dkey = data<T>(this->call_, kDKey)) {
      const auto dkey_of = steps_of(*this->call_.other, source_, dkey, this->width_);
      for (int64_t s = 0; s < steps_; ++s) times_v(dkeys_ + s * this->padded_, dkey_of(s));
    }
    if (data<T>(this->call_, kDV) != nullptr) std::copy_n(dv_, this->width_, dv_of(source_));
  }

  void skip(int64_t source, int64_t steps) {
    if (T* dkey = data<T>(this->call_, kDKey)) {
      const auto dkey_of = steps_of(*this->call_.other, source, dkey, this->width_);
      for (int64_t s = 0; s < steps; ++s) std::fill_n(dkey_of(s), this->width_, T(0));
    }
    if (data<T>(this->call_, kDV) != nullptr) std::fill_n(dv_of(source), this->width_, T(0));
  }

 private:
  // The contribution of one source to the gradient of v.
  T* dv_of(int64_t source) const { return static_cast<T*>(this->call_.shared_scratch) + source * this->width_; }

  void times_v(const T* from, T* to) const {
    for_columns<T>(this->width_,
                   [&](int64_t a, int n) { (Vec<T>::load(from + a) * Vec<T>::load(this->v_ + a)).store(to + a, n); });
  }

  T* tanh_;
  T* dkeys_;
  T* dquery_;
  T* dv_row_;
  T* dv_;
  int64_t source_ = 0, steps_ = 0;
};

}  // namespace

// Like attention, with other scores:   weight[s] = e^(v . tanh(query + key[s]) - lse)
//   query    [N,A]  in
//   key      [M,A]  in
//   v        [A]    in
//   value    [M,F]  in
//   context  [N,F]  out
//   lse      [N,2]  out  may be absent
template <typename T>
void additiveAttention(const BpttCall* call) {
  attend<T, AdditiveScores<T, Opcode::additiveAttention>>(*call);
}

template <typename T>
BpttScratch additiveAttentionScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return attention_scratch<AttentionPieces<T, AdditiveScores<T, Opcode::additiveAttention>>>(operands, axis, other);
}

// The gradients of additive attention.
//   dcontext, query, key, v, value, lse                in
//   dquery [N,A], dkey [M,A], dv [A], dvalue [M,F]     out  each may be absent
template <typename T>
void additiveAttentionBackward(const BpttCall* call) {
  constexpr Operand kV = AdditiveScoresBackward<T>::kV, kDV = AdditiveScoresBackward<T>::kDV;
  attend_backward<T, AdditiveScoresBackward<T>>(*call);
  T* dv = data<T>(*call, kDV);
  if (dv == nullptr || barrier(*call)) return;
  const int64_t width = columns(*call, kV);
  column_sums(static_cast<const T*>(call->shared_scratch), width, call->other->batch,
              share(width, sum_width<T>(), *call->team), dv);
}

template <typename T>
BpttScratch additiveAttentionBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  using Scores = AdditiveScoresBackward<T>;
  BpttScratch scratch = attention_scratch<AttentionBackwardPieces<T, Scores>>(operands, axis, other);
  scratch.shared = other->batch * of(operands, Scores::kV).columns * static_cast<int64_t>(sizeof(T));
  return scratch;
}

// The weights of the first S steps, for display; zero after the end of the source.
//   query [N,A], key [M,A], v [A]  in
//   weights [N,S]                  out
template <typename T>
void additiveAttentionWeights(const BpttCall* call) {
  show_weights<T, AdditiveScores<T, Opcode::additiveAttentionWeights>>(*call);
}

template <typename T>
BpttScratch additiveAttentionWeightsScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return attention_scratch<WeightPieces<T, AdditiveScores<T, Opcode::additiveAttentionWeights>>>(operands, axis, other);
}

BPTT_INSTANTIATE(additiveAttention);
BPTT_INSTANTIATE_SCRATCH(additiveAttention);
BPTT_INSTANTIATE(additiveAttentionBackward);
BPTT_INSTANTIATE_SCRATCH(additiveAttentionBackward);
BPTT_INSTANTIATE(additiveAttentionWeights);
BPTT_INSTANTIATE_SCRATCH(additiveAttentionWeights);

}  // namespace kernel
}  // namespace bptt
