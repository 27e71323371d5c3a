# Every C++ source, by folder, relative to this file. A file that is not listed here is not built.

set(BPTT_BASE_SOURCES
  base/barrier.cc
  base/cpu_features.cc
  base/thread_team.cc
  base/update_lock.cc
)

# In the addon and in each kernel module, where glibc is the C library.
set(BPTT_GLIBC_FLOOR_SOURCES
  base/glibc_floor.cc
)

# Compiled once per instruction set.
set(BPTT_KERNEL_SOURCES
  kernels/generic/attention/additive_attention.cc
  kernels/generic/attention/attention.cc
  kernels/generic/cells/gru.cc
  kernels/generic/cells/gru_reset_before.cc
  kernels/generic/cells/lstm.cc
  kernels/generic/cells/lstm_backward.cc
  kernels/generic/cells/recurrent_weights.cc
  kernels/generic/cells/rnn.cc
  kernels/generic/losses/ctc.cc
  kernels/generic/losses/losses.cc
  kernels/generic/losses/penalties.cc
  kernels/generic/losses/softmax.cc
  kernels/generic/products/convolution.cc
  kernels/generic/products/linear.cc
  kernels/generic/products/packing.cc
  kernels/generic/rows/batch_normalization.cc
  kernels/generic/rows/columns.cc
  kernels/generic/rows/combine.cc
  kernels/generic/rows/dropout.cc
  kernels/generic/rows/elementwise.cc
  kernels/generic/rows/embedding.cc
  kernels/generic/rows/normalization.cc
  kernels/generic/rows/random_mask.cc
  kernels/generic/rows/sums.cc
  kernels/generic/rows/time.cc
  kernels/generic/rows/two_axes.cc
  kernels/generic/rows/unary.cc
  kernels/generic/rows/updates.cc
  kernels/generic/table.cc
)

set(BPTT_PROGRAM_SOURCES
  kernels/dispatch.cc
  kernels/row.cc
  program/probe.cc
  program/program.cc
  program/reader.cc
  program/rules.cc
  program/signature.cc
  program/work.cc
)

set(BPTT_BINDING_SOURCES
  binding/addon.cc
  binding/environment.cc
  binding/program_object.cc
  binding/update_lock_object.cc
)
