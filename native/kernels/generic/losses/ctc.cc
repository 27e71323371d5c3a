// Connectionist temporal classification: the loss of a sequence of labels whose places in time are not known. It
// contains the log-softmax. Threads divide the sequences. Each sequence is summed separately, and the losses are added
// in ascending order.
//   A target is on the other axis: its labels, then one end mark -1. An empty target is the end mark alone.
//   An invalid target (a label equal to the blank, -1 before the end, no end mark) makes its loss NaN, and also the
//   gradients of all frames of its sequence. A target that no path of these frames can make has an infinite loss, and
//   gradients that are NaN, as in PyTorch. With zeroInfinity it counts as 0 in `loss`, and its gradients are 0.
//   `losses` stays infinite.
#include "kernels/generic/declarations.h"
#include "kernels/generic/losses/ctc_lattice.h"
#include "kernels/generic/rows/packed_rows.h"

namespace bptt {
namespace kernel {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Attribute `reduction`: the divisor of the sum of the losses, or of each loss. With weights each loss is multiplied by
// the weight of its sequence, and sequences and frames are counted by their weights.
enum Reduction {
  kSum,          // nothing
  kPerLabel,     // each by its number of labels, at least 1, then by the number of sequences: PyTorch's mean
  kPerSequence,  // the number of sequences
  kPerFrame,     // the number of frames of all sequences
};

template <typename T>
class Reducing {
 public:
  Reducing(const BpttCall& call, Operand weights)
      : axis_(*call.axis),
        weights_(data<T>(call, weights)),
        reduction_(static_cast<Reduction>(whole(call, kReduction))),
        total_(weights_ == nullptr ? static_cast<double>(reduction_ == kPerFrame ? axis_.rows : axis_.batch)
                                   : weighted_total()) {}

  double of_sequence(int64_t b) const { return weights_ == nullptr ? 1.0 : static_cast<double>(weights_[b]); }

  // The number of sequences, or of frames, each counted by its weight.
  double total() const { return total_; }

  // The factor of the loss of a sequence.
  double factor(int64_t b, int64_t labels) const {
    const double weight = of_sequence(b);
    if (weight == 0) return 0.0;
    switch (reduction_) {
      case kPerLabel:
        return weight / (total_ * static_cast<double>(std::max<int64_t>(1, labels)));
      case kPerSequence:
      case kPerFrame:
        return weight / total_;
      case kSum:
        break;
    }
    return weight;
  }

 private:
  static constexpr Attribute kReduction = Row(Opcode::ctc).attribute("reduction");

  double weighted_total() const {
    double sum = 0;
    for (int64_t b = 0; b < axis_.batch; ++b) {
      const double counted = reduction_ == kPerFrame ? static_cast<double>(length_of(axis_, b)) : 1.0;
      sum += of_sequence(b) * counted;
    }
    return sum;
  }

  const BpttAxis& axis_;
  const T* weights_;  // [B], or null for 1 each
  Reduction reduction_;
  double total_;
};

struct Settings {
  explicit Settings(const BpttCall& call) : blank(whole(call, kBlank)), zero_infinity(is_set(call, kZeroInfinity)) {}

  static_assert(have_same_attributes(Opcode::ctc, Opcode::ctcBackward));
  static constexpr Row kRow{Opcode::ctc};
  static constexpr Attribute kBlank = kRow.attribute("blank"), kZeroInfinity = kRow.attribute("zeroInfinity");

