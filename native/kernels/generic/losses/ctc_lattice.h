// The lattice of connectionist temporal classification for one sequence. A path has one label or the blank at each
// frame. It gives the target when the target's labels remain after repeats are merged and blanks are removed. With L
// labels there are 2L+1 states: the labels, the blank before each label, and the blank after the last label.
//   forward    blank'[j] = (blank[j] + label[j-1]) y(blank)
//              label'[j] = (label[j] + blank[j] + skip[j] label[j-1]) y(label j)
//              where skip[j] is 1 if label j differs from the one before, which then needs no blank between
// y are probabilities up to a factor of the frame. The backward recursion is the same from the end. Blanks and labels
// have separate arrays, so that a vector takes neighbouring states.
// Source: Graves, Fernandez, Gomez, Schmidhuber, "Connectionist temporal classification", 2006.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/generic/call.h"
#include "kernels/generic/losses/exp_sum.h"
#include "kernels/generic/losses/wide_range.h"
#include "kernels/generic/scratch.h"

namespace bptt {
namespace kernel {

template <typename T>
class CtcLattice {
 public:
  // States of one frame. Entry -1 and the entries after the last one are 0: they stand for states that do not exist.
  struct States {
    WideArray<T> blanks;
    WideArray<T> labels;
  };
  // The probability of the paths so far at one frame, and the emissions of the frame: the blank at 0, label j at j + 1.
  struct Frame {
    States states;
    WideArray<T> emissions;
  };
  // m 2^e, the probability of the target given the factors of the frames.
  struct Probability {
    double m;
    double e;
    double log() const { return std::log(m) + e * 0.69314718055994530942; }
  };
  // The part of the probability that goes through the blanks of a frame, and the part that goes through all of its
  // states.
  struct Flow {
    T blanks;
    T all;
  };

  // Memory for targets of fewer than `label_steps` labels, and for this number of frames.
  CtcLattice(int64_t label_steps, int64_t frames, Scratch* scratch)
      : targets_(scratch->take<int32_t>(label_steps)),
        skip_(scratch->take<T>(stride(label_steps))),
        gathered_(scratch->take<T>(stride(label_steps))),
        flows_(scratch->take<T>(stride(label_steps))),
        after_(scratch->take<T>(2 * kStateArrays * stride(label_steps))),
        frames_(scratch->take<T>(frames * kFrameArrays * stride(label_steps))) {}

  // Copies the target of sequence e of its axis: labels in 0..classes-1 other than the blank, then -1. Returns false
  // for any other content. Labels are read once, because a caller might change them meanwhile.
  bool read(const int32_t* labels, const BpttAxis& axis, int64_t sequence, int64_t steps, int64_t classes,
            int64_t blank) {
    blank_ = blank;
    count_ = steps - 1;
    for (int64_t j = 0; j < steps; ++j) {
      const int32_t label = read_once(labels + axis.offsets[j] + sequence);
      const bool is_valid = j == count_ ? label == -1 : label >= 0 && label < classes && label != blank;
      if (!is_valid) return false;
      targets_[j] = label;
    }
    for (int64_t j = 0; j < stride(steps); ++j) {
      skip_[j] = T(j > 0 && j < count_ && targets_[j] != targets_[j - 1]);
      gathered_[j] = -std::numeric_limits<T>::infinity();
    }
    return true;
  }

  int64_t label_count() const { return count_; }

  Frame frame(int64_t index) const {
    T* memory = frames_ + index * kFrameArrays * width();
    return {states_in(memory), {memory + kStateArrays * width(), memory + (kStateArrays + 1) * width()}};
  }

  // The backward recursion has two of these: one for the frame after, one for the frame before.
  States after(int64_t index) const { return states_in(after_ + index * kStateArrays * width()); }

  void copy(const States& from, const States& to) const {
    const T* begin = from.blanks.m - 1;
    std::copy(begin, begin + kStateArrays * width(), to.blanks.m - 1);
  }

  // The states before the first frame: only paths that start at the first blank or the first label.
  void begin(const States& states) const { only_blank(states, 0); }
  // The states after the last frame: only paths that come from the last label or the last blank.
  void end(const States& states) const { only_blank(states, count_); }

  // Sets the emissions of a frame from its logits, as e^(x - shift); returns the shift.
  T emit(const T* logits, const Frame& frame) const {
    gathered_[0] = logits[blank_];
    for (int64_t j = 0; j < count_; ++j) gathered_[j + 1] = logits[targets_[j]];
    const T most = largest(gathered_, count_ + 1);
    const T shift = most == -std::numeric_limits<T>::infinity() ? T(0) : most;
    for (int64_t j = 0; j < padded(); j += kLanes) {
      frame.emissions.store(j, wide_exp(Vec<T>::load(gathered_ + j) - Vec<T>(shift)));
    }
    frame.emissions.set(padded(), T(0));
    return shift;
  }

