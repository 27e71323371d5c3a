#include "program/probe.h"

#include <cmath>

namespace bptt {

namespace {

template <typename T>
Probe probe_values(const T* data, int64_t count) {
  Probe result;
  double squares = 0;
  bool any = false;
  for (int64_t e = 0; e < count; ++e) {
    const double value = static_cast<double>(data[e]);
    if (!std::isfinite(value)) {
      if (result.non_finite++ == 0) result.first_non_finite = e;
      continue;
    }
    squares += value * value;
    result.low = any && result.low < value ? result.low : value;
    result.high = any && result.high > value ? result.high : value;
    any = true;
  }
  result.norm = std::sqrt(squares);
  return result;
}

}  // namespace

Probe probe(const float* data, int64_t count) {
  return probe_values(data, count);
}
Probe probe(const double* data, int64_t count) {
  return probe_values(data, count);
}

}  // namespace bptt
