#include "base/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#define BPTT_X64 1
#endif

namespace bptt {

#if defined(BPTT_X64)
namespace {

struct Registers {
  uint32_t a, b, c, d;
};

Registers cpuid(uint32_t leaf, uint32_t subleaf) {
#if defined(_MSC_VER)
  int r[4];
  __cpuidex(r, static_cast<int>(leaf), static_cast<int>(subleaf));
  return {static_cast<uint32_t>(r[0]), static_cast<uint32_t>(r[1]), static_cast<uint32_t>(r[2]),
          static_cast<uint32_t>(r[3])};
#else
  Registers r{};
  __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
  return r;
#endif
}

uint64_t xcr0() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

bool all(uint32_t value, uint32_t mask) {
  return (value & mask) == mask;
}

}  // namespace

CpuFeatures cpu_features() {
  CpuFeatures features;
  if (cpuid(0, 0).a < 7) return features;
  const Registers one = cpuid(1, 0);
  constexpr uint32_t kFma = 1u << 12, kMovbe = 1u << 22, kOsxsave = 1u << 27, kAvx = 1u << 28, kF16c = 1u << 29;
  if (!all(one.c, kFma | kMovbe | kOsxsave | kAvx | kF16c)) return features;
  const uint64_t saved = xcr0();
  if ((saved & 0x6) != 0x6) return features;
  const Registers seven = cpuid(7, 0);
  constexpr uint32_t kBmi1 = 1u << 3, kAvx2 = 1u << 5, kBmi2 = 1u << 8;
  constexpr uint32_t kLzcnt = 1u << 5;
  features.avx2 = all(seven.b, kBmi1 | kAvx2 | kBmi2) && cpuid(0x80000000u, 0).a >= 0x80000001u &&
                  all(cpuid(0x80000001u, 0).c, kLzcnt);
  constexpr uint32_t kF = 1u << 16, kDq = 1u << 17, kCd = 1u << 28, kBw = 1u << 30, kVl = 1u << 31;
  features.avx512 = features.avx2 && (saved & 0xE6) == 0xE6 && all(seven.b, kF | kDq | kCd | kBw | kVl);
  return features;
}
#else
CpuFeatures cpu_features() {
  return {};
}
#endif

}  // namespace bptt
