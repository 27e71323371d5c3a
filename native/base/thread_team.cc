#include "base/thread_team.h"

#include <algorithm>
#include <system_error>

#include "base/barrier.h"

namespace bptt {

namespace {
// About 50 microseconds. This is long enough to meet the next instruction of a training step, and short enough that an
// idle process uses no processor time.
constexpr int kSpins = 4000;

// Jobs of the queue that run at the same time, at most. With fewer processors than four the system divides them, so
// that a short job need not wait for the end of long ones of other models.
size_t most_workers() {
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 4, 16);
}
}  // namespace

ThreadTeam::~ThreadTeam() {
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    queue_closing_ = true;
  }
  queue_wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
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
  return !workers_.empty() || add_worker();
}

bool ThreadTeam::add_worker() {
  try {
    workers_.emplace_back([this] { queue_loop(); });
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void ThreadTeam::submit(std::function<void()> job, bool uses_members) {
  {
    std::lock_guard<std::mutex> lock(queue_mutex_);
    queue_.push_back({std::move(job), uses_members});
    const bool may_begin = !uses_members || !members_in_use_;
    // When the system refuses a thread, those that are there do the job later.
    if (may_begin && queue_.size() > idle_workers_ && workers_.size() < most_workers()) add_worker();
  }
  queue_wake_.notify_one();
}

std::deque<ThreadTeam::Queued>::iterator ThreadTeam::next_job() {
  return std::find_if(queue_.begin(), queue_.end(),
                      [&](const Queued& queued) { return !queued.uses_members || !members_in_use_; });
}

void ThreadTeam::queue_loop() {
  std::unique_lock<std::mutex> lock(queue_mutex_);
  for (;;) {
    const auto next = next_job();
    if (next == queue_.end()) {
      if (queue_closing_ && queue_.empty()) return;
      ++idle_workers_;
      queue_wake_.wait(lock);
      --idle_workers_;
      continue;
    }
    Queued queued = std::move(*next);
    queue_.erase(next);
    if (queued.uses_members) members_in_use_ = true;
    lock.unlock();
    queued.job();
    queued.job = nullptr;  // what it holds may take time to free
    lock.lock();
    if (!queued.uses_members) continue;
    members_in_use_ = false;
    queue_wake_.notify_all();
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
