// The threads of the process: one team, shared by all models. A run is carried out by several members at once, each
// executing the same work with its own number (single program, multiple data); the caller is member 0.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bptt {

class ThreadTeam {
 public:
  using Work = std::function<void(int id, int count)>;

  ThreadTeam() = default;
  // Finishes the queued jobs and joins all threads.
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  // Runs `work` on `threads` members including the caller, and returns when all are done. When the team is already
  // working for another caller, the caller works alone, with count 1: nobody waits, and results do not depend on it.
  void run(int threads, const Work& work);

  // Like `run`, but waits its turn for the members.
  void run_when_free(int threads, const Work& work);

  // Puts a job at the end of the queue; jobs run one after another on a thread of the team's own.
  void submit(std::function<void()> job);

 private:
  void run_locked(int threads, const Work& work);
  void member_loop(int id);
  void queue_loop();

  std::mutex turn_;  // held by whoever uses the members

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> members_;
  const Work* work_ = nullptr;
  int count_ = 0;
  std::atomic<unsigned> generation_{0};
  std::atomic<int> running_{0};
  std::atomic<bool> closing_{false};

  std::mutex queue_mutex_;
  std::condition_variable queue_wake_;
  std::deque<std::function<void()>> queue_;
  std::thread queue_thread_;
  bool queue_closing_ = false;
};

// The team of this process, made on first use; it ends with its last owner, so that unloading the library (the end of
// a worker thread) leaves no thread behind in unmapped code.
std::shared_ptr<ThreadTeam> shared_thread_team();

constexpr int kMaxThreads = 256;

}  // namespace bptt
