// What every kind of attention shares: softmax over the steps of a source, the weighted sum of its values, and their
// gradients. A class `Scores` defines how a query row and a source step make a score. Its members:
//   kRow                   the row of its operation, whose operands are named as below
//   kBlock                 how many query rows are processed together
//   Scores(call, scratch)  takes its scratch memory; the call has no attributes while pieces are only counted
//   begin(source, steps)   copies what it needs of a source
//   fill(places, table)    table = scores of the query rows at these places in packed memory
//   scale()                the factor of every score
// The backward pass walks all query rows of a source. It needs these members, too:
//   gradients(places, table, is_first)  adds the gradients that follow from those of the scores of the last fill
//   end()                               called after the last block
//   skip(source, steps)                 called instead of all these for a source that has no query rows
// The result of a row depends neither on the blocks nor on the number of threads.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/generic/attention/attention_products.h"
#include "kernels/generic/attention/attention_walk.h"
#include "kernels/generic/losses/exp_sum.h"

namespace bptt {
namespace kernel {

// The first n lanes of x, the others `other`.
template <typename T>
BPTT_INLINE Vec<T> first_lanes(Vec<T> x, int n, T other) {
  constexpr int L = Vec<T>::kLanes;
  if (n == L) return x;
  T lanes[L];
  x.store(lanes);
  for (int l = n; l < L; ++l) lanes[l] = other;
  return Vec<T>::load(lanes);
}

template <typename T>
inline T sum_of_lanes(Vec<T> x) {
  T lanes[Vec<T>::kLanes], sum = 0;
  x.store(lanes);
  for (T lane : lanes) sum += lane;
  return sum;
}

// Turns the scores of row r into weights. Returns the logarithm of the sum of e^(scale * score).
template <typename T>
inline LogSum<T> softmax_row(const PairTable<T>& table, int64_t r, T scale) {
  constexpr T kNone = -std::numeric_limits<T>::infinity();
  Vec<T> most(kNone);
  table.for_row(r, [&](T* place, int n) {
    const Vec<T> x = first_lanes(Vec<T>::load(place) * Vec<T>(scale), n, kNone);
    x.store(place);
    most = select(is_less(most, x), x, most);
  });
  T lanes[Vec<T>::kLanes];
  most.store(lanes);
  const T shift = *std::max_element(lanes, lanes + Vec<T>::kLanes);
  Vec<T> sum = Vec<T>::zero();
  table.for_row(r, [&](T* place, int) {
    const Vec<T> e = exp(Vec<T>::load(place) - Vec<T>(shift));
    e.store(place);
    sum = sum + e;
  });
  const T total = sum_of_lanes(sum);
  const Vec<T> inverse(T(1) / total);
  table.for_row(r, [&](T* place, int) { (Vec<T>::load(place) * inverse).store(place); });
  return {shift, static_cast<T>(std::log(static_cast<double>(total)))};
}

// Backward, row r:   weight = e^(scale * score - lse);   dscore = scale * weight * (dweight - sum of weight * dweight)
//   weights    scores in, weights out
//   gradients  those of the weights in, those of the scores out
template <typename T>
inline void softmax_row_backward(const PairTable<T>& weights, const PairTable<T>& gradients, int64_t r, T scale,
                                 LogSum<T> lse) {
  const auto beside = [&](T* place) { return gradients.memory + (place - weights.memory); };
  Vec<T> sum = Vec<T>::zero();
  weights.for_row(r, [&](T* place, int n) {
    const Vec<T> weight = first_lanes(exp(lse.log_softmax(Vec<T>::load(place) * Vec<T>(scale))), n, T(0));
    weight.store(place);
    sum = multiply_add(weight, Vec<T>::load(beside(place)), sum);
  });
  const Vec<T> mean(sum_of_lanes(sum)), by(scale);
  weights.for_row(r, [&](T* place, int) {
    T* gradient = beside(place);
    (by * Vec<T>::load(place) * (Vec<T>::load(gradient) - mean)).store(gradient);
  });
}

// Scratch memory for the weights of a forward pass.
template <typename T, typename Scores>
struct WeightPieces {
  WeightPieces(const BpttCall& call, Scratch* scratch)
      : walk(*call.axis, *call.other, scratch),
        scores(call, scratch),
        table(scratch->take<T>(PairTable<T>::size(Scores::kBlock, call.other->steps))) {}

