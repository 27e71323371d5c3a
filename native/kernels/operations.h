// Opcodes and the rows of operations.def as text. row.h parses the rows; kernels look up their operands here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bptt {

enum class Opcode : int {
#define BPTT_OPERATION(name, operands, attributes, clauses) name,
#include "kernels/operations.def"
#undef BPTT_OPERATION
  count
};

struct OperationText {
  std::string_view name;
  std::string_view operands;
  std::string_view attributes;
  std::string_view clauses;
};

inline constexpr OperationText kOperationTexts[] = {
#define BPTT_OPERATION(name, operands, attributes, clauses) {#name, operands, attributes, clauses},
#include "kernels/operations.def"
#undef BPTT_OPERATION
};

constexpr const OperationText& text_of(Opcode code) {
  return kOperationTexts[static_cast<size_t>(code)];
}

// Takes the part before the first separator from a text, without spaces at its ends; empty when nothing is left.
constexpr std::string_view take_part(std::string_view* text, char separator) {
  const size_t end = text->find(separator);
  std::string_view part = text->substr(0, end);
  *text = end == std::string_view::npos ? std::string_view() : text->substr(end + 1);
  while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
  while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
  return part;
}

// The next word of a text, over any number of spaces.
constexpr std::string_view take_word(std::string_view* text) {
  std::string_view word;
  while (word.empty() && !text->empty()) word = take_part(text, ' ');
  return word;
}

// The name in a word such as "~y:N,H" or "rate:0..1".
constexpr std::string_view name_in(std::string_view word) {
  if (!word.empty() && (word.front() == '&' || word.front() == '~')) word.remove_prefix(1);
  return word.substr(0, word.find(':'));
}

// The index of the operand, or attribute, with this name in a row; -1 when there is none.
constexpr int index_of_name(std::string_view words, std::string_view name) {
  int index = 0;
  while (!words.empty()) {
    const std::string_view word = take_word(&words);
    if (word.empty() || word == ">") continue;
    if (name_in(word) == name) return index;
    ++index;
  }
  return -1;
}

constexpr bool has_clause(const OperationText& text, std::string_view clause) {
  std::string_view clauses = text.clauses;
  while (!clauses.empty()) {
    if (take_part(&clauses, ';') == clause) return true;
  }
  return false;
}

// FNV-1a over all rows. The addon, the kernel modules and the TypeScript library of one build have the same value
// (scripts/generate-operations.cjs computes it, too).
constexpr uint64_t hashed(std::string_view text, uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return (hash ^ '\n') * 0x100000001b3u;
}

// Hashes one row at a time, because a compiler limits the number of steps for one constant.
template <size_t kRows>
inline constexpr uint64_t kHashOfRows = hashed(kOperationTexts[kRows - 1].clauses,
                                               hashed(kOperationTexts[kRows - 1].attributes,
                                                      hashed(kOperationTexts[kRows - 1].operands,
                                                             hashed(kOperationTexts[kRows - 1].name,
                                                                    kHashOfRows<kRows - 1>))));
template <>
inline constexpr uint64_t kHashOfRows<0> = 0xcbf29ce484222325u;

inline constexpr uint64_t kOperationsFingerprint = kHashOfRows<static_cast<size_t>(Opcode::count)>;

}  // namespace bptt
