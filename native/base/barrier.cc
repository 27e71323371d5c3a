#include "base/barrier.h"

#include <thread>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace bptt {

void spin_pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

namespace {
// About 20 microseconds: longer than the skew of two threads over one time step, shorter than a scheduler slice.
constexpr int kSpins = 1500;
}  // namespace

bool Barrier::wait(bool may_stop) {
  if (count_ == 1) {
    if (may_stop && cancel_ != nullptr && cancel_->load(std::memory_order_relaxed)) stop_.store(true);
    return stop_.load(std::memory_order_relaxed);
  }
  const unsigned phase = phase_.load();
  if (arrived_.fetch_add(1) + 1 == count_) {
    if (may_stop && cancel_ != nullptr && cancel_->load(std::memory_order_relaxed)) stop_.store(true);
    const bool stop = stop_.load();
    arrived_.store(0);
    phase_.fetch_add(1);
    if (sleepers_.load() > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
    return stop;
  }
  for (int spin = 0; spin < kSpins; ++spin) {
    if (phase_.load(std::memory_order_acquire) != phase) return stop_.load();
    spin_pause();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  wake_.wait(lock, [&] { return phase_.load() != phase; });
  sleepers_.fetch_sub(1);
  return stop_.load();
}

}  // namespace bptt
