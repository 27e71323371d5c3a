// Chooses the kernels for this processor. The baseline is part of the addon. Each wider instruction set is a separate
// module beside the addon, which is opened only if the processor has it. At most one module is open in a process. What
// a module has no kernels for, programs in float64, the baseline computes.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "kernels/kernel_table.h"

namespace bptt {

// Kernel tables, the preferred one first.
using KernelTables = std::vector<const BpttKernelTable*>;

struct Dispatch {
  const BpttKernelTable* table = nullptr;  // of the chosen instruction set
  KernelTables tables;                     // the same, and the baseline where it is another one
  std::vector<std::string> supported;      // instruction sets that this processor has, narrowest first
  std::string note;                        // why a wider set is not used although the processor has it; else empty
};

// `wanted` is "auto" or the name of an instruction set. The first successful call decides for the process; a later
// call that asks for another set is an error `isa_unsupported`.
Status choose_kernels(const std::string& wanted, Dispatch* dispatch);

}  // namespace bptt
