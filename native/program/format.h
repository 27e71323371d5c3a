// The flat form in which TypeScript hands over a program (src/graph/emit.ts writes it).
//
//   header        kMagic, kVersion, type (0 float, 1 double), axes, values, instructions, prepare_end, commit_begin
//   axis          capacity of steps (T), sequences (B), rows (N)
//   value         block, offset in 64-byte units, type, extent kind of the rows, rows or axis, columns, low, high,
//                   columns of the matrix that it is or is part of, and its first one there; parts are of the real type
//                   int32: valid entries are low..high-1, or anything when low == high; packed: low = gates
//   instruction   opcode, operands (value index or -1) in the order of the signature, first attribute
//
// Instructions before prepare_end depend on the parameters alone and may be left out of a run when those have not
// changed; from commit_begin on a run can no longer be cancelled.
#pragma once

#include <cstdint>

namespace bptt {

constexpr int32_t kProgramMagic = 0x54505042;  // "BPPT"
constexpr int32_t kProgramVersion = 2;
constexpr int kHeaderWords = 8;
constexpr int kAxisWords = 3;
constexpr int kValueWords = 10;

}  // namespace bptt
