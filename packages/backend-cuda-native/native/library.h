#pragma once
#include <string>
#include <vector>

namespace tenon {

/** A shared library that was opened at run time; closed with its owner. */
class Library {
 public:
  /** Opens the first of the candidates that can be. Throws `Missing` with what was tried where none can. */
  explicit Library(const std::vector<std::string>& candidates);
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  const std::string& path() const { return path_; }

  /** A function of the library. Throws `Missing` where it has none of that name. */
  template <typename Function>
  Function* find(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;
  void* handle_ = nullptr;
  std::string path_;
};

/** A library, or a function of one, that is not there. */
struct Missing {
  std::string what;
  std::vector<std::string> tried;
};

}  // namespace tenon