  int64_t blank;
  bool zero_infinity;
};

// The target of sequence b; false when it is not valid.
template <typename T>
bool read_target(const BpttCall& call, const int32_t* labels, int64_t b, int64_t classes, int64_t blank,
                 CtcLattice<T>* lattice) {
  const int64_t e = call.other->places[call.axis->samples[b]];
  return lattice->read(labels, *call.other, e, length_of(*call.other, e), classes, blank);
}

// The sequences of this thread. Neighbours have about the same length, so the threads take the sequences in turn.
template <typename Visit>
void for_my_sequences(const BpttCall& call, Visit visit) {
  for (int64_t b = call.team->id; b < call.axis->batch; b += call.team->count) visit(b);
}

// What all threads of the forward pass share.
struct SharedSums {
  SharedSums(int64_t rows, int64_t batch, Scratch* scratch)
      : lse(scratch->take<double>(rows)), losses(scratch->take<double>(batch)) {}
  double* lse;     // of each row, before it is rounded
  double* losses;  // of each sequence, as they are added
};

// The number of frames that the forward pass has in memory at the same time.
constexpr int64_t kForwardFrames = 2;

// The negative logarithm of the probability of the target that the lattice has read.
template <typename T>
double sequence_loss(const BpttCall& call, int64_t b, const double* lse, const CtcLattice<T>& lattice) {
  constexpr Operand kLogits = Row(Opcode::ctc)["logits"];
  const int64_t width = columns(call, kLogits), length = length_of(*call.axis, b);
  double of_frames = 0;  // the part of the log-softmax that the shifts do not contain
  lattice.begin(lattice.frame(0).states);
  for (int64_t t = 0; t < length; ++t) {
    const int64_t row = call.axis->offsets[t] + b;
    const auto frame = lattice.frame((t + 1) % kForwardFrames);
    of_frames += lse[row] - static_cast<double>(lattice.emit(data<T>(call, kLogits) + row * width, frame));
    lattice.forward(lattice.frame(t % kForwardFrames).states, frame);
  }
  return of_frames - lattice.probability(lattice.frame(length % kForwardFrames).states).log();
}

}  // namespace

// losses[b] = -log of the sum, over all paths that give the target of b, of the product of their softmax(logits); loss
// = their weighted sum.
//   logits [N,C]  in
//   labels [M]    in   int32, on the other axis
//   weights [B]   in   absent: 1 each; a sequence of weight 0 does not count in `loss`, also if its own loss is NaN
//   loss   [1]    out
//   losses [B]    out
//   lse    [N,2]  out  log sum e^logits in two parts (LogSum), kept for the backward pass
//   total  [1]    out  may be absent
// attributes: blank, reduction, zeroInfinity
template <typename T>
void ctc(const BpttCall* call) {
  constexpr Row kRow(Opcode::ctc);
  constexpr Operand kLogits = kRow["logits"], kLabels = kRow["labels"], kLoss = kRow["loss"], kLosses = kRow["losses"],
                    kLse = kRow["lse"], kWeights = kRow["weights"], kTotal = kRow["total"];
  const Settings settings(*call);
  const Reducing<T> reducing(*call, kWeights);
  const BpttAxis& axis = *call->axis;
  const int64_t width = columns(*call, kLogits);
  Scratch shared(call->shared_scratch), own(call->thread_scratch);
  const SharedSums sums(axis.rows, axis.batch, &shared);
  CtcLattice<T> lattice(call->other->steps, kForwardFrames, &own);
  T* lse = data<T>(*call, kLse);
  const Range mine = share(axis.rows, 16, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* x = data<T>(*call, kLogits) + r * width;
    const T shift = largest(x, width);
    const T sum = exp_sum(x, shift, width, static_cast<T*>(nullptr));
    const double log_of_sum = std::log(static_cast<double>(sum));
    sums.lse[r] = static_cast<double>(shift) + log_of_sum;
    store_log_sum<T>({shift, static_cast<T>(log_of_sum)}, lse, r);
  }
  if (barrier(*call)) return;
  for_my_sequences(*call, [&](int64_t b) {
    const bool is_target = read_target(*call, data<int32_t>(*call, kLabels), b, width, settings.blank, &lattice);
    const double loss = is_target ? sequence_loss(*call, b, sums.lse, lattice) : kNaN;
    const bool counts = reducing.of_sequence(b) != 0 && !(settings.zero_infinity && std::isinf(loss));
    data<T>(*call, kLosses)[b] = static_cast<T>(loss);
    sums.losses[b] = counts ? loss * reducing.factor(b, lattice.label_count()) : 0.0;
  });
  if (barrier(*call) || call->team->id != 0) return;
  double total = 0;
  for (int64_t b = 0; b < axis.batch; ++b) total += sums.losses[b];
  *data<T>(*call, kLoss) = static_cast<T>(total);
  if (T* out = data<T>(*call, kTotal); out != nullptr) *out = static_cast<T>(reducing.total());
}

template <typename T>
BpttScratch ctcScratch(const BpttOperand*, const BpttAxis* axis, const BpttAxis* other) {
  Scratch shared, own;
  SharedSums(axis->rows, axis->batch, &shared);
  CtcLattice<T>(other->steps, kForwardFrames, &own);
  return {shared.bytes(), own.bytes()};
}

namespace {

// The backward pass needs the states of all frames from the last to the first. It keeps the states before each block of
// about sqrt(T) frames, and computes the states of a block again when it reaches the block. This takes twice the work
// of the forward recursion, but memory for 2 sqrt(T) frames instead of T.
int64_t block_of(const BpttAxis& axis) {
  int64_t block = 1;
  while (block * block < axis.steps) ++block;
  return block;
}

// The backward pass of one sequence.
template <typename T>
class SequenceGradient {
 public:
  SequenceGradient(const BpttCall& call, int64_t b, const CtcLattice<T>& lattice)
      : call_(call), lattice_(lattice), b_(b), length_(length_of(*call.axis, b)), block_(block_of(*call.axis)) {}

