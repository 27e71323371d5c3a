// Operations that copy values from the sequences of one time axis to the sequences of another, for example the final
// state of an encoder to a decoder. Two sequences belong together when they have the same sample. The program has
// checked before the execution that each sequence has its partner, and it has its own copy of the samples.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// The sequence of the other axis that has the sample of sequence b.
int64_t partner_of(const BpttCall& call, int64_t b) {
  return call.other->places[call.axis->samples[b]];
}

}  // namespace

// y[b] = x of the sequence of the other axis that has the sample of b.   x [E,F] in; y [B,F] out
template <typename T>
void gatherSequences(const BpttCall* call) {
  constexpr Row kRow(Opcode::gatherSequences);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  const int64_t width = columns(*call, kX);
  const Range mine = share(rows(*call, kY), 16, *call->team);
  for (int64_t b = mine.begin; b < mine.end; ++b) {
    const T* from = data<T>(*call, kX) + partner_of(*call, b) * width;
    std::copy(from, from + width, data<T>(*call, kY) + b * width);
  }
}

// dx[e] = sum of dy[b] over the sequences b that have the sample of e, in ascending order; 0 where there is none.
// Threads divide the columns.   dy [B,F] in; dx [E,F] out
template <typename T>
void scatterSequences(const BpttCall* call) {
  constexpr Row kRow(Opcode::scatterSequences);
  constexpr Operand kDy = kRow["dy"], kDx = kRow["dx"];
  constexpr int L = Vec<T>::kLanes;
  const T* dy = data<T>(*call, kDy);
  T* dx = data<T>(*call, kDx);
  const int64_t width = columns(*call, kDy);
  const Range mine = share(width, L, *call->team);
  for (int64_t e = 0; e < rows(*call, kDx); ++e)
    std::fill(dx + e * width + mine.begin, dx + e * width + mine.end, T(0));
  for (int64_t b = 0; b < rows(*call, kDy); ++b) {
    const T* from = dy + b * width;
    T* to = dx + partner_of(*call, b) * width;
    for (int64_t c = mine.begin; c < mine.end; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, mine.end - c));
      (Vec<T>::load(to + c, n) + Vec<T>::load(from + c, n)).store(to + c, n);
    }
  }
}

BPTT_INSTANTIATE(gatherSequences);
BPTT_INSTANTIATE(scatterSequences);

}  // namespace kernel
}  // namespace bptt
