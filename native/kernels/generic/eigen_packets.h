// One SIMD register of T, made of Eigen's packets. This is the one file that names Eigen's `internal` namespace; a test
// (test/architecture/eigen.test.ts) holds that.
//
// Eigen does not promise that this namespace stays the same. The kernels use it for two reasons. It is one set of
// functions for every instruction set (SSE, AVX2, AVX-512, NEON, none). And a kernel keeps its sums in registers, which
// Eigen's public expressions cannot do. Eigen's own products use the same functions, so they are stable: Eigen 3.4 has
// all that are used here, CMake refuses versions before it, and the package contains the headers that it was tested
// with (scripts/vendor-headers.cjs).
//
// When Eigen changes:
// - - A function that is removed or renamed is a compile error in this file. Change it here: the kernels use only
//   `Vec`.
// - - A function that treats rounding or NaN in another way fails test/kernels for that instruction set:
//   activations.test.ts asserts the bounds of each function, oracle.test.ts compares each kernel with a reference.
// - The bits of `exp`, `log`, `sin`, `cos` and `square_root` may change, because these are approximations of
//   Eigen's. All others are single operations that IEEE 754
//   defines.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <limits>

#include "kernels/bfloat16.h"

namespace bptt {
namespace kernel {

template <typename T>
struct Vec {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr int kLanes = Eigen::internal::unpacket_traits<Packet>::size;

  Packet p;

  Vec() = default;
  Vec(Packet packet) : p(packet) {}  // NOLINT: the two are the same thing
  explicit Vec(T value) : p(Eigen::internal::pset1<Packet>(value)) {}

  static Vec zero() { return Vec(T(0)); }
  static Vec load(const T* from) { return Vec(Eigen::internal::ploadu<Packet>(from)); }
  // Loads the first n lanes from memory; the others are zero. Reads no memory after them.
  static Vec load(const T* from, int n) {
    if (n == kLanes) return load(from);
    T lanes[kLanes] = {};
    for (int l = 0; l < n; ++l) lanes[l] = from[l];
    return load(lanes);
  }
  // Like load, zero when `from` is null.
  static Vec load_or_zero(const T* from, int n) { return from == nullptr ? zero() : load(from, n); }

  void store(T* to) const { Eigen::internal::pstoreu(to, p); }
  void store(T* to, int n) const {
    if (n == kLanes) return store(to);
    T lanes[kLanes];
    store(lanes);
    for (int l = 0; l < n; ++l) to[l] = lanes[l];
  }

  // The same for numbers that are stored in another type: each is converted, to the nearest where it is stored.
  template <typename Number>
  static Vec load(const Number* from, int n = kLanes) {
    T lanes[kLanes] = {};
    for (int l = 0; l < n; ++l) lanes[l] = static_cast<T>(from[l]);
    return load(lanes);
  }
  template <typename Number>
  void store(Number* to, int n = kLanes) const {
    T lanes[kLanes];
    store(lanes);
    for (int l = 0; l < n; ++l) to[l] = static_cast<Number>(lanes[l]);
  }

  friend Vec operator+(Vec a, Vec b) { return Vec(Eigen::internal::padd(a.p, b.p)); }
  friend Vec operator-(Vec a, Vec b) { return Vec(Eigen::internal::psub(a.p, b.p)); }
  friend Vec operator*(Vec a, Vec b) { return Vec(Eigen::internal::pmul(a.p, b.p)); }
  friend Vec operator/(Vec a, Vec b) { return Vec(Eigen::internal::pdiv(a.p, b.p)); }
};

// a * b + c, rounded once if the instruction set can do it.
template <typename T>
inline Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  return Vec<T>(Eigen::internal::pmadd(a.p, b.p, c.p));
}

// Comparisons return lanes with all bits one or all bits zero, for `select` and `both`.
template <typename T>
inline Vec<T> is_less(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pcmp_lt(a.p, b.p));
}
template <typename T>
inline Vec<T> is_equal(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pcmp_eq(a.p, b.p));
}
// The bits that are set in a and in b.
template <typename T>
inline Vec<T> both(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pand(a.p, b.p));
}
// a where the condition holds, elsewhere b.
template <typename T>
inline Vec<T> select(Vec<T> condition, Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pselect(condition.p, a.p, b.p));
}

