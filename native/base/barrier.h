// A barrier that spins for a few microseconds and then sleeps. The last thread to arrive decides for all threads
// whether the execution continues. So all threads leave a cancelled program at the same barrier.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace bptt {

class Barrier {
 public:
  // `cancel` may be null. The last thread to arrive reads it, at every wait that allows stopping.
  Barrier(int count, const std::atomic<bool>* cancel) : count_(count), cancel_(cancel) {}
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // Returns true when the execution must stop. All threads must pass the same `may_stop`.
  bool wait(bool may_stop);

  // For one thread that works while the others wait. Returns true when all threads will stop at the next barrier, so
  // that the thread can end its work early.
  bool is_cancelled() const { return cancel_ != nullptr && cancel_->load(std::memory_order_relaxed); }

 private:
  const int count_;
  const std::atomic<bool>* cancel_;
  std::atomic<int> arrived_{0};
  std::atomic<unsigned> phase_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

// Tells the processor that this is a spin loop.
void spin_pause();

}  // namespace bptt
