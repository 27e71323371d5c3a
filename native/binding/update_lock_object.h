// The JavaScript class UpdateLock: keeps readers of a model's parameters and the update of a training step apart.
#pragma once

#include <memory>

#include "base/update_lock.h"
#include "binding/napi_setup.h"

namespace bptt {

class UpdateLockObject : public Napi::ObjectWrap<UpdateLockObject> {
 public:
  static Napi::Function define(Napi::Env env);
  // The lock of an object of this class; null for any other value.
  static std::shared_ptr<UpdateLock> lock_of(const Napi::Value& value);

  // new UpdateLock()
  explicit UpdateLockObject(const Napi::CallbackInfo& info);

 private:
  // enter(): void        a reader begins; blocks while an update is being written
  Napi::Value enter(const Napi::CallbackInfo& info);
  // leave(): void        a reader ends
  Napi::Value leave(const Napi::CallbackInfo& info);
  // updates(): number    updates that have begun
  Napi::Value updates(const Napi::CallbackInfo& info);

  std::shared_ptr<UpdateLock> lock_ = std::make_shared<UpdateLock>();
};

}  // namespace bptt
