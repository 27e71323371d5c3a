#include "kernels/dispatch.h"

#include <algorithm>
#include <mutex>

#include "base/cpu_features.h"
#include "kernels/operations.h"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <dlfcn.h>
#endif

extern "C" const BpttKernelTable* bptt_kernels_baseline(void);

namespace bptt {

namespace {

#if defined(_WIN32)
// Paths are wide: the folder may have letters that the code page of the system lacks.
std::wstring module_directory() {
  HMODULE self = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                     reinterpret_cast<LPCWSTR>(&module_directory), &self);
  std::wstring file(32768, L'\0');  // the longest path that Windows has
  file.resize(GetModuleFileNameW(self, file.data(), static_cast<DWORD>(file.size())));
  const size_t end = file.find_last_of(L"/\\");
  return end == std::wstring::npos ? L"" : file.substr(0, end + 1);
}
#else
// The folder that holds this addon, with a separator at its end.
std::string module_directory() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&module_directory), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string file(info.dli_fname);
  const size_t end = file.find_last_of('/');
  return end == std::string::npos ? "" : file.substr(0, end + 1);
}
#endif

// Keeps this addon in memory until the process ends. Without it the end of the only worker thread that uses the addon
// unloads it, and each load anew costs what the C++ runtime in it never gives back: about 75 KB.
void stay_loaded() {
#if defined(_WIN32)
  HMODULE self = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<LPCWSTR>(&stay_loaded), &self);
#else
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&stay_loaded), &info) != 0 && info.dli_fname != nullptr)
    dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

// The table of the module for `isa`, or null with the reason. The module stays open until the process ends.
const BpttKernelTable* open_module(const std::string& isa, std::string* reason) {
  const std::string name = "bptt-kernels-" + isa + BPTT_MODULE_SUFFIX;
#if defined(_WIN32)
  // The name is ASCII.
  HMODULE handle = LoadLibraryW((module_directory() + std::wstring(name.begin(), name.end())).c_str());
  if (handle == nullptr) {
    *reason = "cannot open " + name + " beside the addon: error " + std::to_string(GetLastError());
    return nullptr;
  }
  auto entry = reinterpret_cast<BpttKernelEntry>(GetProcAddress(handle, "bptt_kernels_v1"));
#else
  const std::string path = module_directory() + name;
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* error = dlerror();
    *reason = error == nullptr ? "cannot open " + path : error;
    return nullptr;
  }
  auto entry = reinterpret_cast<BpttKernelEntry>(dlsym(handle, "bptt_kernels_v1"));
#endif
  if (entry == nullptr) {
    *reason = name + " has no symbol bptt_kernels_v1";
    return nullptr;
  }
  const BpttKernelTable* table = entry();
  if (table->abi != BPTT_KERNEL_ABI || table->operations_fingerprint != kOperationsFingerprint || isa != table->isa) {
    *reason = name + " belongs to another version";
    return nullptr;
  }
  return table;
}

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::string joined(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : ", ") + item;
  return text;
}

}  // namespace

Status choose_kernels(const std::string& wanted, Dispatch* dispatch) {
  static std::mutex mutex;
  static Dispatch chosen;
  std::lock_guard<std::mutex> lock(mutex);
  if (chosen.table != nullptr) {
    if (wanted != "auto" && wanted != chosen.table->isa) {
      return Status::error("isa_unsupported", "instruction set " + wanted +
                                                  " was asked for, but this process already uses " + chosen.table->isa);
    }
    *dispatch = chosen;
    return Status::ok();
  }
  const BpttKernelTable* baseline = bptt_kernels_baseline();
  Dispatch candidate;
  candidate.supported.push_back(baseline->isa);
  const CpuFeatures features = cpu_features();
  if (features.avx2) candidate.supported.push_back("avx2");
  if (features.avx512) candidate.supported.push_back("avx512");
  if (wanted != "auto" && !contains(candidate.supported, wanted)) {
    return Status::error(
        "isa_unsupported",
        "instruction set " + wanted + " is unknown or not supported here; supported: " + joined(candidate.supported));
  }
  for (auto isa = candidate.supported.rbegin(); isa != candidate.supported.rend() && candidate.table == nullptr;
       ++isa) {
    if (wanted != "auto" && *isa != wanted) continue;
    if (*isa == baseline->isa) {
      candidate.table = baseline;
      break;
    }
    std::string reason;
    candidate.table = open_module(*isa, &reason);
    if (candidate.table == nullptr && wanted != "auto") return Status::error("isa_unsupported", reason);
    if (candidate.table == nullptr && candidate.note.empty()) candidate.note = reason;
  }
  stay_loaded();
  candidate.tables = {candidate.table};
  if (candidate.table != baseline) candidate.tables.push_back(baseline);
  chosen = candidate;
  *dispatch = chosen;
  return Status::ok();
}

}  // namespace bptt
