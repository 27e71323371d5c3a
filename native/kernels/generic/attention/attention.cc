// Attention whose scores are products: score = scale * query . key (Luong et al. 2015, "dot"; with a linear map of the
// queries or the keys before it, "general"). The backward pass computes the weights of all source steps again. So no
// array with an entry for every query row and source step is kept.
#include "kernels/generic/attention/attention.h"
#include "kernels/generic/declarations.h"

namespace bptt {
namespace kernel {

namespace {

template <typename T, Opcode kOperation>
class DotScores {
 public:
  static constexpr int64_t kBlock = 64;
  static constexpr Row kRow{kOperation};
  static constexpr Operand kQuery = kRow["query"], kKey = kRow["key"];
  static constexpr Attribute kScale = kRow.attribute("scale");

  DotScores(const BpttCall& call, Scratch* scratch)
      : call_(call),
        width_(columns(call, kQuery)),
        across_(scratch->take<T>(panels_size<T>(width_, call.other->steps))),
        query_rows_(scratch->take<T>(panels_size<T>(kBlock, width_))) {}

  T scale() const { return static_cast<T>(number(call_, kScale)); }

  void begin(int64_t source, int64_t steps) {
    pack_across(steps, width_, steps_of(*call_.other, source, data<T>(call_, kKey), width_), across_);
  }

  void fill(const int64_t* places, const PairTable<T>& table) {
    const T* query = data<T>(call_, kQuery);
    queries_ = pack_rows(
        table.rows, width_, [&](int64_t r) { return query + places[r] * width_; }, query_rows_);
    multiply_across(queries_, across_, table);
  }

 protected:
  const BpttCall& call_;
  int64_t width_;
  T* across_;
  T* query_rows_;
  RightPanels<T> queries_{};
};

template <typename T>
class DotScoresBackward : public DotScores<T, Opcode::attentionBackward> {
 public:
  using Forward = DotScores<T, Opcode::attentionBackward>;
  using Forward::kKey;
  static constexpr Operand kDQuery = Forward::kRow["dquery"], kDKey = Forward::kRow["dkey"];

  DotScoresBackward(const BpttCall& call, Scratch* scratch)
      : Forward(call, scratch), key_rows_(scratch->take<T>(panels_size<T>(call.other->steps, this->width_))) {}

  void begin(int64_t source, int64_t steps) {
    Forward::begin(source, steps);
    source_ = source;
    if (data<T>(this->call_, kDQuery) != nullptr) keys_ = pack_rows(steps, this->width_, of_source(kKey), key_rows_);
  }

  // dquery = dscore key;   dkey = dscore^T query
  void gradients(const int64_t* places, const PairTable<T>& dscores, bool is_first) {
    if (T* dquery = data<T>(this->call_, kDQuery)) {
      const int64_t width = this->width_;
      multiply_steps(dscores, keys_, into_rows<T>([=](int64_t r) { return dquery + places[r] * width; }, true));
    }
    if (data<T>(this->call_, kDKey) == nullptr) return;
    multiply_rows(dscores, this->queries_, into_rows<T>(of_source(kDKey), is_first));
  }

  void end() {}

  void skip(int64_t source, int64_t steps) {
    source_ = source;
    if (data<T>(this->call_, kDKey) == nullptr) return;
    for (int64_t s = 0; s < steps; ++s) std::fill_n(of_source(kDKey)(s), this->width_, T(0));
  }

 private:
  auto of_source(Operand operand) const {
    return steps_of(*this->call_.other, source_, data<T>(this->call_, operand), this->width_);
  }

  T* key_rows_;
  int64_t source_ = 0;
  RightPanels<T> keys_{};
};

}  // namespace

// For each packed row of the queries, over the steps s of the sequence of the other axis that has the same sample:
//   weight[s] = e^(scale query . key[s] - lse);   context = sum of weight[s] value[s]
//   query    [N,K]  in
//   key      [M,K]  in   may be the same memory as value
//   value    [M,F]  in
//   context  [N,F]  out
//   lse      [N,2]  out  log of the sum of e^(scale query . key) in two parts (LogSum); may be absent
// attributes: scale
template <typename T>
void attention(const BpttCall* call) {
  attend<T, DotScores<T, Opcode::attention>>(*call);
}

template <typename T>
BpttScratch attentionScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return attention_scratch<AttentionPieces<T, DotScores<T, Opcode::attention>>>(operands, axis, other);
}

// The gradients of attention.
//   dcontext, query, key, value, lse         in
//   dquery [N,K], dkey [M,K], dvalue [M,F]   out  each may be absent
template <typename T>
void attentionBackward(const BpttCall* call) {
  attend_backward<T, DotScoresBackward<T>>(*call);
}

template <typename T>
BpttScratch attentionBackwardScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return attention_scratch<AttentionBackwardPieces<T, DotScoresBackward<T>>>(operands, axis, other);
}

// The weights of the first S steps, for display; zero after the end of the source.
//   query [N,K], key [M,K]  in
//   weights [N,S]           out
template <typename T>
void attentionWeights(const BpttCall* call) {
  show_weights<T, DotScores<T, Opcode::attentionWeights>>(*call);
}

template <typename T>
BpttScratch attentionWeightsScratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  return attention_scratch<WeightPieces<T, DotScores<T, Opcode::attentionWeights>>>(operands, axis, other);
}

BPTT_INSTANTIATE(attention);
BPTT_INSTANTIATE_SCRATCH(attention);
BPTT_INSTANTIATE(attentionBackward);
BPTT_INSTANTIATE_SCRATCH(attentionBackward);
BPTT_INSTANTIATE(attentionWeights);
BPTT_INSTANTIATE_SCRATCH(attentionWeights);

}  // namespace kernel
}  // namespace bptt
