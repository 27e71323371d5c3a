// Which query rows belong to which source. A source is a sequence of the other axis. Its query rows are the packed rows
// of all query sequences that have the same sample. The threads divide these rows.
#pragma once

#include "kernels/generic/rows/packed_rows.h"
#include "kernels/generic/scratch.h"

namespace bptt {
namespace kernel {

// Packed query rows of one source: its query sequences in ascending order, each from its first step to its last.
class QueryRows {
 public:
  // The rows from `begin` to `end`. `next` leads from one query sequence of the source to the following one.
  QueryRows(const BpttAxis& queries, int64_t sequence, const int32_t* next, int64_t begin, int64_t end)
      : queries_(queries), next_(next), sequence_(sequence), step_(begin), left_(end - begin) {
    if (left_ > 0) length_ = length_of(queries_, sequence_);
    while (left_ > 0 && step_ >= length_) {
      step_ -= length_;
      leave_sequence();
    }
  }

  int64_t left() const { return left_; }

  // Takes the next rows: `most` of them, or as many as are left. Returns how many these are.
  int64_t take(int64_t most, int64_t* rows) {
    int64_t count = 0;
    for (; count < most && left_ > 0; --left_) {
      if (step_ == length_) {
        step_ = 0;
        leave_sequence();
      }
      rows[count++] = queries_.offsets[step_++] + sequence_;
    }
    return count;
  }

 private:
  void leave_sequence() {
    sequence_ = next_[sequence_];
    length_ = length_of(queries_, sequence_);
  }

  const BpttAxis& queries_;
  const int32_t* next_;
  int64_t sequence_, step_, left_, length_ = 0;
};

class AttentionWalk {
 public:
  AttentionWalk(const BpttAxis& queries, const BpttAxis& sources, Scratch* scratch)
      : queries_(queries),
        sources_(sources),
        rows_(scratch->take<int64_t>(sources.batch)),
        first_(scratch->take<int32_t>(sources.batch)),
        next_(scratch->take<int32_t>(queries.batch)) {}

  // Finds the query sequences of every source. Each thread does it for itself, in its own scratch memory.
  void meet() {
    std::fill(rows_, rows_ + sources_.batch, int64_t{0});
    std::fill(first_, first_ + sources_.batch, -1);
    for (int64_t b = queries_.batch - 1; b >= 0; --b) {
      const int32_t source = sources_.places[queries_.samples[b]];
      next_[b] = first_[source];
      first_[source] = static_cast<int32_t>(b);
      rows_[source] += length_of(queries_, b);
    }
  }

  // For the query rows of this thread, whole grains of each source: visit(source, its steps, its rows of this thread).
  // All threads have about the same number of pairs of a row and a source step.
  template <typename Visit>
  void for_query_rows(int64_t grain, const BpttTeam& team, Visit visit) const {
    int64_t total = 0;
    for (int64_t e = 0; e < sources_.batch; ++e) total += grains(e, grain) * length_of(sources_, e);
    const int64_t begin = total * team.id / team.count, end = total * (team.id + 1) / team.count;
    int64_t at = 0;
    for (int64_t e = 0; e < sources_.batch; ++e) {
      const int64_t steps = length_of(sources_, e), count = grains(e, grain);
      const auto grains_before = [&](int64_t place) {
        return std::min(count, (std::max<int64_t>(place - at, 0) + steps - 1) / steps);
      };
      const int64_t first = grains_before(begin) * grain, last = std::min(rows_[e], grains_before(end) * grain);
      if (first < last) visit(e, steps, QueryRows(queries_, first_[e], next_, first, last));
      at += count * steps;
    }
  }

  // For the sources of this thread: visit(source, its steps, all of its rows). A source may have no rows.
  template <typename Visit>
  void for_sources(const BpttTeam& team, Visit visit) const {
    int64_t total = 0;
    for (int64_t e = 0; e < sources_.batch; ++e) total += pairs(e);
    int64_t at = 0;
    for (int64_t e = 0; e < sources_.batch; ++e) {
      // The source belongs to the thread whose part of all pairs contains the middle of the source.
      const int64_t owner = (at + pairs(e) / 2) * team.count / total;
      if (owner == team.id) visit(e, length_of(sources_, e), QueryRows(queries_, first_[e], next_, 0, rows_[e]));
      at += pairs(e);
    }
  }

 private:
  int64_t grains(int64_t source, int64_t grain) const { return (rows_[source] + grain - 1) / grain; }
  // Counts one more row for each source: the gradients of a source without query rows are zero, but must be written.
  int64_t pairs(int64_t source) const { return (rows_[source] + 1) * length_of(sources_, source); }

  const BpttAxis& queries_;
  const BpttAxis& sources_;
  int64_t* rows_;
  int32_t* first_;
  int32_t* next_;
};

}  // namespace kernel
}  // namespace bptt
