// Functions of single elements. Threads divide the elements; every element is computed alone.
#include "kernels/generic/declarations.h"
#include "kernels/generic/rows/functions.h"

namespace bptt {
namespace kernel {

namespace {

constexpr int64_t kVectorsEach = 16;  // of a thread at least

}  // namespace

// y = f(x).   x [R,C] in; y [R,C] out, may be the same memory as x
template <typename T>
void unary(const BpttCall* call) {
  constexpr Row kRow(Opcode::unary);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kFunction = kRow.attribute("function"), kExponent = kRow.attribute("exponent");
  constexpr int L = Vec<T>::kLanes;
  const T exponent = static_cast<T>(number(*call, kExponent));
  const Range mine = share(rows(*call, kY) * columns(*call, kY), kVectorsEach * L, *call->team);
  const T* x = data<T>(*call, kX) + mine.begin;
  T* y = data<T>(*call, kY) + mine.begin;
  with_function(number(*call, kFunction), [=](auto f) {
    for_columns<T>(mine.end - mine.begin,
                   [=](int64_t e, int n) { evaluate<T>(f, exponent, Vec<T>::load(x + e, n)).store(y + e, n); });
  });
}

// dx = dy f'(x).   dy, x [R,C] in; dx [R,C] out, may be the same memory as dy
template <typename T>
void unaryBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::unaryBackward);
  constexpr Operand kDy = kRow["dy"], kX = kRow["x"], kDx = kRow["dx"];
  constexpr Attribute kFunction = kRow.attribute("function"), kExponent = kRow.attribute("exponent");
  constexpr int L = Vec<T>::kLanes;
  const T exponent = static_cast<T>(number(*call, kExponent));
  const Range mine = share(rows(*call, kDx) * columns(*call, kDx), kVectorsEach * L, *call->team);
  const T *dy = data<T>(*call, kDy) + mine.begin, *x = data<T>(*call, kX) + mine.begin;
  T* dx = data<T>(*call, kDx) + mine.begin;
  with_function(number(*call, kFunction), [=](auto f) {
    for_columns<T>(mine.end - mine.begin, [=](int64_t e, int n) {
      evaluate_backward<T>(f, exponent, Vec<T>::load(dy + e, n), Vec<T>::load(x + e, n)).store(dx + e, n);
    });
  });
}

BPTT_INSTANTIATE(unary);
BPTT_INSTANTIATE(unaryBackward);

}  // namespace kernel
}  // namespace bptt
