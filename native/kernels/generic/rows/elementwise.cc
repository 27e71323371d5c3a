// Elementwise maps, and moving columns. Threads divide the elements; every element is computed alone.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// out[e] = f(a[e], b[e]) for all elements. Either input may be the same memory as the output.
template <typename T, typename F>
void map_elements(const BpttCall& call, Operand a, Operand b, Operand out, F f) {
  constexpr int L = Vec<T>::kLanes;
  const Range mine = share(rows(call, out) * columns(call, out), 16 * L, *call.team);
  const T *first = data<T>(call, a), *second = data<T>(call, b);
  T* to = data<T>(call, out);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    f(Vec<T>::load(first + e, n), Vec<T>::load(second + e, n)).store(to + e, n);
  }
}

// y = f(x)
template <typename T, Opcode kOperation, typename F>
void map_one(const BpttCall& call, F f) {
  constexpr Operand kX = Row(kOperation)["x"], kY = Row(kOperation)["y"];
  constexpr int L = Vec<T>::kLanes;
  const Range mine = share(rows(call, kY) * columns(call, kY), 16 * L, *call.team);
  const T* x = data<T>(call, kX);
  T* y = data<T>(call, kY);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    f(Vec<T>::load(x + e, n)).store(y + e, n);
  }
}

// y = f(a, b)
template <typename T, Opcode kOperation, typename F>
void map_two(const BpttCall& call, F f) {
  constexpr Operand kA = Row(kOperation)["a"], kB = Row(kOperation)["b"], kY = Row(kOperation)["y"];
  map_elements<T>(call, kA, kB, kY, f);
}

// dx = f(dy, y)
template <typename T, Opcode kOperation, typename F>
void map_back(const BpttCall& call, F f) {
  constexpr Operand kDy = Row(kOperation)["dy"], kY = Row(kOperation)["y"], kDx = Row(kOperation)["dx"];
  map_elements<T>(call, kDy, kY, kDx, f);
}

// out[r, to..to+width] = in[r, from..from+width] for the rows of this thread.
template <typename T>
void copy_columns(const BpttCall& call, Operand in, int64_t from, Operand out, int64_t to, int64_t width) {
  const Range mine = share(rows(call, out), 16, *call.team);
  const int64_t in_columns = columns(call, in), out_columns = columns(call, out);
  for (int64_t r = mine.begin; r < mine.end; ++r) {
    const T* source = data<T>(call, in) + r * in_columns + from;
    std::copy(source, source + width, data<T>(call, out) + r * out_columns + to);
  }
}

}  // namespace

// y = a + b, a - b, a * b.   a, b [R,C] in; y [R,C] out
template <typename T>
void add(const BpttCall* call) {
  map_two<T, Opcode::add>(*call, [](Vec<T> a, Vec<T> b) { return a + b; });
}
template <typename T>
void subtract(const BpttCall* call) {
  map_two<T, Opcode::subtract>(*call, [](Vec<T> a, Vec<T> b) { return a - b; });
}
template <typename T>
void multiply(const BpttCall* call) {
  map_two<T, Opcode::multiply>(*call, [](Vec<T> a, Vec<T> b) { return a * b; });
}

// y = factor * x
template <typename T>
void scale(const BpttCall* call) {
  constexpr Attribute kFactor = Row(Opcode::scale).attribute("factor");
  const Vec<T> factor(static_cast<T>(number(*call, kFactor)));
  map_one<T, Opcode::scale>(*call, [factor](Vec<T> x) { return factor * x; });
}

// y = f(x), and dx = dy * f'(x) from the value y
template <typename T>
void sigmoid(const BpttCall* call) {
  map_one<T, Opcode::sigmoid>(*call, [](Vec<T> x) { return sigmoid(x); });
}
template <typename T>
void sigmoidBackward(const BpttCall* call) {
  map_back<T, Opcode::sigmoidBackward>(*call, [](Vec<T> dy, Vec<T> y) { return dy * sigmoid_slope(y); });
}
template <typename T>
void tanh(const BpttCall* call) {
  map_one<T, Opcode::tanh>(*call, [](Vec<T> x) { return tanh(x); });
}
template <typename T>
void tanhBackward(const BpttCall* call) {
  map_back<T, Opcode::tanhBackward>(*call, [](Vec<T> dy, Vec<T> y) { return dy * tanh_slope(y); });
}
template <typename T>
void relu(const BpttCall* call) {
  map_one<T, Opcode::relu>(*call, [](Vec<T> x) { return relu(x); });
}
template <typename T>
void reluBackward(const BpttCall* call) {
  map_back<T, Opcode::reluBackward>(*call, [](Vec<T> dy, Vec<T> y) { return dy * relu_slope(y); });
}

// y = [a b].   a [R,A], b [R,D] in; y [R,A+D] out
template <typename T>
void concatenate(const BpttCall* call) {
  constexpr Row kRow(Opcode::concatenate);
  constexpr Operand kA = kRow["a"], kB = kRow["b"], kY = kRow["y"];
  const int64_t width = columns(*call, kA);
  copy_columns<T>(*call, kA, 0, kY, 0, width);
  copy_columns<T>(*call, kB, 0, kY, width, columns(*call, kB));
}

// y = x[:, begin..begin+D].   x [R,C] in; y [R,D] out
template <typename T>
void slice(const BpttCall* call) {
  constexpr Row kRow(Opcode::slice);
  constexpr Operand kX = kRow["x"], kY = kRow["y"];
  constexpr Attribute kBegin = kRow.attribute("begin");
  copy_columns<T>(*call, kX, whole(*call, kBegin), kY, 0, columns(*call, kY));
}

// dx = 0 but for dx[:, begin..begin+D] = dy.   dy [R,D] in; dx [R,C] out
template <typename T>
void sliceBackward(const BpttCall* call) {
  constexpr Row kRow(Opcode::sliceBackward);
  constexpr Operand kDy = kRow["dy"], kDx = kRow["dx"];
  constexpr Attribute kBegin = kRow.attribute("begin");
  const int64_t width = columns(*call, kDx);
  const Range mine = share(rows(*call, kDx), 16, *call->team);
  T* dx = data<T>(*call, kDx);
  std::fill(dx + mine.begin * width, dx + mine.end * width, T(0));
  copy_columns<T>(*call, kDy, 0, kDx, whole(*call, kBegin), columns(*call, kDy));
}

BPTT_INSTANTIATE(add);
BPTT_INSTANTIATE(subtract);
BPTT_INSTANTIATE(multiply);
BPTT_INSTANTIATE(scale);
BPTT_INSTANTIATE(sigmoid);
BPTT_INSTANTIATE(sigmoidBackward);
BPTT_INSTANTIATE(tanh);
BPTT_INSTANTIATE(tanhBackward);
BPTT_INSTANTIATE(relu);
BPTT_INSTANTIATE(reluBackward);
BPTT_INSTANTIATE(concatenate);
BPTT_INSTANTIATE(slice);
BPTT_INSTANTIATE(sliceBackward);

}  // namespace kernel
}  // namespace bptt