  AttentionWalk walk;
  Scores scores;
  T* table;
};

// Scratch memory for the weights and for the values.
template <typename T, typename Scores>
struct AttentionPieces : WeightPieces<T, Scores> {
  AttentionPieces(const BpttCall& call, Scratch* scratch)
      : WeightPieces<T, Scores>(call, scratch),
        values(scratch->take<T>(panels_size<T>(call.other->steps, columns(call, kValue)))) {}

  static constexpr Operand kValue = Scores::kRow["value"];
  T* values;
};

// For blocks of the query rows of this thread: begin(source, steps) once for each source, then
// visit(places, weights, their lse).
template <typename T, typename Scores, typename Begin, typename Visit>
inline void for_weights(const BpttCall& call, WeightPieces<T, Scores>& pieces, Begin begin, Visit visit) {
  constexpr int64_t kGrain = Tiling<T>::rows(Tiling<T>::vectors(1));
  pieces.walk.meet();
  pieces.walk.for_query_rows(kGrain, *call.team, [&](int64_t source, int64_t steps, QueryRows rows) {
    pieces.scores.begin(source, steps);
    begin(source, steps);
    int64_t places[Scores::kBlock];
    LogSum<T> lse[Scores::kBlock];
    while (const int64_t count = rows.take(Scores::kBlock, places)) {
      const PairTable<T> table{pieces.table, count, steps};
      pieces.scores.fill(places, table);
      for (int64_t r = 0; r < count; ++r) lse[r] = softmax_row(table, r, pieces.scores.scale());
      visit(places, table, lse);
    }
  });
}

// context = sum over the steps of the source of weight * value;   lse [N,2] may be absent
template <typename T, typename Scores>
inline void attend(const BpttCall& call) {
  constexpr Operand kValue = Scores::kRow["value"], kContext = Scores::kRow["context"], kLse = Scores::kRow["lse"];
  const int64_t width = columns(call, kValue);
  Scratch scratch(call.thread_scratch);
  AttentionPieces<T, Scores> pieces(call, &scratch);
  RightPanels<T> values{pieces.values, width, 0};
  for_weights<T>(
      call, pieces,
      [&](int64_t source, int64_t steps) {
        values = pack_rows(steps, width, steps_of(*call.other, source, data<T>(call, kValue), width), pieces.values);
      },
      [&](const int64_t* places, const PairTable<T>& table, const LogSum<T>* row_lse) {
        T* to = data<T>(call, kContext);
        multiply_steps(table, values, into_rows<T>([=](int64_t r) { return to + places[r] * width; }, true));
        if (T* kept = data<T>(call, kLse)) {
          for (int64_t r = 0; r < table.rows; ++r) store_log_sum(row_lse[r], kept, places[r]);
        }
      });
}

// weights [N,S] of the first S steps of the source, zero behind its end
template <typename T, typename Scores>
inline void show_weights(const BpttCall& call) {
  constexpr Operand kWeights = Scores::kRow["weights"];
  const int64_t shown = columns(call, kWeights);
  Scratch scratch(call.thread_scratch);
  WeightPieces<T, Scores> pieces(call, &scratch);
  for_weights<T>(
      call, pieces, [](int64_t, int64_t) {},
      [&](const int64_t* places, const PairTable<T>& table, const LogSum<T>*) {
        for (int64_t r = 0; r < table.rows; ++r) {
          T* to = data<T>(call, kWeights) + places[r] * shown;
          for (int64_t s = 0; s < shown; ++s) to[s] = s < table.steps ? table.at(r, s) : T(0);
        }
      });
}

// Scratch memory of a backward pass.
template <typename T, typename Scores>
struct AttentionBackwardPieces {
  AttentionBackwardPieces(const BpttCall& call, Scratch* scratch)
      : walk(*call.axis, *call.other, scratch),
        scores(call, scratch),
        values(scratch->take<T>(panels_size<T>(width_of(call), call.other->steps))),
        dcontexts(scratch->take<T>(panels_size<T>(Scores::kBlock, width_of(call)))),
        weights(scratch->take<T>(PairTable<T>::size(Scores::kBlock, call.other->steps))),
        gradients(scratch->take<T>(PairTable<T>::size(Scores::kBlock, call.other->steps))) {}

