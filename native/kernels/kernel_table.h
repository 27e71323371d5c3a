// The plain C interface between the program and a kernel module. A module is compiled for one instruction set and
// exports one function, which returns its table. Only these structures cross the boundary: no C++ object, no memory
// that the other side must free, no exception.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Changes whenever a structure below changes; operations.def has a fingerprint.
#define BPTT_KERNEL_ABI 8u

// One time axis of the batch: packed rows, sequences sorted by length.
typedef struct BpttAxis {
  int64_t steps;               // T
  int64_t batch;               // B = batch_sizes[0]
  int64_t rows;                // N = sum of batch_sizes
  const int32_t* batch_sizes;  // [T] sequences alive at each step, non-increasing
  const int64_t* offsets;      // [T+1] first row of each step
  const int32_t* samples;      // [B] the sample of each sequence; two axes are matched by samples
  const int32_t* places;       // [B] for a sample, its sequence; only where samples are a permutation of 0..B-1
} BpttAxis;

// One operand, row-major; `data` is null for an absent operand.
typedef struct BpttOperand {
  void* data;
  int64_t rows;
  int64_t columns;
  int64_t stride;  // elements from row to row: `columns`, or more where the signature allows some columns of a matrix
} BpttOperand;

// The calling thread's place among the threads that execute the same kernel.
typedef struct BpttTeam {
  int32_t id;
  int32_t count;
  void* context;
  // Waits for all threads; returns non-zero when the kernel must return at once (cancelled).
  int32_t (*barrier)(void* context);
} BpttTeam;

typedef struct BpttCall {
  const BpttOperand* operands;  // in the order of the signature
  const double* attributes;     // in the order of operations.def
  const BpttAxis* axis;         // the axis of N and B, or null
  const BpttAxis* other;        // the axis of M and E, or null; its samples are a permutation that has all of `axis`
  void* shared_scratch;         // one for all threads of the call
  void* thread_scratch;         // one for each thread
  const BpttTeam* team;
} BpttCall;

// Scratch memory that a call needs at most, in bytes.
typedef struct BpttScratch {
  int64_t shared;
  int64_t per_thread;
} BpttScratch;

typedef void (*BpttKernel)(const BpttCall* call);
// `operands`, `axis` and `other` (null when there is none) hold the capacities here; absent operands have null `data`.
typedef BpttScratch (*BpttScratchSize)(const BpttOperand* operands, const BpttAxis* axis, const BpttAxis* other);

// Types that kernels are compiled for: of arithmetic, of packed weights, and of activations. Codes of storage.h.
typedef struct BpttKernelTypes {
  int32_t compute;
  int32_t weights;
  int32_t activations;
  // Numbers of the weights' storage that [inputs, outputs] weights take when they are packed for `gates` gates.
  int64_t (*packed_size)(int64_t inputs, int64_t outputs, int32_t gates);
} BpttKernelTypes;

typedef struct BpttOperation {
  const char* name;
  const BpttKernel* kernel;        // for each of the table's types
  const BpttScratchSize* scratch;  // the same; null where it needs none
} BpttOperation;

typedef struct BpttKernelTable {
  uint32_t abi;
  uint32_t operation_count;
  uint64_t operations_fingerprint;  // of the rows that the kernels were compiled with
  const char* isa;                  // "sse2", "avx2", "avx512", "neon", "generic"
  const char* eigen_version;
  int32_t type_count;
  const BpttKernelTypes* types;
  const BpttOperation* operations;
} BpttKernelTable;

typedef const BpttKernelTable* (*BpttKernelEntry)(void);

#ifdef __cplusplus
}
#endif
