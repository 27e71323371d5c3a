// What the processor can do at most: multiply-adds of one float32 vector register after the other, and a large copy.
//
//   ceilings THREADS       ->  {"gigaflops":x,"gigabytesPerSecond":y}   the best of several tries, all threads together
//   ceilings THREADS peak  ->  {"gigaflops":x}                          the same in 30 ms, between two runs of a benchmark

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64, kChains = 24;
#elif defined(__AVX__)
constexpr int kBytes = 32, kChains = 12;
#elif defined(__aarch64__)
constexpr int kBytes = 16, kChains = 24;
#else
constexpr int kBytes = 16, kChains = 12;
#endif
typedef float Vector __attribute__((vector_size(kBytes)));
constexpr long kLanes = kBytes / sizeof(float);
constexpr size_t kCopyBytes = size_t{256} << 20;
constexpr int kTries = 40, kCopies = 8;  // short ones, so that one of them is not disturbed

volatile float sink;

// Independent chains that never leave the registers; enough of them to hide the latency of a multiply-add.
void multiply_add(long repeats) {
  Vector chain[kChains];
  for (int k = 0; k < kChains; ++k) chain[k] = Vector{} + static_cast<float>(k);
  const Vector factor = Vector{} + 0.5f * (1 + sink), addend = Vector{} + 0.25f;
  for (long r = 0; r < repeats; ++r) {
#pragma GCC unroll 32
    for (int k = 0; k < kChains; ++k) chain[k] = chain[k] * factor + addend;
  }
  Vector sum{};
  for (const Vector& one : chain) sum += one;
  sink = sum[0] * 0;
}

// Seconds until all threads have done their part.
double seconds(int threads, const std::function<void(int)>& part) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> team;
  for (int t = 1; t < threads; ++t) team.emplace_back(part, t);
  part(0);
  for (std::thread& one : team) one.join();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::max(1, std::atoi(arguments[1])) : 1;
  const bool peak_only = count > 2 && std::strcmp(arguments[2], "peak") == 0;
  const long repeats = 500'000;
  const double operations = 2.0 * static_cast<double>(repeats * kChains * kLanes * threads);
  double flops = 0, bytes = 0;
  for (int k = 0; k < kTries; ++k) {
    flops = std::max(flops, operations / seconds(threads, [&](int) { multiply_add(repeats); }));
  }
  if (peak_only) {
    std::printf("{\"gigaflops\":%.1f}\n", flops / 1e9);
    return 0;
  }
  std::unique_ptr<char[]> from(new char[kCopyBytes]), to(new char[kCopyBytes]);
  std::memset(from.get(), 1, kCopyBytes);
  std::memset(to.get(), 2, kCopyBytes);
  const size_t slice = kCopyBytes / threads;
  for (int k = 0; k < kCopies; ++k) {
    const auto copy = [&](int t) { std::memcpy(to.get() + t * slice, from.get() + t * slice, slice); };
    // Read and written.
    bytes = std::max(bytes, 2.0 * static_cast<double>(slice * threads) / seconds(threads, copy));
  }
  sink = to[kCopyBytes / 2];
  std::printf("{\"gigaflops\":%.1f,\"gigabytesPerSecond\":%.1f}\n", flops / 1e9, bytes / 1e9);
}
