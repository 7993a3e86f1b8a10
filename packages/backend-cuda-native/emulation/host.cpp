// The host side under sanitizers, on the driver without a device: launches, buffers and graphs, and what goes wrong with each.
// Arguments are the libraries of the driver and of the compiler. Prints nothing and gives 0 where all is well.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../native/compiler.h"
#include "../native/device.h"

namespace {

int failures = 0;

#define EXPECT(condition)                                                  \
  do {                                                                     \
    if (!(condition)) {                                                    \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
      failures++;                                                          \
    }                                                                      \
  } while (false)

/** The name of the status with which work fails; empty where it does not. */
template <typename Work>
std::string statusOf(Work work) {
  try {
    work();
    return "";
  } catch (const tenon::Failure& failure) {
    return failure.name;
  }
}

/** Adds one to each of 64 elements, as the text form of a kernel stands in `cuda/source.ts`. */
const char* const kProgram = R"(
TENON_KERNEL(tenon_increment, 32) {
  TENON_SLOT(int, s0, table[0]);
  const int i = TENON_BLOCK * 32 + TENON_THREAD;
  s0[i] = s0[i] + 1;
}
TENON_KERNEL(tenon_beyond, 32) {
  TENON_SLOT(int, s0, table[0]);
  s0[64 + TENON_THREAD] = 0;
}
)";

constexpr size_t kCount = 64;
constexpr size_t kBytes = 4 * kCount;

std::vector<int> contents(tenon::Device& device, tenon::cu::Pointer at) {
  tenon::Pinned* pinned = device.read(at, kBytes);
  device.wait(*pinned);
  std::vector<int> found(kCount);
  std::memcpy(found.data(), pinned->data, kBytes);
  device.giveBack(pinned);
  return found;
}

void run(const char* driverPath, const char* compilerPath) {
  const auto driver = std::make_shared<const tenon::Driver>(std::vector<std::string>{"/nowhere/libcuda.so", driverPath});
  const tenon::Compiler compiler({compilerPath});
  const std::vector<std::string> options = {"--gpu-architecture=sm_90", "--fmad=false"};
  EXPECT(statusOf([&] { compiler.compile("this is no program", options); }) == "NVRTC_ERROR_COMPILATION");
  EXPECT(statusOf([&] { tenon::Device none(driver, 7); }) == "CUDA_ERROR_INVALID_VALUE");

  tenon::Device device(driver, 0);
  EXPECT(device.facts().name == "emulated");
  EXPECT(statusOf([&] { device.alloc(size_t{1} << 40); }) == "CUDA_ERROR_OUT_OF_MEMORY");
  const int first = device.load(compiler.compile(kProgram, options), {"tenon_increment", "tenon_beyond"});
  EXPECT(statusOf([&] { device.load(compiler.compile(kProgram, options), {"missing"}); }) == "CUDA_ERROR_NOT_FOUND");

  const tenon::cu::Pointer data = device.alloc(kBytes), table = device.alloc(8), other = device.alloc(kBytes);
  const std::vector<int> numbers(kCount, 5);
  device.write(data, numbers.data(), kBytes, true);
  device.write(table, &data, sizeof data, false);
  const std::vector<double> increment = {0, double(first), 2, 32, double(table), 1};
  device.enqueue(increment);
  EXPECT(contents(device, data) == std::vector<int>(kCount, 6));
  {
    std::vector<double> commands = increment;
    const std::vector<double> copy = {1, double(other), double(data), double(kBytes)};
    commands.insert(commands.end(), copy.begin(), copy.end());
    const tenon::Recorded graph = device.record(commands);
    for (int i = 0; i < 100; i++) device.launch(graph);
    EXPECT(contents(device, other) == std::vector<int>(kCount, 106));
  }
  device.enqueue(std::vector<double>{2, double(other), 0, double(kBytes)});
  EXPECT(contents(device, other) == std::vector<int>(kCount, 0));

  // what is read is what was there when it was asked for, however late it comes
  tenon::Pinned* before = device.read(data, kBytes);
  device.enqueue(increment);
  device.wait(*before);
  EXPECT(*reinterpret_cast<const int*>(before->data) == 106);
  device.giveBack(before);

  EXPECT(statusOf([&] { device.enqueue(std::vector<double>{0, 99, 1, 32, double(table), 1}); }) == "INVALID_COMMANDS");
  EXPECT(statusOf([&] { device.enqueue(std::vector<double>{0, double(first), 1}); }) == "INVALID_COMMANDS");
  EXPECT(statusOf([&] { device.record(std::vector<double>{9}); }) == "INVALID_COMMANDS");
  EXPECT(statusOf([&] { device.enqueue(std::vector<double>{0, double(first), 0, 32, double(table), 1}); }) ==
         "CUDA_ERROR_INVALID_VALUE");
  EXPECT(contents(device, data) == std::vector<int>(kCount, 107));

  const auto mark = device.mark();
  device.waitFor(mark);
  EXPECT(device.isDone(mark));
  EXPECT(statusOf([&] { device.free(data + 4); }) == "CUDA_ERROR_INVALID_VALUE");
  device.free(other);

  // a fault of a kernel is told of by whoever waits next
  device.enqueue(std::vector<double>{0, double(first + 1), 1, 32, double(table), 1});
  EXPECT(statusOf([&] { contents(device, data); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  device.unload(first);
  EXPECT(statusOf([&] { device.enqueue(increment); }) == "INVALID_COMMANDS");
}

}  // namespace

int main(int, char** argv) {
  try {
    tenon::Driver missing({"/nowhere/libcuda.so"});
    failures++;
  } catch (const tenon::Missing& error) {
    EXPECT(error.tried.size() == 1);
  }
  run(argv[1], argv[2]);
  // two buffers and a table were not freed above; all else must have been given back
  void* driver = dlopen(argv[1], RTLD_NOW);
  const auto live = reinterpret_cast<size_t (*)()>(dlsym(driver, "tenon_live"));
  EXPECT(live() == 2);
  return failures == 0 ? 0 : 1;
}
