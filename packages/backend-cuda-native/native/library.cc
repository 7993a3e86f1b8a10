#include "library.h"

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace tenon {

namespace {

#ifdef _WIN32
void* openFile(const char* path) { return reinterpret_cast<void*>(LoadLibraryA(path)); }
void* findIn(void* handle, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(handle), name));
}
void closeFile(void* handle) { FreeLibrary(static_cast<HMODULE>(handle)); }
std::string reason() { return "error " + std::to_string(GetLastError()); }
#else
// threads of the library's own may go on in its code after it is closed, and so may what it does when a thread ends
void* openFile(const char* path) { return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); }
void* findIn(void* handle, const char* name) { return dlsym(handle, name); }
void closeFile(void* handle) { dlclose(handle); }
std::string reason() {
  const char* text = dlerror();
  return text == nullptr ? "unknown" : text;
}
#endif

}  // namespace

Library::Library(const std::vector<std::string>& candidates) {
  std::vector<std::string> tried;
  for (const std::string& path : candidates) {
    handle_ = openFile(path.c_str());
    if (handle_ != nullptr) {
      path_ = path;
      return;
    }
    tried.push_back(reason());
  }
  throw Missing{candidates.empty() ? "a library" : candidates.back(), tried};
}

Library::~Library() { closeFile(handle_); }

void* Library::symbol(const char* name) const {
  void* found = findIn(handle_, name);
  if (found == nullptr) throw Missing{std::string(name), {path_ + " has no such function"}};
  return found;
}

}  // namespace tenon
