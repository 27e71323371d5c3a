// One SIMD register of T, so that the cells can be written as their equations. Eigen supplies the packets and the
// transcendental functions of whatever instruction set this file is compiled for.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <cstdint>

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

// 1 / (1 + e^-x), within 4 ULP for |x| <= 50 and 6 ULP beyond, saturates to 0 and 1; NaN stays NaN.
template <typename T>
inline Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> one(T(1));
  return one / (one + exp(Vec<T>::zero() - x));
}

// tanh x. float: Eigen's rational approximation, within 6 ULP, saturates beyond 7.9; NaN stays NaN.
inline Vec<float> tanh(Vec<float> x) {
  return Vec<float>(Eigen::internal::ptanh(x.p));
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