  static constexpr Operand kValue = Scores::kRow["value"];
  static int64_t width_of(const BpttCall& call) { return columns(call, kValue); }

  AttentionWalk walk;
  Scores scores;
  T* values;
  T* dcontexts;
  T* weights;
  T* gradients;
};

// Computes the gradient of the values, and through `Scores` the gradients of the operands that make the scores. Each
// thread has whole sources, and walks the rows of each in ascending order.
//   dcontext  [N,F]  in
//   value     [M,F]  in
//   lse       [N,2]  in
//   dvalue    [M,F]  out  may be absent
template <typename T, typename Scores>
inline void attend_backward(const BpttCall& call) {
  constexpr Operand kDContext = Scores::kRow["dcontext"], kValue = Scores::kRow["value"];
  constexpr Operand kLse = Scores::kRow["lse"], kDValue = Scores::kRow["dvalue"];
  const int64_t width = columns(call, kValue);
  Scratch scratch(call.thread_scratch);
  AttentionBackwardPieces<T, Scores> pieces(call, &scratch);
  Scores& scores = pieces.scores;
  pieces.walk.meet();
  pieces.walk.for_sources(*call.team, [&](int64_t source, int64_t steps, QueryRows rows) {
    const auto dvalue_of = steps_of(*call.other, source, data<T>(call, kDValue), width);
    if (rows.left() == 0) {
      for (int64_t s = 0; s < steps && data<T>(call, kDValue) != nullptr; ++s) std::fill_n(dvalue_of(s), width, T(0));
      return scores.skip(source, steps);
    }
    scores.begin(source, steps);
    pack_across(steps, width, steps_of(*call.other, source, data<T>(call, kValue), width), pieces.values);
    int64_t places[Scores::kBlock];
    for (bool is_first = true; const int64_t count = rows.take(Scores::kBlock, places); is_first = false) {
      const PairTable<T> weights{pieces.weights, count, steps}, gradients{pieces.gradients, count, steps};
      const T* upstream = data<T>(call, kDContext);
      const RightPanels<T> dcontexts = pack_rows(
          count, width, [&](int64_t r) { return upstream + places[r] * width; }, pieces.dcontexts);
      multiply_across(dcontexts, pieces.values, gradients);
      scores.fill(places, weights);
      for (int64_t r = 0; r < count; ++r) {
        softmax_row_backward(weights, gradients, r, scores.scale(), load_log_sum(data<T>(call, kLse), places[r]));
      }
      if (data<T>(call, kDValue) != nullptr) multiply_rows(weights, dcontexts, into_rows<T>(dvalue_of, is_first));
      scores.gradients(places, gradients, is_first);
    }
    scores.end();
  });
}

// How much of it a call needs.
template <typename Pieces>
inline BpttScratch attention_scratch(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other) {
  const BpttCall call{operands, nullptr, axis, other, nullptr, nullptr, nullptr};
  return {0, scratch_of<Pieces>(call).shared};
}

}  // namespace kernel
}  // namespace bptt
