// One SIMD register of T, so that the cells can be written as their equations. Eigen supplies the packets and the
// transcendental functions of whatever instruction set this file is compiled for.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>
#include <type_traits>

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
  // The first n lanes from memory, the others zero; touches nothing behind them.
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

  friend Vec operator+(Vec a, Vec b) { return Vec(Eigen::internal::padd(a.p, b.p)); }
  friend Vec operator-(Vec a, Vec b) { return Vec(Eigen::internal::psub(a.p, b.p)); }
  friend Vec operator*(Vec a, Vec b) { return Vec(Eigen::internal::pmul(a.p, b.p)); }
  friend Vec operator/(Vec a, Vec b) { return Vec(Eigen::internal::pdiv(a.p, b.p)); }
};

// body(n), where n is a constant of the compiler when all lanes are there, as they mostly are.
template <typename T, typename Body>
inline void with_lanes(int n, Body body) {
  if (n == Vec<T>::kLanes) {
    body(std::integral_constant<int, Vec<T>::kLanes>());
  } else {
    body(n);
  }
}

// For each vector of a row: visit(first column, how many of its lanes are columns).
template <typename T, typename Visit>
inline void for_columns(int64_t columns, Visit visit) {
  constexpr int L = Vec<T>::kLanes;
  int64_t c = 0;
  for (; c + L <= columns; c += L) visit(c, L);
  if (c < columns) visit(c, static_cast<int>(columns - c));
}

template <typename T>
inline Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  return Vec<T>(Eigen::internal::pmadd(a.p, b.p, c.p));
}

// Comparisons give lanes of all ones or all zeros, for `select` and `both`.
template <typename T>
inline Vec<T> is_less(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pcmp_lt(a.p, b.p));
}
template <typename T>
inline Vec<T> both(Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pand(a.p, b.p));
}
template <typename T>
inline Vec<T> select(Vec<T> condition, Vec<T> a, Vec<T> b) {
  return Vec<T>(Eigen::internal::pselect(condition.p, a.p, b.p));
}

template <typename T>
inline Vec<T> absolute(Vec<T> x) {
  return Vec<T>(Eigen::internal::pabs(x.p));
}

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

namespace detail {
template <typename T, typename F>
inline Vec<T> per_lane(Vec<T> x, F f) {
  T lanes[Vec<T>::kLanes];
  x.store(lanes);
  for (T& lane : lanes) lane = f(lane);
  return Vec<T>::load(lanes);
}
}  // namespace detail

// e^x. float: Eigen's polynomial, within 2 ULP for |x| <= 30 and 5 ULP beyond (AVX-512 reduces the argument in one
// step, the others stay within 2), 0 below -87.4, infinite above 88.37; NaN stays NaN. double serves gradient checks
// and takes the C library's function. All bounds in this file are asserted by test/kernels/activations.test.ts.
inline Vec<float> exp(Vec<float> x) {
  return Vec<float>(Eigen::internal::pexp(x.p));
}
inline Vec<double> exp(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::exp(v); });
}

namespace detail {

// 2^n for whole n from -126 to 127, infinite for 128. `shifted` is n + kShift: the last bits of it are those of n.
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

// 1 / (1 + e^-x), within 3 ULP, saturates to 0 and 1; NaN stays NaN. e^-x is 2^n e^r with |r| <= ln(2)/2, and e^r a
// polynomial of degree 6 whose relative error is 3e-9. The same operations on every instruction set; about as fast as
// Eigen's exponential with AVX-512, twice as fast with the others.
inline Vec<float> sigmoid(Vec<float> x) {
  // Beyond these e^-x is infinite, or does not change 1.
  x = clamp(x, -88.7F, 87.0F);
  const Vec<float> shifted = multiply_add(x, Vec<float>(-1.44269504F), Vec<float>(detail::kShift));
  const Vec<float> n = shifted - Vec<float>(detail::kShift);
  // ln(2) in two parts, of which n times the first is exact.
  Vec<float> r = multiply_add(n, Vec<float>(-0.693359375F), Vec<float>::zero() - x);
  r = multiply_add(n, Vec<float>(2.12194440e-4F), r);
  Vec<float> e = multiply_add(r, Vec<float>(0.00138145406F), Vec<float>(0.00836874545F));
  e = multiply_add(e, r, Vec<float>(0.0416683890F));
  e = multiply_add(e, r, Vec<float>(0.166665211F));
  e = multiply_add(e, r, Vec<float>(0.499999940F));
  e = multiply_add(e, r, Vec<float>(1.0F));
  e = multiply_add(e, r, Vec<float>(1.0F));
  const Vec<float> one(1.0F);
  return one / multiply_add(e, detail::power_of_two(shifted), one);
}
inline Vec<double> sigmoid(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return 1.0 / (1.0 + std::exp(-v)); });
}

// tanh x, within 6 ULP and within [-1, 1], saturates beyond 9; NaN stays NaN. x P(x^2) / Q(x^2) with both of degree 4,
// fitted for the smallest relative error, 2e-8.
inline Vec<float> tanh(Vec<float> x) {
  x = clamp(x, -8.902735F, 8.902735F);  // where the quotient is 1 with and without fused multiply-adds
  const Vec<float> z = x * x, one(1.0F);
  Vec<float> p = multiply_add(z, Vec<float>(1.33191156e-8F), Vec<float>(2.05835186e-5F));
  Vec<float> q = multiply_add(z, Vec<float>(7.76203933e-7F), Vec<float>(3.28309688e-4F));
  p = multiply_add(p, z, Vec<float>(3.49403708e-3F));
  q = multiply_add(q, z, Vec<float>(2.58710831e-2F));
  p = multiply_add(p, z, Vec<float>(0.133797199F));
  q = multiply_add(q, z, Vec<float>(0.467130363F));
  p = multiply_add(p, z, one);
  q = multiply_add(q, z, one);
  return clamp(x * p / q, -1.0F, 1.0F);
}
inline Vec<double> tanh(Vec<double> x) {
  return detail::per_lane(x, [](double v) { return std::tanh(v); });
}

// Derivatives in terms of the function's value.
template <typename T>
inline Vec<T> sigmoid_slope(Vec<T> y) {
  return y * (Vec<T>(T(1)) - y);
}
template <typename T>
inline Vec<T> tanh_slope(Vec<T> y) {
  return multiply_add(Vec<T>::zero() - y, y, Vec<T>(T(1)));
}
template <typename T>
inline Vec<T> relu_slope(Vec<T> y) {
  return Vec<T>(Eigen::internal::pand(Eigen::internal::pcmp_lt(Vec<T>::zero().p, y.p), Vec<T>(T(1)).p));
}

}  // namespace kernel
}  // namespace bptt
