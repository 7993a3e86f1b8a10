// NVRTC without a device, for tests: a program becomes a library that runs on the processor, made by g++ and kept in
// TENON_EMULATION_CACHE by what it was made of. TENON_EMULATION_INCLUDE is the folder of emulation.h. Kernels that the file
// TENON_EMULATION_INDEX lists, each with the library that it is in, are taken from there: to make many at once is quicker.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

/** `path` is those of one or more libraries, a line each. */
struct Program {
  std::string source, path, log;
};

std::string variable(const char* name) {
  const char* text = getenv(name);
  return text == nullptr ? "" : text;
}

/** Runs a command; its output is the log. */
int shell(const std::string& command, std::string& log) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return -1;
  char part[512];
  while (fgets(part, sizeof part, pipe) != nullptr) log += part;
  return pclose(pipe);
}

/** The libraries of kernels that have been made before, by symbol. */
const std::map<std::string, std::string>& index() {
  static const std::map<std::string, std::string> known = [] {
    std::map<std::string, std::string> found;
    std::ifstream file(variable("TENON_EMULATION_INDEX"));
    std::string symbol, path;
    while (file >> symbol >> path) found[symbol] = path;
    return found;
  }();
  return known;
}

/** The libraries that have all kernels of a program, a line each; empty where one is in none. */
std::string librariesOf(const std::string& source) {
  static const std::string head = "\nTENON_KERNEL(";
  std::set<std::string> paths;
  for (size_t at = source.find(head); at != std::string::npos; at = source.find(head, at + 1)) {
    const size_t begin = at + head.size();
    const auto found = index().find(source.substr(begin, source.find(',', begin) - begin));
    if (found == index().end()) return "";
    paths.insert(found->second);
  }
  std::string lines;
  for (const std::string& path : paths) lines += path + "\n";
  return lines;
}

/** What it says to make code for; tests may name others. */
std::vector<int> architectures() {
  std::istringstream text(variable("TENON_EMULATED_ARCHITECTURES"));
  std::vector<int> found;
  for (int n; text >> n;) found.push_back(n);
  return found.empty() ? std::vector{75, 80, 90, 100} : found;
}

}  // namespace

EXPORT int nvrtcVersion(int* major, int* minor) { return *major = 13, *minor = 0, 0; }
EXPORT int nvrtcGetNumSupportedArchs(int* count) { return *count = (int)architectures().size(), 0; }
EXPORT int nvrtcGetSupportedArchs(int* known) {
  for (const int n : architectures()) *known++ = n;
  return 0;
}
EXPORT const char* nvrtcGetErrorString(int status) {
  if (status == 0) return "NVRTC_SUCCESS";
  if (status == 6) return "NVRTC_ERROR_COMPILATION";
  return status == 7 ? "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE" : "NVRTC_ERROR_INVALID_INPUT";
}
EXPORT int nvrtcCreateProgram(Program** program, const char* source, const char*, int, const char* const*,
                              const char* const*) {
  *program = new Program{source, "", ""};
  return 0;
}
EXPORT int nvrtcDestroyProgram(Program** program) {
  delete *program;
  *program = nullptr;
  return 0;
}
EXPORT int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
  bool named = false, exact = false;
  for (int i = 0; i < count; i++) {
    named = named || strncmp(options[i], "--gpu-architecture=sm_", 22) == 0;
    exact = exact || strcmp(options[i], "--fmad=false") == 0;
  }
  if (!named || !exact) return program->log = "no architecture, or sums that may be fused", 3;
  // NVIDIA's asks the loader for it by name as well, and so finds it outside of the loader's folders only if somebody has opened it
  static const char* builtins = "libnvrtc-builtins.so.13.0";
  if (dlopen(builtins, RTLD_LAZY) == nullptr) return program->log = std::string("failed to open ") + builtins, 7;
  program->path = librariesOf(program->source);
  if (!program->path.empty()) return 0;
  static std::atomic<int> serial{0};
  const std::string folder = variable("TENON_EMULATION_CACHE");
  std::ostringstream name;
  name << folder << "/" << std::hex << std::hash<std::string>{}(program->source);
  program->path = name.str() + ".so";
  if (access(program->path.c_str(), R_OK) == 0) return 0;
  const std::string part = name.str() + "." + std::to_string(getpid()) + "." + std::to_string(serial++);
  std::ofstream(part + ".cpp") << program->source;
  const std::string command = "g++ -std=c++20 -O1 -ffp-contract=off -w -fPIC -shared -include emulation.h -I '" +
                              variable("TENON_EMULATION_INCLUDE") + "' -o '" + part + ".so' '" + part + ".cpp'";
  const int status = shell(command, program->log);
  unlink((part + ".cpp").c_str());
  if (status != 0) return 6;
  return rename((part + ".so").c_str(), program->path.c_str()) == 0 ? 0 : 6;
}
EXPORT int nvrtcGetProgramLogSize(Program* program, size_t* bytes) { return *bytes = program->log.size() + 1, 0; }
EXPORT int nvrtcGetProgramLog(Program* program, char* text) {
  memcpy(text, program->log.c_str(), program->log.size() + 1);
  return 0;
}
EXPORT int nvrtcGetCUBINSize(Program* program, size_t* bytes) { return *bytes = program->path.size() + 1, 0; }
EXPORT int nvrtcGetCUBIN(Program* program, char* code) {
  memcpy(code, program->path.c_str(), program->path.size() + 1);
  return 0;
}