template <typename T>
inline Vec<T> absolute(Vec<T> x) {
  return Vec<T>(Eigen::internal::pabs(x.p));
}

// Eigen 3.4 approximates it for float: an estimate of the processor and one step of Newton's method, 0 for denormals.
// Of infinity that would be NaN.
template <typename T>
inline Vec<T> square_root(Vec<T> x) {
  const Vec<T> infinity(std::numeric_limits<T>::infinity());
  return select(is_equal(x, infinity), infinity, Vec<T>(Eigen::internal::psqrt(x.p)));
}

// Pairs of bfloat16, one pair a lane: the number in the upper half of each, and that in the lower half.
#if defined(EIGEN_VECTORIZE)
namespace detail {
using Words = Eigen::internal::unpacket_traits<Vec<float>::Packet>::integer_packet;
inline Words words_of(Vec<float> x) {
  return Eigen::internal::preinterpret<Words>(x.p);
}
inline Vec<float> of_words(Words words) {
  return Vec<float>(Eigen::internal::preinterpret<Vec<float>::Packet>(words));
}
inline Words load_words(const BFloat16* from) {
  return Eigen::internal::ploadu<Words>(reinterpret_cast<const int32_t*>(from));
}
inline Words upper_half(Words words) {
  return Eigen::internal::pand(words, Eigen::internal::pset1<Words>(static_cast<int32_t>(0xffff0000u)));
}
}  // namespace detail

inline Vec<float> high_halves(const BFloat16* pairs) {
  return detail::of_words(detail::upper_half(detail::load_words(pairs)));
}
inline Vec<float> low_halves(const BFloat16* pairs) {
  return detail::of_words(Eigen::internal::plogical_shift_left<16>(detail::load_words(pairs)));
}

// x rounded to bfloat16, as BFloat16(x) does it.
inline Vec<float> rounded_to_bfloat16(Vec<float> x) {
  using namespace Eigen::internal;
  const detail::Words words = detail::words_of(x), one = pset1<detail::Words>(1);
  const detail::Words odd = pand(plogical_shift_right<16>(words), one);
  const detail::Words sum = padd(padd(words, pset1<detail::Words>(0x7fff)), odd);
  const Vec<float> rounded = detail::of_words(detail::upper_half(sum));
  const Vec<float> normal = select(is_less(absolute(x), Vec<float>(1.17549435e-38F)), x * Vec<float>::zero(), rounded);
  const detail::Words quiet = por(detail::upper_half(words), pset1<detail::Words>(0x400000));
  return select(is_equal(x, x), normal, detail::of_words(quiet));
}

// Stores pairs, rounded.
inline void store_halves(Vec<float> upper, Vec<float> lower, BFloat16* to) {
  using namespace Eigen::internal;
  const detail::Words high = detail::words_of(rounded_to_bfloat16(upper));
  const detail::Words low = plogical_shift_right<16>(detail::words_of(rounded_to_bfloat16(lower)));
  pstoreu(reinterpret_cast<int32_t*>(to), por(low, high));
}
#else
inline Vec<float> high_halves(const BFloat16* pairs) {
  return Vec<float>(static_cast<float>(pairs[1]));
}
inline Vec<float> low_halves(const BFloat16* pairs) {
  return Vec<float>(static_cast<float>(pairs[0]));
}
inline Vec<float> rounded_to_bfloat16(Vec<float> x) {
  return Vec<float>(static_cast<float>(BFloat16(x.p)));
}
inline void store_halves(Vec<float> upper, Vec<float> lower, BFloat16* to) {
  to[1] = BFloat16(upper.p);
  to[0] = BFloat16(lower.p);
}
#endif

