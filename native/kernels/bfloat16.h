// bfloat16: the upper half of a float32, 8 bits of significand. It is a storage; arithmetic is done in float32.
#pragma once

#include <cstdint>
#include <cstring>

namespace bptt {

struct BFloat16 {
  uint16_t bits;

  BFloat16() = default;
  // To the nearest, ties to even, as VCVTNEPS2BF16 does: numbers below 2^-126 become zero with their sign, NaN stays
  // NaN and becomes quiet.
  explicit BFloat16(float value) {
    uint32_t u;
    std::memcpy(&u, &value, sizeof u);
    const uint32_t exponent = u & 0x7f800000u;
    if (exponent == 0) {
      u &= 0x80000000u;
    } else if (exponent == 0x7f800000u && (u & 0x7fffffu) != 0) {
      u |= 0x400000u;
    } else {
      u += 0x7fffu + (u >> 16 & 1u);
    }
    bits = static_cast<uint16_t>(u >> 16);
  }
  explicit operator float() const {
    const uint32_t u = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &u, sizeof value);
    return value;
  }
};

}  // namespace bptt
