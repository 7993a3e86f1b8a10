#pragma once
#include <span>

#include "driver.h"

namespace tenon {

/** Takes numbers of a description one after the other, each as what it is wanted as. */
class Numbers {
 public:
  /** `what` is described, for errors. */
  Numbers(std::span<const double> numbers, const char* what) : numbers_(numbers), what_(what) {}
  template <typename T>
  void to(T& field) {
    if (at_ >= numbers_.size()) throw Failure(what_, -1, "INVALID_SHAPE", "the description has more numbers");
    field = static_cast<T>(numbers_[at_++]);
  }
  template <typename... T>
  void to(T&... fields) {
    (to(fields), ...);
  }
  template <typename T>
  T next() {
    T number{};
    to(number);
    return number;
  }
  void end() const {
    if (at_ != numbers_.size()) throw Failure(what_, -1, "INVALID_SHAPE", "the description has fewer numbers");
  }

 private:
  std::span<const double> numbers_;
  const char* what_;
  size_t at_ = 0;
};

}  // namespace tenon
