#include "binding/program_object.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "base/alignment.h"
#include "binding/update_lock_object.h"
#include "program/work.h"

namespace bptt {

Napi::Error coded_error(Napi::Env env, const std::string& code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

namespace {

Napi::Error invalid(Napi::Env env, const std::string& message) {
  return coded_error(env, "invalid_program", message);
}

bool is_typed_array(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

bool lies_on_shared_memory(Napi::Env env, const Napi::Value& array) {
  napi_value buffer = nullptr;
  bool is_array_buffer = true;
  napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &buffer, nullptr);
  napi_is_arraybuffer(env, buffer, &is_array_buffer);
  return !is_array_buffer;
}

// A Uint8Array on shared memory. Throws, with its name, for anything else.
Block shared_block(Napi::Env env, const Napi::Value& value, const std::string& name) {
  if (!is_typed_array(value, napi_uint8_array) || !lies_on_shared_memory(env, value))
    throw invalid(env, name + " is not a Uint8Array on a SharedArrayBuffer");
  Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), static_cast<int64_t>(bytes.ByteLength())};
}

template <typename T, typename Array>
std::vector<T> copy_of(const Napi::Value& value) {
  const Array array = value.As<Array>();
  return std::vector<T>(array.Data(), array.Data() + array.ElementLength());
}

bool is_absent(const Napi::Value& value) {
  return value.IsUndefined() || value.IsNull();
}

// The elements of an array: each is an Int32Array, or absent where this is allowed. JavaScript getters run only here. A
// getter might detach the buffer of another element, or dispose of the program. So pointers are taken afterwards.
std::vector<Napi::Value> int32_arrays(Napi::Env env, const Napi::Value& value, const char* what, bool may_be_absent) {
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t count = array.Length();
  std::vector<Napi::Value> elements;
  for (uint32_t e = 0; e < count; ++e) {
    const Napi::Value element = array[e];
    if (!is_typed_array(element, napi_int32_array) && !(may_be_absent && is_absent(element)))
      throw invalid(env, std::string(what) + " must be an Int32Array");
    elements.push_back(element);
  }
  return elements;
}

}  // namespace

Napi::Function ProgramObject::define(Napi::Env env) {
  return DefineClass(
      env, "Program",
      {InstanceMethod("execute", &ProgramObject::execute), InstanceMethod("start", &ProgramObject::start),
       InstanceMethod("cancel", &ProgramObject::cancel), InstanceMethod("dispose", &ProgramObject::dispose),
       InstanceMethod("scratchBytes", &ProgramObject::scratch_bytes)});
}

