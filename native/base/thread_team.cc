#include "base/thread_team.h"

#include <algorithm>
#include <system_error>

#include "base/barrier.h"

namespace bptt {

namespace {
// About 50 microseconds. This is long enough to meet the next instruction of a training step, and short enough that an
// idle process uses no processor time.
constexpr int kSpins = 4000;
}  // namespace

ThreadTeam::~ThreadTeam() {
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    queue_closing_ = true;
  }
  queue_wake_.notify_all();
  if (queue_thread_.joinable()) queue_thread_.join();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_.store(true);
  }
  wake_.notify_all();
  for (std::thread& member : members_) member.join();
}

void ThreadTeam::run(int threads, const Work& work) {
  if (threads > 1) {
    std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    if (turn.owns_lock()) {
      run_locked(threads, work);
      return;
    }
  }
  work(0, 1);
}

void ThreadTeam::run_when_free(int threads, const Work& work) {
  if (threads <= 1) {
    work(0, 1);
    return;
  }
  std::lock_guard<std::mutex> turn(turn_);
  run_locked(threads, work);
}

void ThreadTeam::run_locked(int threads, const Work& work) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    // When the system refuses a thread, the team is smaller. The results are the same.
    while (static_cast<int>(members_.size()) < threads - 1) {
      const int id = static_cast<int>(members_.size()) + 1;
      try {
        members_.emplace_back([this, id] { member_loop(id); });
      } catch (const std::system_error&) {
        break;
      }
    }
    work_ = &work;
    count_ = std::min(threads, static_cast<int>(members_.size()) + 1);
    running_.store(count_ - 1);
    generation_.fetch_add(1);
  }
  wake_.notify_all();
  work(0, count_);
  for (int spin = 0; running_.load(std::memory_order_acquire) != 0; ++spin) {
    if (spin < kSpins) {
      spin_pause();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadTeam::member_loop(int id) {
  unsigned seen = 0;
  for (;;) {
    for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen; ++spin) spin_pause();
    const Work* work;
    int count;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return closing_.load() || generation_.load() != seen; });
      if (closing_.load()) return;
      seen = generation_.load();
      work = work_;
      count = count_;
    }
    if (id >= count) continue;
    (*work)(id, count);
    running_.fetch_sub(1, std::memory_order_release);
  }
}

bool ThreadTeam::open_queue() {
  std::lock_guard<std::mutex> lock(queue_mutex_);
  if (queue_thread_.joinable()) return true;
  try {
    queue_thread_ = std::thread([this] { queue_loop(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void ThreadTeam::submit(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    queue_.push_back(std::move(job));
  }
  queue_wake_.notify_one();
}

void ThreadTeam::queue_loop() {
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(queue_mutex_);
      queue_wake_.wait(lock, [&] { return queue_closing_ || !queue_.empty(); });
      if (queue_.empty()) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    job();
  }
}

std::shared_ptr<ThreadTeam> shared_thread_team() {
  static std::mutex mutex;
  static std::weak_ptr<ThreadTeam> current;
  std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<ThreadTeam> team = current.lock();
  if (!team) {
    team = std::make_shared<ThreadTeam>();
    current = team;
  }
  return team;
}

}  // namespace bptt
