// Keeps readers of a model's parameters and the update of a training step apart. Readers (synchronous predictions,
// steps of streams) work while a training step computes gradients. Its update waits for those that have entered, and
// those that come during the update wait for its end, which is soon.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace bptt {

class UpdateLock {
 public:
  UpdateLock() = default;
  UpdateLock(const UpdateLock&) = delete;
  UpdateLock& operator=(const UpdateLock&) = delete;

  // A reader begins: waits for the end of an update that is being written. A reader may enter again before it leaves,
  // even while an update waits for it.
  void enter();
  // A reader ends. An update that waits for the last reader begins before any other reader may enter.
  void leave();

  // Waits until no reader works. Returns false, and nothing has begun, when `cancel` was set meanwhile; it may be null.
  // Only one update at a time.
  bool begin_update(const std::atomic<bool>* cancel);
  void end_update();

  // Number of updates that have begun. It changes only while no reader works.
  int64_t updates() const { return updates_.load(); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t readers_ = 0;
  bool is_waiting_ = false;   // an update waits for the readers
  bool is_updating_ = false;  // no reader may enter
  std::atomic<int64_t> updates_{0};
};

}  // namespace bptt
