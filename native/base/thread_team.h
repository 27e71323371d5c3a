// The threads of the process: one team, shared by all models. Several members carry out an execution at the same time.
// Each member does the same work with its own number (single program, multiple data). The caller is member 0.
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

  // Runs `work` on `threads` members including the caller, and returns when all have finished. When another caller uses
  // the team, this caller works alone, with count 1. So nobody waits, and the results do not depend on the number of
  // members.
  void run(int threads, const Work& work);

  // Like `run`, but waits until the members are free.
  void run_when_free(int threads, const Work& work);

  // Starts a thread that works on the queue, if there is none. Returns false when the system gives no thread.
  bool open_queue();

  // Puts a job at the end of the queue, which must be open; jobs run on threads of the team's own. Those that use the
  // members (`run_when_free` with more than one thread) run one after another, in their order. Jobs of one thread do
  // not wait for them: a few run beside them and beside each other, the first of the queue first.
  void submit(std::function<void()> job, bool uses_members);

 private:
  void run_locked(int threads, const Work& work);
  void member_loop(int id);
  void queue_loop();
  bool add_worker();  // of the queue, whose mutex is locked

  struct Queued {
    std::function<void()> job;
    bool uses_members;
  };
  // The first job that may begin now, or the end of the queue.
  std::deque<Queued>::iterator next_job();

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
  std::deque<Queued> queue_;
  std::vector<std::thread> workers_;
  size_t idle_workers_ = 0;
  bool members_in_use_ = false;  // by a job of the queue
  bool queue_closing_ = false;
};

// The team of this process. The first use creates it and its last owner ends it. So unloading the library (at the end
// of a worker thread) leaves no thread in unmapped code.
std::shared_ptr<ThreadTeam> shared_thread_team();

constexpr int kMaxThreads = 256;

}  // namespace bptt
