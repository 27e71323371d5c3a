// Connectionist temporal classification: the loss of a sequence of labels whose places in time are not known, with the
// log-softmax inside. Threads divide sequences; each sequence is summed on its own, and the losses are added in
// ascending order.
//   A target lies on the other axis: its labels, then one end mark -1, which is all of an empty target.
//   A target that is not so (a label equal to the blank, -1 before the end, no end mark) makes its loss NaN, and with
//   it the gradients of all frames of its sequence. A target that no path fits into the frames has an infinite loss,
//   and gradients that are NaN, as in PyTorch; with zeroInfinity it counts as 0 in `loss`, and its gradients are 0.
//   `losses` stays infinite.
#include "kernels/generic/declarations.h"
#include "kernels/generic/losses/ctc_lattice.h"
#include "kernels/generic/rows/packed_rows.h"

namespace bptt {
namespace kernel {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Attribute `reduction`: what the sum of the losses is divided by, or each of them.
enum Reduction {
  kSum,          // nothing
  kPerLabel,     // each by its number of labels, at least 1, then by the number of sequences: PyTorch's mean
  kPerSequence,  // the number of sequences
  kPerFrame,     // the number of frames of all sequences
};

struct Settings {
  explicit Settings(const BpttCall& call)
      : blank(whole(call, kBlank)),
        reduction(static_cast<Reduction>(whole(call, kReduction))),
        zero_infinity(is_set(call, kZeroInfinity)) {}

  // The factor of the loss of a sequence.
  double weight(const BpttAxis& axis, int64_t labels) const {
    switch (reduction) {
      case kPerLabel:
        return 1.0 / (static_cast<double>(axis.batch) * static_cast<double>(std::max<int64_t>(1, labels)));
      case kPerSequence:
        return 1.0 / static_cast<double>(axis.batch);
      case kPerFrame:
        return 1.0 / static_cast<double>(axis.rows);
      case kSum:
        break;
    }
    return 1.0;
  }

  static_assert(have_same_attributes(Opcode::ctc, Opcode::ctcBackward));
  static constexpr Row kRow{Opcode::ctc};
  static constexpr Attribute kBlank = kRow.attribute("blank"), kReduction = kRow.attribute("reduction");
  static constexpr Attribute kZeroInfinity = kRow.attribute("zeroInfinity");

  int64_t blank;
  Reduction reduction;
  bool zero_infinity;
};

// The target of sequence b; false when it is none.
template <typename T>
bool read_target(const BpttCall& call, const int32_t* labels, int64_t b, int64_t classes, int64_t blank,
                 CtcLattice<T>* lattice) {
  const int64_t e = call.other->places[call.axis->samples[b]];
  return lattice->read(labels, *call.other, e, length_of(*call.other, e), classes, blank);
}

// The sequences of this thread. Neighbours have about the same length, so each thread takes one in turn.
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

// Frames that the forward pass has in memory at once.
constexpr int64_t kForwardFrames = 2;

// The negative logarithm of the probability of the target that the lattice has read.
template <typename T>
double sequence_loss(const BpttCall& call, int64_t b, const double* lse, const CtcLattice<T>& lattice) {
  constexpr Operand kLogits = Row(Opcode::ctc)["logits"];
  const int64_t width = columns(call, kLogits), length = length_of(*call.axis, b);
  double of_frames = 0;  // what the shifts leave of the log-softmax
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

// losses[b] = -log of the sum over all paths that stand for the target of b of the product of their softmax(logits);
// loss = their weighted sum.
//   logits [N,C]  in
//   labels [M]    in   int32, on the other axis
//   loss   [1]    out
//   losses [B]    out
//   lse    [N]    out  log sum e^logits, kept for the backward pass
// attributes: blank, reduction, zeroInfinity
template <typename T>
void ctc(const BpttCall* call) {
  constexpr Row kRow(Opcode::ctc);
  constexpr Operand kLogits = kRow["logits"], kLabels = kRow["labels"], kLoss = kRow["loss"], kLosses = kRow["losses"],
                    kLse = kRow["lse"];
  const Settings settings(*call);
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
    sums.lse[r] = static_cast<double>(shift) + std::log(static_cast<double>(sum));
    lse[r] = static_cast<T>(sums.lse[r]);
  }
  if (barrier(*call)) return;
  for_my_sequences(*call, [&](int64_t b) {
    const bool is_target = read_target(*call, data<int32_t>(*call, kLabels), b, width, settings.blank, &lattice);
    const double loss = is_target ? sequence_loss(*call, b, sums.lse, lattice) : kNaN;
    const bool counts = !(settings.zero_infinity && std::isinf(loss));
    data<T>(*call, kLosses)[b] = static_cast<T>(loss);
    sums.losses[b] = counts ? loss * settings.weight(axis, lattice.label_count()) : 0.0;
  });
  if (barrier(*call) || call->team->id != 0) return;
  double total = 0;
  for (int64_t b = 0; b < axis.batch; ++b) total += sums.losses[b];
  *data<T>(*call, kLoss) = static_cast<T>(total);
}

template <typename T>
BpttScratch ctcScratch(const BpttOperand*, const BpttAxis* axis, const BpttAxis* other) {
  Scratch shared, own;
  SharedSums(axis->rows, axis->batch, &shared);
  CtcLattice<T>(other->steps, kForwardFrames, &own);
  return {shared.bytes(), own.bytes()};
}

namespace {

// The backward pass needs the states of all frames from the last to the first. It keeps those before each block of
// about sqrt(T) frames and makes those of a block again when it comes to it: twice the work of the forward recursion,
// but memory for 2 sqrt(T) frames instead of T.
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

  // dlogits = factor * (softmax - the share of the paths that say a class at this frame).
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

  // Makes the frames of a block; returns the last states.
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
    const Vec<T> by(factor), shift(data<T>(call_, kLse)[row(t)]);
    for_columns<T>(width(), [&](int64_t c, int n) { (exp(Vec<T>::load(x + c, n) - shift) * by).store(dx + c, n); });
    // Of all paths at this frame, so that the gradients of a row sum to 0 whatever has been rounded before.
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
//   lse     [N]    in
//   dlogits [N,C]  out
// attributes: blank, reduction, zeroInfinity
template <typename T>
void ctcBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::ctcBackward);
  constexpr Operand kDloss = kRow["dloss"], kLogits = kRow["logits"], kLabels = kRow["labels"];
  const Settings settings(*call);
  Scratch own(call->thread_scratch);
  CtcLattice<T> lattice(call->other->steps, 2 * block_of(*call->axis), &own);
  const double dloss = static_cast<double>(*data<T>(*call, kDloss));
  for_my_sequences(*call, [&](int64_t b) {
    const bool is_target =
        read_target(*call, data<int32_t>(*call, kLabels), b, columns(*call, kLogits), settings.blank, &lattice);
    SequenceGradient<T> gradient(*call, b, lattice);
    if (!is_target) return gradient.fill(static_cast<T>(kNaN));
    gradient.write(static_cast<T>(dloss * settings.weight(*call->axis, lattice.label_count())), settings.zero_infinity);
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
