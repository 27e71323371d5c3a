// Reads any value outside an execution. This is for diagnostics; no batch needs it.
#pragma once

#include <cstdint>

namespace bptt {

struct Probe {
  double norm = 0;  // Euclidean norm of the finite entries
  double low = 0;   // smallest finite entry, 0 when there is none
  double high = 0;
  int64_t non_finite = 0;         // how many entries are NaN or infinite
  int64_t first_non_finite = -1;  // index of the first of them
};

Probe probe(const float* data, int64_t count);
Probe probe(const double* data, int64_t count);

}  // namespace bptt
