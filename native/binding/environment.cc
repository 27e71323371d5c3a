#include "binding/environment.h"

#include "binding/program_object.h"

namespace bptt {

bool Job::work() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (state_ == kAbandoned) return false;
    state_ = kWorking;
  }
  work_(*this);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    state_ = kDone;
  }
  changed_.notify_all();
  return true;
}

void Job::abandon() {
  cancelled.store(true);
  std::unique_lock<std::mutex> lock(mutex_);
  if (state_ == kQueued) state_ = kAbandoned;
  changed_.wait(lock, [&] { return state_ != kWorking; });
  finish_ = nullptr;
}

bool Gate::post(std::shared_ptr<Job> job) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closed_) return false;
  auto* data = new std::shared_ptr<Job>(std::move(job));
  if (napi_call_threadsafe_function(function, data, napi_tsfn_nonblocking) == napi_ok) return true;
  delete data;
  return false;
}

void Gate::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
}

Environment::Environment(Napi::Env env)
    : programs(std::make_shared<ProgramList>()), team_(shared_thread_team()), gate_(std::make_shared<Gate>()) {
  // The finalizer owns a share of the gate: it may outlive this object.
  auto* held = new std::shared_ptr<Gate>(gate_);
  const auto finalize = [](napi_env, void* data, void*) {
    auto* gate = static_cast<std::shared_ptr<Gate>*>(data);
    (*gate)->close();
    delete gate;
  };
  napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "bptt"), 0, 1, held, finalize, this,
                                  &Environment::call_js, &gate_->function);
  napi_unref_threadsafe_function(env, gate_->function);
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<Environment*>(self)->shut_down(); }, this);
}

Environment::~Environment() = default;

std::shared_ptr<Job> Environment::start(Napi::Env env, bool uses_members, std::function<void(Job&)> work,
                                        std::function<void(Napi::Env, bool)> finish) {
  auto job = std::make_shared<Job>(std::move(work), std::move(finish));
  if (jobs_.empty()) napi_ref_threadsafe_function(env, gate_->function);
  jobs_.insert(job);
  const auto run = [job, gate = gate_] {
    if (job->work()) gate->post(job);
  };
  team_->submit(run, uses_members);
  return job;
}

void Environment::call_js(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<std::shared_ptr<Job>> job(static_cast<std::shared_ptr<Job>*>(data));
  if (env == nullptr) return;  // the environment is ending
  auto* self = static_cast<Environment*>(context);
  self->jobs_.erase(*job);
  if (self->jobs_.empty()) napi_unref_threadsafe_function(env, self->gate_->function);
  (*job)->finish(Napi::Env(env));
}

void Environment::shut_down() {
  gate_->close();
  for (const std::shared_ptr<Job>& job : jobs_) job->abandon();
  jobs_.clear();
  team_.reset();
}

}  // namespace bptt
