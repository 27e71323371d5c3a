// The functions of the addon; src/native/addon.ts mirrors them one to one.
#include <set>

#include "base/alignment.h"
#include "base/thread_team.h"
#include "binding/environment.h"
#include "binding/interface.h"
#include "binding/napi_setup.h"
#include "binding/program_object.h"
#include "binding/update_lock_object.h"
#include "kernels/operations.h"
#include "kernels/storage.h"
#include "program/probe.h"

namespace bptt {

namespace {

// configure(isa: string): void      the first successful call decides for the process
Napi::Value configure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string isa = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "auto";
  const Status status = choose_kernels(isa, &Environment::of(env).dispatch);
  if (!status.is_ok()) throw coded_error(env, status.code(), status.message());
  return env.Undefined();
}

const Dispatch& configured(const Napi::CallbackInfo& info) {
  const Dispatch& dispatch = Environment::of(info.Env()).dispatch;
  if (dispatch.table == nullptr) throw coded_error(info.Env(), "native_failed", "configure() has not been called");
  return dispatch;
}

// info(): { version, isa, supported, note, eigen }
Napi::Value describe(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Dispatch& dispatch = configured(info);
  Napi::Object result = Napi::Object::New(env);
  result.Set("version", BPTT_VERSION);
  result.Set("isa", dispatch.table->isa);
  result.Set("eigen", dispatch.table->eigen_version);
  result.Set("note", dispatch.note);
  Napi::Array supported = Napi::Array::New(env);
  for (const std::string& isa : dispatch.supported) supported.Set(supported.Length(), isa);
  result.Set("supported", supported);
  return result;
}

// operationsFingerprint(): string      a hash of the rows of operations.def of this build
Napi::Value operations_fingerprint(const Napi::CallbackInfo& info) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[(kOperationsFingerprint >> shift) & 15];
  return Napi::String::New(info.Env(), text);
}

// Calls visit(types) for all types that there are kernels for; those of a later table are used where an earlier one
// does not compute in their type.
template <typename Visit>
void for_kernel_types(const Dispatch& dispatch, Visit visit) {
  std::set<int32_t> known;
  for (const BpttKernelTable* table : dispatch.tables) {
    const std::set<int32_t> before = known;
    for (int32_t t = 0; t < table->type_count; ++t) {
      const BpttKernelTypes& types = table->types[t];
      if (before.count(types.compute) == 0) visit(types);
      known.insert(types.compute);
    }
  }
}

// kernelTypes(): { compute, weights, activations }[]      storages that kernels are there for
Napi::Value kernel_types(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array result = Napi::Array::New(env);
  for_kernel_types(configured(info), [&](const BpttKernelTypes& types) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("compute", name_of(static_cast<Storage>(types.compute)));
    entry.Set("weights", name_of(static_cast<Storage>(types.weights)));
    entry.Set("activations", name_of(static_cast<Storage>(types.activations)));
    result.Set(result.Length(), entry);
  });
  return result;
}

// packedSize(inputs, outputs, gates, compute, weights): number      numbers of the storage `weights` that packed
// weights take
Napi::Value packed_size(const Napi::CallbackInfo& info) {
  const int64_t inputs = info[0].ToNumber().Int64Value();
  const int64_t outputs = info[1].ToNumber().Int64Value();
  const int32_t gates = info[2].ToNumber().Int32Value();
  const std::string compute = info[3].ToString().Utf8Value(), weights = info[4].ToString().Utf8Value();
  constexpr int64_t kLimit = 1 << 24;
  if (inputs < 1 || outputs < 1 || inputs > kLimit || outputs > kLimit || gates < 1 || gates > 4 ||
      outputs % gates != 0) {
    throw coded_error(info.Env(), "invalid_program",
                      "cannot pack " + std::to_string(inputs) + " by " + std::to_string(outputs) + " weights for " +
                          std::to_string(gates) + " gates");
  }
  int64_t size = -1;
  for_kernel_types(configured(info), [&](const BpttKernelTypes& types) {
    if (size < 0 && compute == name_of(static_cast<Storage>(types.compute)) &&
        weights == name_of(static_cast<Storage>(types.weights))) {
      size = types.packed_size(inputs, outputs, gates);
    }
  });
  if (size >= 0) return Napi::Number::New(info.Env(), static_cast<double>(size));
  throw coded_error(info.Env(), "invalid_program",
                    "there are no kernels that compute in " + compute + " with weights stored in " + weights);
}

// misalignment(bytes: Uint8Array): number      address of the first byte modulo 64
Napi::Value misalignment(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) throw coded_error(info.Env(), "invalid_program", "misalignment takes a Uint8Array");
  const auto address = reinterpret_cast<uintptr_t>(info[0].As<Napi::Uint8Array>().Data());
  return Napi::Number::New(info.Env(), static_cast<double>(address % kAlignment));
}

// probe(values: Float32Array | Float64Array): { norm, low, high, nonFinite, firstNonFinite }
Napi::Value probe_array(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray())
    throw coded_error(env, "invalid_program", "probe takes a Float32Array or a Float64Array");
  const Napi::TypedArray array = info[0].As<Napi::TypedArray>();
  const int64_t count = static_cast<int64_t>(array.ElementLength());
  Probe result;
  if (array.TypedArrayType() == napi_float32_array) {
    result = probe(info[0].As<Napi::Float32Array>().Data(), count);
  } else if (array.TypedArrayType() == napi_float64_array) {
    result = probe(info[0].As<Napi::Float64Array>().Data(), count);
  } else {
    throw coded_error(env, "invalid_program", "probe takes a Float32Array or a Float64Array");
  }
  Napi::Object object = Napi::Object::New(env);
  object.Set("norm", result.norm);
  object.Set("low", result.low);
  object.Set("high", result.high);
  object.Set("nonFinite", static_cast<double>(result.non_finite));
  object.Set("firstNonFinite", static_cast<double>(result.first_non_finite));
  return object;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment(env);
  env.SetInstanceData<Environment>(environment);
  exports.Set("interfaceVersion", Napi::Number::New(env, kInterfaceVersion));
  exports.Set("configure", Napi::Function::New(env, configure, "configure"));
  exports.Set("info", Napi::Function::New(env, describe, "info"));
  exports.Set("operationsFingerprint", Napi::Function::New(env, operations_fingerprint, "operationsFingerprint"));
  exports.Set("kernelTypes", Napi::Function::New(env, kernel_types, "kernelTypes"));
  exports.Set("packedSize", Napi::Function::New(env, packed_size, "packedSize"));
  exports.Set("misalignment", Napi::Function::New(env, misalignment, "misalignment"));
  exports.Set("probe", Napi::Function::New(env, probe_array, "probe"));
  exports.Set("Program", ProgramObject::define(env));
  exports.Set("UpdateLock", UpdateLockObject::define(env));
  return exports;
}

}  // namespace

}  // namespace bptt

Napi::Object initialize_addon(Napi::Env env, Napi::Object exports) {
  return bptt::initialize(env, exports);
}

NODE_API_MODULE(bptt, initialize_addon)
