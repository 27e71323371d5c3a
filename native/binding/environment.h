// What the addon keeps for each JavaScript environment (the main thread and every worker thread has its own): the
// threads, the kernels, and the executions that are not finished. So after the end of an environment no thread works on
// memory that has been freed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "base/thread_team.h"
#include "binding/napi_setup.h"
#include "kernels/dispatch.h"

namespace bptt {

// One asynchronous execution. It is first queued, then working, then done. An environment that ends abandons a queued
// job and waits for a working one.
class Job {
 public:
  Job(std::function<void(Job&)> work, std::function<void(Napi::Env, bool)> finish)
      : work_(std::move(work)), finish_(std::move(finish)) {}

  std::atomic<bool> cancelled{false};

  // On a thread of the team. Returns false when the job was abandoned.
  bool work();
  // On the JavaScript thread, once, after work. This call releases what `finish` holds: the job itself may be destroyed
  // on a thread of the team, and JavaScript references must not be touched there.
  void finish(Napi::Env env) {
    const std::function<void(Napi::Env, bool)> finish = std::move(finish_);
    finish_ = nullptr;
    finish(env, cancelled_in_time);
  }
  // On the JavaScript thread, when the environment ends. Afterwards no thread works on the job, and the job holds no
  // part of the environment.
  void abandon();

  bool cancelled_in_time = false;  // written by the work: the execution stopped before it changed anything

 private:
  enum State { kQueued, kWorking, kDone, kAbandoned };
  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = kQueued;
  std::function<void(Job&)> work_;
  std::function<void(Napi::Env, bool)> finish_;
};

// Calls back into the JavaScript thread. Node < 24.14 frees a thread-safe function at the end of its environment while
// other threads still hold it (nodejs/node 55706). So every use of it goes through this gate.
class Gate {
 public:
  bool post(std::shared_ptr<Job> job);
  void close();

  napi_threadsafe_function function = nullptr;

 private:
  std::mutex mutex_;
  bool closed_ = false;
};

class ProgramList;

class Environment {
 public:
  static Environment& of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  explicit Environment(Napi::Env env);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Queues an execution, which uses the members of the team or not; the queue of the team must be open. `work` happens
  // on a thread of the team, `finish(env, cancelled)` later on the JavaScript thread.
  std::shared_ptr<Job> start(Napi::Env env, bool uses_members, std::function<void(Job&)> work,
                             std::function<void(Napi::Env, bool)> finish);

  // Cancels all executions and waits until none is working.
  void shut_down();

  ThreadTeam& team() { return *team_; }

  Dispatch dispatch;
  const std::shared_ptr<ProgramList> programs;

 private:
  static void call_js(napi_env env, napi_value callback, void* context, void* data);

  std::shared_ptr<ThreadTeam> team_;
  std::shared_ptr<Gate> gate_;
  std::set<std::shared_ptr<Job>> jobs_;
};

}  // namespace bptt
