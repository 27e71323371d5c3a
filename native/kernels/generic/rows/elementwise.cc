// Elementwise maps, and moving columns. Threads divide the elements; every element is computed alone.
#include "kernels/generic/call.h"
#include "kernels/generic/declarations.h"
#include "kernels/generic/vec.h"

namespace bptt {
namespace kernel {

namespace {

// out[e] = f(in0[e], in1[e], ...) for all elements. Any input may be the same memory as the output (the last operand).
template <typename T, int inputs, typename F>
void map_elements(const BpttCall& call, F f) {
  constexpr int L = Vec<T>::kLanes;
  const int64_t total = rows(call, inputs) * columns(call, inputs);
  const Range mine = share(total, 16 * L, *call.team);
  const T* a = data<T>(call, 0);
  const T* b = inputs > 1 ? data<T>(call, 1) : a;
  T* out = data<T>(call, inputs);
  for (int64_t e = mine.begin; e < mine.end; e += L) {
    const int n = static_cast<int>(std::min<int64_t>(L, mine.end - e));
    const Vec<T> first = Vec<T>::load(a + e, n);
    f(first, inputs > 1 ? Vec<T>::load(b + e, n) : first).store(out + e, n);
  }
}

// out[r, to..to+width] = in[r, from..from+width] for the rows of this thread.
template <typename T>
void copy_columns(const BpttCall& call, int in, int64_t from, int out, int64_t to, int64_t width) {
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
  map_elements<T, 2>(*call, [](Vec<T> a, Vec<T> b) { return a + b; });
}
template <typename T>
void subtract(const BpttCall* call) {
  map_elements<T, 2>(*call, [](Vec<T> a, Vec<T> b) { return a - b; });
}
template <typename T>
void multiply(const BpttCall* call) {
  map_elements<T, 2>(*call, [](Vec<T> a, Vec<T> b) { return a * b; });
}

// y = factor * x
template <typename T>
void scale(const BpttCall* call) {
  const Vec<T> factor(static_cast<T>(call->attributes[0]));
  map_elements<T, 1>(*call, [factor](Vec<T> x, Vec<T>) { return factor * x; });
}

// y = f(x), and dx = dy * f'(x) from the value y
template <typename T>
void sigmoid(const BpttCall* call) {
  map_elements<T, 1>(*call, [](Vec<T> x, Vec<T>) { return sigmoid(x); });
}
template <typename T>
void sigmoidBackward(const BpttCall* call) {
  map_elements<T, 2>(*call, [](Vec<T> dy, Vec<T> y) { return dy * sigmoid_slope(y); });
}
template <typename T>
void tanh(const BpttCall* call) {
  map_elements<T, 1>(*call, [](Vec<T> x, Vec<T>) { return tanh(x); });
}
template <typename T>
void tanhBackward(const BpttCall* call) {
  map_elements<T, 2>(*call, [](Vec<T> dy, Vec<T> y) { return dy * tanh_slope(y); });
}
template <typename T>
void relu(const BpttCall* call) {
  map_elements<T, 1>(*call, [](Vec<T> x, Vec<T>) { return relu(x); });
}
template <typename T>
void reluBackward(const BpttCall* call) {
  map_elements<T, 2>(*call, [](Vec<T> dy, Vec<T> y) { return dy * relu_slope(y); });
}

// y = [a b].   a [R,A], b [R,D] in; y [R,A+D] out
template <typename T>
void concatenate(const BpttCall* call) {
  const int64_t width = columns(*call, 0);
  copy_columns<T>(*call, 0, 0, 2, 0, width);
  copy_columns<T>(*call, 1, 0, 2, width, columns(*call, 1));
}

// y = x[:, begin..begin+D].   x [R,C] in; y [R,D] out
template <typename T>
void slice(const BpttCall* call) {
  copy_columns<T>(*call, 0, static_cast<int64_t>(call->attributes[0]), 1, 0, columns(*call, 1));
}

// dx = 0 but for dx[:, begin..begin+D] = dy.   dy [R,D] in; dx [R,C] out
template <typename T>
void sliceBackward(const BpttCall* call) {
  const int64_t width = columns(*call, 1);
  const Range mine = share(rows(*call, 1), 16, *call->team);
  T* dx = data<T>(*call, 1);
  std::fill(dx + mine.begin * width, dx + mine.end * width, T(0));
  copy_columns<T>(*call, 0, 0, 1, static_cast<int64_t>(call->attributes[0]), columns(*call, 0));
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