// The larger of a and b in every lane; either when one of them is NaN.
template <typename T>
inline Vec<T> larger(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pmax(a.p, b.p));
}

// x, but not below `low` nor above `high`; NaN stays NaN.
template <typename T>
inline Vec<T> clamp(Vec<T> x, T low, T high) {
  return Vec<T>(Eigen::internal::pmin(Eigen::internal::pmax(x.p, Vec<T>(low).p), Vec<T>(high).p));
}

// The larger of a and 0; NaN stays NaN.
template <typename T>
inline Vec<T> relu(Vec<T> x) {
  return Vec<T>(Eigen::internal::pmax(x.p, Vec<T>::zero().p));
}

// Takes as many vectors as one vector has lanes. Lane i of vector l becomes lane l of vector i.
template <typename T>
inline void transpose(Vec<T> (&vectors)[Vec<T>::kLanes]) {
  constexpr int L = Vec<T>::kLanes;
  if constexpr (L > 1) {
    Eigen::internal::PacketBlock<typename Vec<T>::Packet, L> block;
    for (int l = 0; l < L; ++l) block.packet[l] = vectors[l].p;
    Eigen::internal::ptranspose(block);
    for (int l = 0; l < L; ++l) vectors[l].p = block.packet[l];
  }
}

namespace detail {

template <typename T, typename F>
inline Vec<T> per_lane(Vec<T> x, F f) {
  T lanes[Vec<T>::kLanes];
  x.store(lanes);
  for (T& lane : lanes) lane = f(lane);
  return Vec<T>::load(lanes);
}

// 2^n for whole n from -126 to 127, infinite for 128. `shifted` is n + kShift: its last bits are those of n.
constexpr float kShift = 12582912.0F;  // 1.5 * 2^23
inline Vec<float> power_of_two(Vec<float> shifted) {
#if defined(EIGEN_VECTORIZE)
  using Integers = Eigen::internal::unpacket_traits<Vec<float>::Packet>::integer_packet;
  const Integers n = Eigen::internal::plogical_shift_left<23>(Eigen::internal::preinterpret<Integers>(shifted.p));
  const Integers one = Eigen::internal::preinterpret<Integers>(Vec<float>(1.0F).p);
  return Vec<float>(Eigen::internal::preinterpret<Vec<float>::Packet>(Eigen::internal::padd(n, one)));
#else
  return per_lane(shifted, [](float v) { return std::ldexp(1.0F, static_cast<int>(v - kShift)); });
#endif
}

}  // namespace detail

// e^x. float: Eigen's polynomial, within 2 ULP for |x| <= 30 and 5 ULP beyond (AVX-512 reduces the argument in one
// step, the others stay within 2), 0 below -87.4, infinite above 88.37; NaN stays NaN. double is only for gradient
// checks and uses the C library's function.
inline Vec<float> exp(Vec<float> x) {
  return Vec<float>(Eigen::internal::pexp(x.p));
}
inline Vec<double> exp(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::exp(v); });
}

// The natural logarithm. float: Eigen's rational function, within 4 ULP for normal numbers, smaller ones count as the
// smallest normal one; -infinity for 0, NaN below, infinite for infinity; NaN stays NaN. double takes the C library's
// function.
inline Vec<float> log(Vec<float> x) {
  return Vec<float>(Eigen::internal::plog(x.p));
}
inline Vec<double> log(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::log(v); });
}

// Sine and cosine of any finite float: Eigen's polynomials, off by 2^-23 at most; NaN for what is
// infinite, and NaN stays NaN. double takes the C library's functions.
inline Vec<float> sin(Vec<float> x) {
  return Vec<float>(Eigen::internal::psin(x.p));
}
inline Vec<double> sin(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::sin(v); });
}
inline Vec<float> cos(Vec<float> x) {
  return Vec<float>(Eigen::internal::pcos(x.p));
}
inline Vec<double> cos(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::cos(v); });
}

}  // namespace kernel
}  // namespace bptt