  // The states of a frame whose emissions are set, from those of the frame before it.
  void forward(const States& before, const Frame& frame) const {
    const Wide<T> blank = frame.emissions.all(0);
    for (int64_t j = 0; j < padded(); j += kLanes) {
      const Wide<T> at_blank = before.blanks.load(j), at_label = before.labels.load(j);
      const Wide<T> previous = before.labels.load(j - 1);
      const Wide<T> to_label = sum_of(at_label, at_blank, keep_where(may_skip(j), previous));
      frame.states.blanks.store(j, normalized((at_blank + previous) * blank));
      frame.states.labels.store(j, normalized(to_label * frame.emissions.load(j + 1)));
    }
    set_ends(frame.states);
  }

  // From the states of the last frame.
  Probability probability(const States& states) const {
    const WideArray<T>&blanks = states.blanks, &labels = states.labels;
    const double of_blank = static_cast<double>(blanks.e[count_]), of_label = static_cast<double>(labels.e[count_ - 1]);
    const double e = std::max(of_blank, of_label);
    return {static_cast<double>(blanks.m[count_]) * std::exp2(of_blank - e) +
                static_cast<double>(labels.m[count_ - 1]) * std::exp2(of_label - e),
            e};
  }

  // One step of the backward recursion. `after` holds, for each state of the next frame, the probability of all that
  // follows, including its emission. `before` becomes the same for this frame. flow_of(j) receives the probability of
  // all paths through label j at this frame, up to a common factor that `exponent` keeps near 1.
  Flow backward(const States& after, const Frame& frame, T exponent, const States& before) const {
    const Wide<T> blank = frame.emissions.all(0);
    Vec<T> of_blanks = Vec<T>::zero(), of_labels = Vec<T>::zero();
    for (int64_t j = 0; j < padded(); j += kLanes) {
      const Wide<T> at_label = after.labels.load(j), next = after.labels.load(j + 1);
      const Wide<T> from_blank = after.blanks.load(j) + at_label;
      const Wide<T> from_label = sum_of(at_label, after.blanks.load(j + 1), keep_where(may_skip(j + 1), next));
      const Vec<T> flow = relative_to(exponent, frame.states.labels.load(j) * from_label);
      of_blanks = of_blanks + relative_to(exponent, frame.states.blanks.load(j) * from_blank);
      of_labels = of_labels + flow;
      flow.store(flows_ + j);
      before.blanks.store(j, normalized(from_blank * blank));
      before.labels.store(j, normalized(from_label * frame.emissions.load(j + 1)));
    }
    set_ends(before);
    const T blanks = total(of_blanks);
    return {blanks, blanks + total(of_labels)};
  }

  T flow_of(int64_t label) const { return flows_[label]; }
  int32_t target(int64_t label) const { return targets_[label]; }
  int64_t blank() const { return blank_; }

 private:
  static constexpr int kLanes = Vec<T>::kLanes;
  static constexpr int64_t kStateArrays = 4;  // mantissas and exponents of blanks and labels
  static constexpr int64_t kFrameArrays = 6;  // and of emissions

  // Elements of an array for a target of this number of rows: whole vectors, one before and one after.
  static int64_t stride(int64_t steps) { return round_up(steps, kLanes) + 2; }
  int64_t padded() const { return round_up(count_ + 1, kLanes); }
  int64_t width() const { return padded() + 2; }

  States states_in(T* memory) const {
    T* first = memory + 1;
    return {{first, first + width()}, {first + 2 * width(), first + 3 * width()}};
  }

  Vec<T> may_skip(int64_t j) const { return is_less(Vec<T>::zero(), Vec<T>::load(skip_ + j)); }

  void set_ends(const States& states) const {
    for (const WideArray<T>& array : {states.blanks, states.labels}) {
      array.set(-1, T(0));
      array.set(padded(), T(0));
    }
  }

  void only_blank(const States& states, int64_t index) const {
    for (int64_t j = 0; j < padded(); j += kLanes) {
      states.blanks.store(j, Wide<T>::zero());
      states.labels.store(j, Wide<T>::zero());
    }
    set_ends(states);
    states.blanks.set(index, T(1));
  }

  static T total(Vec<T> sums) {
    T lanes[kLanes];
    sums.store(lanes);
    T all = 0;
    for (T lane : lanes) all += lane;
    return all;
  }

  int32_t* targets_;
  T* skip_;
  T* gathered_;
  T* flows_;
  T* after_;
  T* frames_;
  int64_t count_ = 0;
  int64_t blank_ = 0;
};

}  // namespace kernel
}  // namespace bptt
