# Every C++ source, by folder, relative to this file. A file that is not listed here is not built.

set(BPTT_BASE_SOURCES
  base/barrier.cc
  base/cpu_features.cc
  base/thread_team.cc
)

# Compiled once per instruction set.
set(BPTT_KERNEL_SOURCES
  kernels/generic/additive_attention.cc
  kernels/generic/attention.cc
  kernels/generic/ctc.cc
  kernels/generic/dropout.cc
  kernels/generic/elementwise.cc
  kernels/generic/embedding.cc
  kernels/generic/gru.cc
  kernels/generic/gru_reset_before.cc
  kernels/generic/linear.cc
  kernels/generic/losses.cc
  kernels/generic/lstm.cc
  kernels/generic/lstm_backward.cc
  kernels/generic/normalization.cc
  kernels/generic/packing.cc
  kernels/generic/penalties.cc
  kernels/generic/random_mask.cc
  kernels/generic/recurrent_weights.cc
  kernels/generic/rnn.cc
  kernels/generic/table.cc
  kernels/generic/time.cc
  kernels/generic/two_axes.cc
  kernels/generic/updates.cc
)

set(BPTT_PROGRAM_SOURCES
  kernels/dispatch.cc
  program/probe.cc
  program/program.cc
  program/reader.cc
  program/signature.cc
  program/work.cc
)

set(BPTT_BINDING_SOURCES
  binding/addon.cc
  binding/environment.cc
  binding/program_object.cc
)
