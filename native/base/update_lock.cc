#include "base/update_lock.h"

#include <chrono>

namespace bptt {

namespace {
// How often an update that waits looks whether its execution has been cancelled.
constexpr std::chrono::milliseconds kLook{1};
}  // namespace

void UpdateLock::enter() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return !is_updating_; });
  ++readers_;
}

void UpdateLock::leave() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (readers_ > 0) --readers_;
    if (readers_ > 0 || !is_waiting_) return;
    is_updating_ = true;
  }
  changed_.notify_all();
}

bool UpdateLock::begin_update(const std::atomic<bool>* cancel) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (readers_ == 0) is_updating_ = true;
  is_waiting_ = !is_updating_;
  while (!is_updating_) {
    // By the system's clock: the other one needs a function that glibc 2.28 lacks. `leave` ends the wait whatever the
    // clock says.
    changed_.wait_until(lock, std::chrono::system_clock::now() + kLook);
    if (is_updating_ || cancel == nullptr || !cancel->load()) continue;
    is_waiting_ = false;
    return false;
  }
  is_waiting_ = false;
  updates_.fetch_add(1);
  return true;
}

void UpdateLock::end_update() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    is_updating_ = false;
  }
  changed_.notify_all();
}

}  // namespace bptt
