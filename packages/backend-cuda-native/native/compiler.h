#pragma once
#include <memory>
#include <string>
#include <vector>

#include "library.h"

namespace tenon {

/** NVRTC, opened at run time: CUDA C becomes the device's code. */
class Compiler {
 public:
  explicit Compiler(const std::vector<std::string>& candidates);

  /** Device code of a program. May run on any thread. Throws a `Failure` whose text is the compiler's where it refuses. */
  std::vector<char> compile(const std::string& source, const std::vector<std::string>& options) const;
  /** Major and minor. */
  std::pair<int, int> version() const { return {major_, minor_}; }
  /** Of GPUs that it makes code for, 10 · major + minor of the compute capability. */
  const std::vector<int>& architectures() const { return architectures_; }
  const std::string& path() const { return library_.path(); }

 private:
  using Program = struct ProgramObject*;
  void check(int status, const char* call, const std::string& log = "") const;
  void openBuiltins();

  Library library_;
  std::unique_ptr<Library> builtins_;
  int major_ = 0;
  int minor_ = 0;
  std::vector<int> architectures_;
  int (*version_)(int* major, int* minor);
  int (*getNumSupportedArchs_)(int* count);
  int (*getSupportedArchs_)(int* architectures);
  const char* (*getErrorString_)(int status);
  int (*createProgram_)(Program* program, const char* source, const char* name, int headers, const char* const* texts,
                        const char* const* names);
  int (*destroyProgram_)(Program* program);
  int (*compileProgram_)(Program program, int options, const char* const* texts);
  int (*getCubinSize_)(Program program, size_t* bytes);
  int (*getCubin_)(Program program, char* code);
  int (*getLogSize_)(Program program, size_t* bytes);
  int (*getLog_)(Program program, char* text);
};

}  // namespace tenon