ProgramObject::ProgramObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProgramObject>(info) {
  const Napi::Env env = info.Env();
  const Environment& environment = Environment::of(env);
  if (environment.dispatch.table == nullptr)
    throw invalid(env, "configure() must be called before a program is loaded");
  if (!is_typed_array(info[0], napi_int32_array) || !is_typed_array(info[1], napi_float64_array) ||
      !info[2].IsArray() || !info[3].IsNumber()) {
    throw invalid(env, "Program takes an Int32Array, a Float64Array, an array of blocks and a thread count");
  }
  const int threads = info[3].As<Napi::Number>().Int32Value();
  const int64_t grain = info[4].IsNumber() ? info[4].As<Napi::Number>().Int64Value() : kDefaultGrain;
  if (grain < 0) throw invalid(env, "grain is " + std::to_string(grain) + ", expected 0 or more");
  if (threads < 1 || threads > kMaxThreads)
    throw invalid(env, "threads is " + std::to_string(threads) + ", expected 1 to " + std::to_string(kMaxThreads));
  const std::shared_ptr<UpdateLock> lock = UpdateLockObject::lock_of(info[5]);
  if (!is_absent(info[5]) && lock == nullptr) throw invalid(env, "the sixth argument of Program is not an UpdateLock");
  const Napi::Array given = info[2].As<Napi::Array>();
  const Napi::Array kept = Napi::Array::New(env);  // a copy, so that the caller cannot take a block out
  std::vector<Block> blocks;
  for (uint32_t b = 0; b < given.Length(); ++b) {
    const Napi::Value block = given[b];
    blocks.push_back(shared_block(env, block, "block " + std::to_string(b)));
    kept.Set(b, block);
  }
  const bool owns_scratch = !info[6].IsFunction();
  std::shared_ptr<Program> program;
  try {
    const Status status =
        Program::load(copy_of<int32_t, Napi::Int32Array>(info[0]), copy_of<double, Napi::Float64Array>(info[1]), blocks,
                      environment.dispatch.tables, threads, grain, &program, owns_scratch);
    if (!status.is_ok()) throw coded_error(env, status.code(), status.message());
    program->use_lock(lock);
  } catch (const std::bad_alloc&) {
    throw coded_error(env, "too_large",
                      "there is no memory for the scratch space of the program: make the batch or the layers smaller");
  }
  if (!owns_scratch && program->scratch_bytes() > 0) {
    const auto bytes = Napi::Number::New(env, static_cast<double>(program->scratch_bytes()));
    const Napi::Value scratch = info[6].As<Napi::Function>().Call({bytes});
    const Block block = shared_block(env, scratch, "scratch memory");
    if (block.bytes < program->scratch_bytes() || reinterpret_cast<uintptr_t>(block.data) % kAlignment != 0)
      throw invalid(env, "scratch memory is too small or not aligned to 64 bytes");
    program->use_scratch(block.data);
    kept.Set(kept.Length(), scratch);
  }
  // This object holds its memory by a property, which nobody can take away. A reference from here would keep the memory
  // until the object has been finalized, which Node puts off until the event loop turns: a synchronous loop that makes
  // and drops models would never free any.
  kept.Freeze();
  info.This().As<Napi::Object>().DefineProperty(
      Napi::PropertyDescriptor::Value(Napi::Symbol::New(env, "memory"), kept, napi_default));
  program_ = std::move(program);
  list_ = environment.programs;
  list_->add(this);
}

ProgramObject::~ProgramObject() {
  if (list_) list_->remove(this);
}

bool ProgramObject::free_if_collected() {
  if (!Value().IsEmpty()) return false;
  program_.reset();
  return true;
}

void ProgramList::add(ProgramObject* object) {
  if (objects_.size() >= limit_) {
    const Napi::HandleScope scope(object->Env());
    for (auto each = objects_.begin(); each != objects_.end();)
      each = (*each)->free_if_collected() ? objects_.erase(each) : std::next(each);
    limit_ = std::max<size_t>(64, 2 * objects_.size());
  }
  objects_.insert(object);
}

