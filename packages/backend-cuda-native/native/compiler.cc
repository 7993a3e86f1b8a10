#include "compiler.h"

#include "driver.h"

namespace tenon {

Compiler::Compiler(const std::vector<std::string>& candidates) : library_(candidates) {
  const auto find = [this](auto& function, const char* name) {
    function = library_.find<std::remove_pointer_t<std::remove_reference_t<decltype(function)>>>(name);
  };
  find(version_, "nvrtcVersion");
  find(getNumSupportedArchs_, "nvrtcGetNumSupportedArchs");
  find(getSupportedArchs_, "nvrtcGetSupportedArchs");
  find(getErrorString_, "nvrtcGetErrorString");
  find(createProgram_, "nvrtcCreateProgram");
  find(destroyProgram_, "nvrtcDestroyProgram");
  find(compileProgram_, "nvrtcCompileProgram");
  find(getCubinSize_, "nvrtcGetCUBINSize");
  find(getCubin_, "nvrtcGetCUBIN");
  find(getLogSize_, "nvrtcGetProgramLogSize");
  find(getLog_, "nvrtcGetProgramLog");
  check(version_(&major_, &minor_), "nvrtcVersion");
  int count = 0;
  check(getNumSupportedArchs_(&count), "nvrtcGetNumSupportedArchs");
  architectures_.resize(static_cast<size_t>(count));
  check(getSupportedArchs_(architectures_.data()), "nvrtcGetSupportedArchs");
  openBuiltins();
}

// NVRTC looks for what it knows of devices by name alone, where the loader does, unless that is in the process already.
void Compiler::openBuiltins() {
  const size_t end = path().rfind('/');
  if (end == std::string::npos) return;
  const std::string name = "libnvrtc-builtins.so." + std::to_string(major_) + "." + std::to_string(minor_);
  try {
    builtins_ = std::make_unique<Library>(std::vector{path().substr(0, end + 1) + name});
  } catch (const Missing&) {  // it may be where the loader looks
  }
}

void Compiler::check(int status, const char* call, const std::string& log) const {
  if (status != 0) throw Failure(call, status, getErrorString_(status), log);
}

std::vector<char> Compiler::compile(const std::string& source, const std::vector<std::string>& options) const {
  Program made = nullptr;
  check(createProgram_(&made, source.c_str(), "tenon.cu", 0, nullptr, nullptr), "nvrtcCreateProgram");
  const auto destroy = [this](Program p) { destroyProgram_(&p); };
  const std::unique_ptr<ProgramObject, decltype(destroy)> program(made, destroy);

  std::vector<const char*> texts;
  for (const std::string& option : options) texts.push_back(option.c_str());
  const int status = compileProgram_(program.get(), static_cast<int>(texts.size()), texts.data());
  if (status != 0) {
    size_t length = 0;
    std::string log;
    if (getLogSize_(program.get(), &length) == 0 && length > 0) {
      log.resize(length);
      getLog_(program.get(), log.data());
      log.resize(length - 1);  // the text ends with a zero
    }
    check(status, "nvrtcCompileProgram", log);
  }

  size_t bytes = 0;
  check(getCubinSize_(program.get(), &bytes), "nvrtcGetCUBINSize");
  std::vector<char> code(bytes);
  check(getCubin_(program.get(), code.data()), "nvrtcGetCUBIN");
  return code;
}

}  // namespace tenon
