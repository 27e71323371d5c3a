#include "binding/update_lock_object.h"

namespace bptt {

namespace {
// Tells objects of this class from all others.
constexpr napi_type_tag kTag{0x62707474'75706474, 0x6c6f636b'00000001};
}  // namespace

Napi::Function UpdateLockObject::define(Napi::Env env) {
  return DefineClass(
      env, "UpdateLock",
      {InstanceMethod("enter", &UpdateLockObject::enter), InstanceMethod("leave", &UpdateLockObject::leave),
       InstanceMethod("updates", &UpdateLockObject::updates)});
}

std::shared_ptr<UpdateLock> UpdateLockObject::lock_of(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) return nullptr;
  return Unwrap(value.As<Napi::Object>())->lock_;
}

UpdateLockObject::UpdateLockObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<UpdateLockObject>(info) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

Napi::Value UpdateLockObject::enter(const Napi::CallbackInfo& info) {
  lock_->enter();
  return info.Env().Undefined();
}

Napi::Value UpdateLockObject::leave(const Napi::CallbackInfo& info) {
  lock_->leave();
  return info.Env().Undefined();
}

Napi::Value UpdateLockObject::updates(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(lock_->updates()));
}

}  // namespace bptt