int64_t ProgramObject::begin(const Napi::CallbackInfo& info, size_t samples_argument) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray() || !info[1].IsNumber())
    throw invalid(env, "execute takes an array of Int32Array and an instruction number");
  const std::vector<Napi::Value> batch_sizes = int32_arrays(env, info[0], "batch sizes", false);
  std::vector<Napi::Value> samples(batch_sizes.size(), env.Null());
  if (!is_absent(info[samples_argument])) {
    if (!info[samples_argument].IsArray()) throw invalid(env, "samples must be an array of Int32Array");
    const size_t axes = info[samples_argument].As<Napi::Array>().Length();
    if (axes != batch_sizes.size()) {
      throw coded_error(
          env, "shape_mismatch",
          "samples of " + std::to_string(axes) + " axes, batch sizes of " + std::to_string(batch_sizes.size()));
    }
    samples = int32_arrays(env, info[samples_argument], "samples", true);
  }
  if (!program_) throw coded_error(env, "model_disposed", "the program has been disposed of");
  const int64_t first = info[1].As<Napi::Number>().Int64Value();
  if (first != 0 && first != program_->prepare_end()) {
    throw invalid(env, "an execution begins at instruction 0 or " + std::to_string(program_->prepare_end()) +
                           ", not at " + std::to_string(first));
  }
  std::vector<AxisSize> sizes;
  for (size_t a = 0; a < batch_sizes.size(); ++a) {
    const Napi::Int32Array array = batch_sizes[a].As<Napi::Int32Array>();
    sizes.push_back({array.Data(), static_cast<int64_t>(array.ElementLength()), nullptr, -1});
    if (is_absent(samples[a])) continue;
    const Napi::Int32Array given = samples[a].As<Napi::Int32Array>();
    sizes.back().samples = given.Data();
    sizes.back().sample_count = static_cast<int64_t>(given.ElementLength());
  }
  if (!program_->try_begin()) throw coded_error(env, "model_busy", "an execution of this program is under way");
  RunError error;
  if (!program_->prepare(sizes, &error)) {
    program_->end();
    Napi::Error refused = coded_error(env, error.status.code(), error.status.message());
    refused.Set("value", Napi::Number::New(env, error.value));
    refused.Set("axis", Napi::Number::New(env, error.axis));
    refused.Set("position", Napi::Number::New(env, static_cast<double>(error.position)));
    refused.Set("entry", Napi::Number::New(env, error.entry));
    throw refused;
  }
  return first;
}

Napi::Value ProgramObject::execute(const Napi::CallbackInfo& info) {
  const int64_t first = begin(info, 2);
  program_->execute(Environment::of(info.Env()).team(), first, nullptr, false);
  program_->end();
  return info.Env().Undefined();
}

Napi::Value ProgramObject::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[2].IsFunction()) throw invalid(env, "start takes a function to call at the end");
  Environment& environment = Environment::of(env);
  if (!environment.team().open_queue()) {
    throw coded_error(
        env, "no_thread",
        "the system gives this process no further thread: raise the limit on processes and threads (ulimit -u, the "
        "pids limit of a container); executions on the calling thread, such as predictSync, work without one");
  }
  const int64_t first = begin(info, 3);
  auto done = std::make_shared<Napi::FunctionReference>(Napi::Persistent(info[2].As<Napi::Function>()));
  // The object, and with it the memory blocks, stays alive while the execution is under way.
  Ref();
  job_ = environment.start(
      env, program_->uses_members(first),
      [program = program_, &team = environment.team(), first](Job& job) {
        job.cancelled_in_time = program->execute(team, first, &job.cancelled, true) == ExecutionResult::kCancelled;
        program->end();
      },
      [this, done](Napi::Env finish_env, bool cancelled) {
        Napi::HandleScope scope(finish_env);
        Unref();
        // Uses the plain C call, because nothing above catches a C++ exception, and an environment that is ending
        // refuses to execute JavaScript. An error that the callback throws becomes an uncaught exception.
        napi_value argument = Napi::Boolean::New(finish_env, cancelled), result = nullptr, thrown = nullptr;
        if (napi_make_callback(finish_env, nullptr, finish_env.Global(), done->Value(), 1, &argument, &result) ==
            napi_ok)
          return;
        bool is_pending = false;
        napi_is_exception_pending(finish_env, &is_pending);
        if (is_pending && napi_get_and_clear_last_exception(finish_env, &thrown) == napi_ok)
          napi_fatal_exception(finish_env, thrown);
      });
  return env.Undefined();
}

Napi::Value ProgramObject::cancel(const Napi::CallbackInfo& info) {
  if (const std::shared_ptr<Job> job = job_.lock()) job->cancelled.store(true);
  return info.Env().Undefined();
}

Napi::Value ProgramObject::dispose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (program_ && program_->is_running())
    throw coded_error(env, "model_busy", "an execution of this program is under way");
  program_.reset();
  return env.Undefined();
}

Napi::Value ProgramObject::scratch_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), program_ ? static_cast<double>(program_->scratch_bytes()) : 0.0);
}

}  // namespace bptt