  // dlogits = factor * (softmax - the share of the paths that have a class at this frame).
  void write(T factor, bool zero_infinity) {
    const int64_t last = (length_ - 1) / block_;
    lattice_.begin(before_block(0));
    for (int64_t i = 0; i <= last; ++i) {
      const auto states = run_block(i);
      if (i < last) {
        lattice_.copy(states, before_block(i + 1));
      } else {
        whole_ = lattice_.probability(states);
      }
    }
    // Not above 0: infinite, or NaN.
    if (!(whole_.m > 0)) return fill(zero_infinity && whole_.m == 0 ? T(0) : static_cast<T>(kNaN));
    lattice_.end(lattice_.after(length_ % 2));
    for (int64_t i = last; i >= 0; --i) {
      if (i < last) run_block(i);
      for (int64_t t = std::min(length_, (i + 1) * block_) - 1; t >= i * block_; --t) write_frame(t, factor);
    }
  }

  // The same gradient for all classes at all frames.
  void fill(T value) const {
    for (int64_t t = 0; t < length_; ++t) {
      T* dx = data<T>(call_, kDlogits) + row(t) * width();
      std::fill(dx, dx + width(), value);
    }
  }

 private:
  using States = typename CtcLattice<T>::States;
  static constexpr Row kRow{Opcode::ctcBackward};
  static constexpr Operand kLogits = kRow["logits"], kLse = kRow["lse"], kDlogits = kRow["dlogits"];

  int64_t row(int64_t t) const { return call_.axis->offsets[t] + b_; }
  int64_t width() const { return columns(call_, kLogits); }
  States before_block(int64_t i) const { return lattice_.frame(block_ + i).states; }

  // Computes the frames of a block; returns the last states.
  States run_block(int64_t i) const {
    States states = before_block(i);
    for (int64_t t = i * block_; t < std::min(length_, (i + 1) * block_); ++t) {
      const auto frame = lattice_.frame(t % block_);
      lattice_.emit(data<T>(call_, kLogits) + row(t) * width(), frame);
      lattice_.forward(states, frame);
      states = frame.states;
    }
    return states;
  }

  void write_frame(int64_t t, T factor) const {
    const auto flow = lattice_.backward(lattice_.after((t + 1) % 2), lattice_.frame(t % block_),
                                        static_cast<T>(whole_.e), lattice_.after(t % 2));
    const T* x = data<T>(call_, kLogits) + row(t) * width();
    T* dx = data<T>(call_, kDlogits) + row(t) * width();
    const Vec<T> by(factor);
    const LogSum<T> sum = load_log_sum(data<T>(call_, kLse), row(t));
    for_columns<T>(width(),
                   [&](int64_t c, int n) { (exp(sum.log_softmax(Vec<T>::load(x + c, n))) * by).store(dx + c, n); });
    // The sum over all paths at this frame, so that the gradients of a row sum to 0 despite rounding.
    const T each = factor / flow.all;
    dx[lattice_.blank()] -= each * flow.blanks;
    for (int64_t j = 0; j < lattice_.label_count(); ++j) dx[lattice_.target(j)] -= each * lattice_.flow_of(j);
  }

  const BpttCall& call_;
  const CtcLattice<T>& lattice_;
  int64_t b_;
  int64_t length_;
  int64_t block_;
  typename CtcLattice<T>::Probability whole_{};
};

}  // namespace

//   dloss   [1]    in
//   logits  [N,C]  in   may be the same memory as dlogits
//   labels  [M]    in   int32, on the other axis
//   lse     [N,2]  in
//   weights [B]    in   1 each where absent
//   dlogits [N,C]  out  0 in sequences of weight 0
// attributes: blank, reduction, zeroInfinity
template <typename T>
void ctcBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::ctcBackward);
  constexpr Operand kDloss = kRow["dloss"], kLogits = kRow["logits"], kLabels = kRow["labels"],
                    kWeights = kRow["weights"];
  const Settings settings(*call);
  const Reducing<T> reducing(*call, kWeights);
  Scratch own(call->thread_scratch);
  CtcLattice<T> lattice(call->other->steps, 2 * block_of(*call->axis), &own);
  const double dloss = static_cast<double>(*data<T>(*call, kDloss));
  for_my_sequences(*call, [&](int64_t b) {
    const bool is_target =
        read_target(*call, data<int32_t>(*call, kLabels), b, columns(*call, kLogits), settings.blank, &lattice);
    SequenceGradient<T> gradient(*call, b, lattice);
    if (reducing.of_sequence(b) == 0) return gradient.fill(T(0));
    if (!is_target) return gradient.fill(static_cast<T>(kNaN));
    gradient.write(static_cast<T>(dloss * reducing.factor(b, lattice.label_count())), settings.zero_infinity);
  });
}

template <typename T>
BpttScratch ctcBackwardScratch(const BpttOperand*, const BpttAxis* axis, const BpttAxis* other) {
  Scratch own;
  CtcLattice<T>(other->steps, 2 * block_of(*axis), &own);
  return {0, own.bytes()};
}

BPTT_INSTANTIATE(ctc);
BPTT_INSTANTIATE_SCRATCH(ctc);
BPTT_INSTANTIATE(ctcBackward);
BPTT_INSTANTIATE_SCRATCH(ctcBackward);

}  // namespace kernel
}  // namespace bptt
