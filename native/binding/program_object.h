// The JavaScript class Program: a loaded program and the memory blocks that it works on.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "binding/environment.h"
#include "binding/napi_setup.h"
#include "program/program.h"

namespace bptt {

// An Error with `code`, ready to be thrown.
Napi::Error coded_error(Napi::Env env, const std::string& code, const std::string& message);

class ProgramObject;

// The program objects of an environment. Node finalizes collected objects when the event loop turns; a synchronous loop
// that makes and drops models would keep all their programs. So those who make a program now and then free the others
// that have been collected.
class ProgramList {
 public:
  void add(ProgramObject* object);
  void remove(ProgramObject* object) { objects_.erase(object); }

 private:
  std::set<ProgramObject*> objects_;
  size_t limit_ = 64;
};

class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env);

  // new Program(words: Int32Array, attributes: Float64Array, blocks: Uint8Array[], threads: number, grain?: number,
  //   lock?: UpdateLock, allocate?: (bytes: number) => Uint8Array)
  // The blocks, and the scratch memory that `allocate` gives, must be on SharedArrayBuffers: these cannot be detached
  // or resized while a thread works on them. Without `allocate` the scratch memory is native.
  explicit ProgramObject(const Napi::CallbackInfo& info);
  ~ProgramObject() override;

  // Frees the program if JavaScript can no longer reach this object. Returns whether it cannot.
  bool free_if_collected();

 private:
  // execute(batchSizes: Int32Array[], first: number, samples?: (Int32Array | null)[]): void
  //   on the calling thread and the team; samples: for each axis the samples of its sequences, null: their own numbers
  Napi::Value execute(const Napi::CallbackInfo& info);
  // start(batchSizes: Int32Array[], first: number, done: (cancelled: boolean) => void, samples?): void
  //   off the event loop
  Napi::Value start(const Napi::CallbackInfo& info);
  // cancel(): void      the execution under way, if any, ends before it changes a parameter
  Napi::Value cancel(const Napi::CallbackInfo& info);
  // dispose(): void     no execution follows; the memory is free when this object is no longer reachable
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value scratch_bytes(const Napi::CallbackInfo& info);

  // Checks the arguments and the indices. Afterwards the program is marked as executing. Throws.
  int64_t begin(const Napi::CallbackInfo& info, size_t samples_argument);

  std::shared_ptr<Program> program_;
  std::weak_ptr<Job> job_;
  std::shared_ptr<ProgramList> list_;
};

}  // namespace bptt
