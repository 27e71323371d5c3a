// Embedding: rows of a table by index. The program has checked the indices before the execution. The caller may still
// change the memory meanwhile. For a bad index a kernel reads a row of zeros and writes nothing.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {
bool in_table(int32_t id, int64_t size) {
  return id >= 0 && id < size;
}
}  // namespace

// y[r] = table[ids[r]]
//   ids   [R]    in   int32
//   table [V,F]  in
//   y     [R,F]  out
template <typename T>
void embedding(const BpttCall* call) {
  constexpr Row kRow(Opcode::embedding);
  constexpr Operand kIds = kRow["ids"], kTable = kRow["table"], kY = kRow["y"];
  const int32_t* ids = data<int32_t>(*call, kIds);
  const T* table = data<T>(*call, kTable);
  T* y = data<T>(*call, kY);
  const int64_t size = rows(*call, kTable), width = columns(*call, kTable);
  const Range mine = share(rows(*call, kIds), 16, *call->team);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    T* to = y + r * width;
    const int32_t id = read_once(ids + r);
    if (in_table(id, size)) {
      const T* from = table + id * width;
      std::copy(from, from + width, to);
    } else {
      std::fill(to, to + width, T(0));
    }
  }
}

// dTable[v] = sum of dy[r] over the rows r with ids[r] == v, in ascending order; threads divide the columns.
//   ids    [R]    in   int32
//   dy     [R,F]  in
//   dTable [V,F]  out  every row is written; a row that is not used gets zeros
template <typename T>
void embeddingGradient(const BpttCall* call) {
  constexpr Row kRow(Opcode::embeddingGradient);
  constexpr Operand kIds = kRow["ids"], kDy = kRow["dy"], kDTable = kRow["dTable"];
  constexpr int L = Vec<T>::kLanes;
  const int32_t* ids = data<int32_t>(*call, kIds);
  const T* dy = data<T>(*call, kDy);
  T* gradient = data<T>(*call, kDTable);
  const int64_t size = rows(*call, kDTable), width = columns(*call, kDTable), total = rows(*call, kIds);
  const Range mine = share(width, L, *call->team);
  for (int64_t v = 0; v < size; ++v)
    std::fill(gradient + v * width + mine.begin, gradient + v * width + mine.end, T(0));
  for (int64_t r = 0; r < total; ++r) {
    const int32_t id = read_once(ids + r);
    if (!in_table(id, size)) continue;
    T* to = gradient + id * width;
    const T* from = dy + r * width;
    for (int64_t c = mine.begin; c < mine.end; c += L) {
      const int n = static_cast<int>(std::min<int64_t>(L, mine.end - c));
      (Vec<T>::load(to + c, n) + Vec<T>::load(from + c, n)).store(to + c, n);
    }
  }
}

BPTT_INSTANTIATE(embedding);
BPTT_INSTANTIATE(embeddingGradient);

}  // namespace kernel
}  // namespace bptt
