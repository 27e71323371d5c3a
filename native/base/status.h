// The result of a check: empty means success. Checks report by value; kernels never fail and nothing throws across a
// module boundary.
#pragma once

#include <string>
#include <utility>

namespace bptt {

class Status {
 public:
  static Status ok() { return Status(); }
  // `code` is stable and becomes the `code` of the JavaScript error.
  static Status error(std::string code, std::string message) {
    Status status;
    status.code_ = std::move(code);
    status.message_ = std::move(message);
    return status;
  }
  bool is_ok() const { return code_.empty(); }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }

 private:
  std::string code_;
  std::string message_;
};

}  // namespace bptt
