// The instruction sets that this processor and operating system support.
#pragma once

namespace bptt {

struct CpuFeatures {
  bool avx2 = false;    // AVX2, FMA, F16C, BMI1/2, LZCNT and the operating system saves ymm
  bool avx512 = false;  // the above and AVX-512 F, CD, BW, DQ, VL and the operating system saves zmm
};

CpuFeatures cpu_features();

}  // namespace bptt
