// Runs launches that a file describes, on memory that it holds, and writes that memory back. `kernels` is that of a library.
#include <dlfcn.h>

#include "launch.h"

namespace {

emulation::Launcher launcher;
const emulation::Kernel* kernels = nullptr;

template <typename T>
T take(FILE* file) {
  T value;
  if (fread(&value, sizeof value, 1, file) != 1) {
    fprintf(stderr, "the file of launches ends too early\n");
    _exit(2);
  }
  return value;
}

void put(FILE* file, const void* data, size_t bytes) {
  const uint32_t count = (uint32_t)bytes;
  fwrite(&count, sizeof count, 1, file);
  fwrite(data, 1, bytes, file);
}

// kernel, blocks, threads, rows; buffers, each a length and bytes; words of the table, each whether it is a buffer and a number
void run(FILE* in, FILE* out) {
  const uint32_t kernel = take<uint32_t>(in), blocks = take<uint32_t>(in);
  const uint32_t threads = take<uint32_t>(in), rows = take<uint32_t>(in);
  std::vector<std::unique_ptr<char[]>> buffers;
  std::vector<uint32_t> sizes;
  const uint32_t count = take<uint32_t>(in);
  launcher.releaseAll();
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t bytes = take<uint32_t>(in);
    // neighbours in memory belong to nobody
    std::unique_ptr<char[]> data(new char[bytes + 64]);
    if (bytes > 0 && fread(data.get(), 1, bytes, in) != bytes) _exit(2);
    const uintptr_t begin = (uintptr_t)data.get();
    if (!launcher.allocate(begin, bytes)) _exit(2);
    buffers.push_back(std::move(data));
    sizes.push_back(bytes);
  }
  std::vector<unsigned long long> table(take<uint32_t>(in));
  for (unsigned long long& word : table) {
    const bool address = take<uint32_t>(in) != 0;
    const uint32_t value = take<uint32_t>(in);
    word = address ? (unsigned long long)(uintptr_t)buffers[value].get() : value;
  }
  const std::string fault = launcher.launch(kernels[kernel], (int)blocks, (int)threads, table.data(), (int)rows);
  put(out, fault.data(), fault.size());
  for (uint32_t i = 0; i < count; i++) put(out, buffers[i].get(), sizes[i]);
}

}  // namespace

// a library, the file of launches, and the one to write
int main(int, char** argv) {
  void* library = dlopen(argv[1], RTLD_NOW);
  FILE* in = fopen(argv[2], "rb");
  FILE* out = fopen(argv[3], "wb");
  if (library == nullptr || in == nullptr || out == nullptr) return 2;
  kernels = (const emulation::Kernel*)dlsym(library, "kernels");
  for (uint32_t launches = take<uint32_t>(in); launches > 0; launches--) run(in, out);
  fclose(out);
  return 0;
}
