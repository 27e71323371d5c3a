// The interface between the addon and src/native/addon.ts.
#pragma once

namespace bptt {

// Counts up with every change of a function, a class or an argument of the addon, as `interfaceVersion` of
// src/native/addon.ts does: an addon and a library of different interfaces refuse each other. Operations and the form
// of programs are no part of it, they have a fingerprint and a version of their own.
inline constexpr int kInterfaceVersion = 1;

}  // namespace bptt
