// The flat form of a program as TypeScript passes it to C++ (src/program/emit.ts writes it).
//
//   header        magic, version, compute type (a storage code), axes, values, instructions, prepare_end, commit_begin
//   axis          capacity of steps (T), sequences (B), rows (N)
//   value         block, offset in 64-byte units, type, storage, extent kind of the rows, rows or axis, columns,
//                 low, high, columns of the matrix that it is or is part of, and its first one there
//                 parts of a matrix are of the real type
//                 storage: how its numbers lie in memory (kernels/storage.h); real ones as the compute
//                 type says, or as kernels for activations stored so read them
//                 int32: valid entries are low..high-1, or anything when low == high; packed: low = gates
//   instruction   opcode, operands (value index or -1) in the order of the row, first attribute
//
// Instructions before prepare_end depend only on the parameters. An execution may skip them when the parameters have
// not changed. From commit_begin on an execution cannot be cancelled.
#pragma once

#include <cstdint>

namespace bptt {

struct Format {
#define BPTT_FORMAT(name, number) static constexpr int32_t name = number;
#include "program/format.def"
#undef BPTT_FORMAT
};

}  // namespace bptt
