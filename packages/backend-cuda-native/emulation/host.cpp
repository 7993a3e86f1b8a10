// The host side under sanitizers, on the driver without a device: launches, buffers, graphs, products and graphs of operations, and what
// goes wrong with each. Arguments are the libraries of the driver, of the compiler, of products and of operations. Prints nothing and
// gives 0 where all is well.
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

/** What is alive of a library without a device, by its own count. */
size_t live(const char* path, const char* name) {
  return reinterpret_cast<size_t (*)()>(dlsym(dlopen(path, RTLD_NOW), name))();
}

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

/** 2 by 4 times 4 by 3, column-major, with a bias for each row. */
std::vector<double> product(double leadingA = 2, double compute = 68) {
  std::vector<double> numbers = {compute, 0, 0, 0, 0, 0, 2, 3, 4};
  for (const double leading : {leadingA, 4.0, 2.0, 2.0}) numbers.insert(numbers.end(), {leading, 0, 256});
  numbers.insert(numbers.end(), {1, 4, 256, 1, 0, 7, 1 << 20});
  return numbers;
}

void multiply(const std::shared_ptr<const tenon::Driver>& driver, const char* path) {
  tenon::Device device(driver, 0);
  EXPECT(statusOf([&] { device.products(); }) == "INVALID_COMMANDS");
  const auto blas = std::make_shared<const tenon::Blas>(std::vector<std::string>{"/nowhere/libcublasLt.so", path},
                                                        std::vector<std::string>{});
  EXPECT(blas->version() == 130100);
  device.open(blas);
  tenon::Products& products = device.products();
  const auto add = [&](const std::vector<double>& numbers) { return products.add(tenon::ProductShape(numbers)); };
  EXPECT(statusOf([&] { add({1, 2, 3}); }) == "INVALID_SHAPE");
  EXPECT(statusOf([&] { add(product(2, 1)); }) == "CUBLAS_STATUS_INVALID_VALUE");
  // a leading dimension of less than the rows
  EXPECT(statusOf([&] { products.proposals(add(product(1)), 1); }) == "CUBLAS_STATUS_INVALID_VALUE");
  EXPECT(products.proposals(add(product(2, 70)), 8).empty());

  const int p = add(product());
  const auto proposals = products.proposals(p, 8);
  EXPECT(proposals.size() == 5);
  EXPECT(products.proposals(p, 1).size() == 1);
  const tenon::cu::Pointer a = device.alloc(8 * 4), b = device.alloc(12 * 4), d = device.alloc(6 * 4),
                           bias = device.alloc(2 * 4), workspace = device.alloc(1 << 20);
  const auto at = [](tenon::cu::Pointer address) { return static_cast<double>(address); };
  const std::vector<double> command = {3, double(p), at(a), at(b), at(d), at(d), at(bias), at(workspace)};
  EXPECT(statusOf([&] { device.enqueue(command); }) == "INVALID_COMMANDS");  // nobody has chosen
  EXPECT(statusOf([&] { products.choose(p, tenon::lt::Algorithm{}); }) == "CUBLAS_STATUS_INVALID_VALUE");
  EXPECT(products.choose(p, proposals[0].algorithm) == proposals[0].workspaceBytes);

  const std::vector<float> left = {1, 2, 3, 4, 5, 6, 7, 8}, right = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2}, added = {10, 20};
  device.write(a, left.data(), 8 * 4, true);
  device.write(b, right.data(), 12 * 4, true);
  device.write(bias, added.data(), 2 * 4, true);
  const std::vector<float> expected = {11, 22, 13, 24, 24, 36};
  const auto result = [&] {
    tenon::Pinned* pinned = device.read(d, 6 * 4);
    device.wait(*pinned);
    std::vector<float> found(6);
    std::memcpy(found.data(), pinned->data, 6 * 4);
    device.giveBack(pinned);
    return found;
  };
  device.enqueue(command);
  EXPECT(result() == expected);
  {
    const tenon::Recorded graph = device.record(command);
    device.enqueue(std::vector<double>{2, at(d), 0, 6 * 4});
    device.launch(graph);
    EXPECT(result() == expected);
    // the recorded product keeps what it was told, whatever becomes of the description
    products.remove(p);
    device.enqueue(std::vector<double>{2, at(d), 0, 6 * 4});
    device.launch(graph);
    EXPECT(result() == expected);
  }
  EXPECT(statusOf([&] { device.enqueue(command); }) == "INVALID_COMMANDS");
  EXPECT(statusOf([&] { products.remove(p); }) == "INVALID_COMMANDS");

  const int again = add(product());
  products.choose(again, proposals[2].algorithm);
  std::vector<double> other = command;
  other[1] = again;
  EXPECT(device.time(other, 10) > 0);
  other[2] += 4;
  EXPECT(statusOf([&] { device.enqueue(other); }) == "CUBLAS_STATUS_INVALID_VALUE");  // not aligned
  other[2] -= 4;
  // C lies otherwise than D does, so that it may not be in D's place
  std::vector<double> apart = product();
  apart[15] = 3;
  const int third = add(apart);
  products.choose(third, proposals[2].algorithm);
  other[1] = third;
  EXPECT(statusOf([&] { device.enqueue(other); }) == "CUBLAS_STATUS_INVALID_VALUE");
  other[1] = again;
  for (const tenon::cu::Pointer address : {b, d, bias, workspace}) device.free(address);
  // memory that was given back is nobody's, and whoever waits is told
  device.enqueue(other);
  EXPECT(statusOf([&] { result(); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
}

using Numbers = std::vector<double>;

/** A descriptor with its attributes, each a name, a type and values. */
Numbers descriptor(int type, const std::vector<Numbers>& attributes) {
  Numbers all = {double(type), double(attributes.size())};
  for (const Numbers& attribute : attributes) {
    all.insert(all.end(), {attribute[0], attribute[1], double(attribute.size() - 2)});
    all.insert(all.end(), attribute.begin() + 2, attribute.end());
  }
  return all;
}

/** A float32 array of one matrix; virtual or on the host by the name of the attribute that says so. */
Numbers matrix(double id, double rows, double columns, double beside = 0) {
  std::vector<Numbers> attributes = {
      {906, 3, id}, {901, 1, 0}, {900, 3, 16}, {902, 3, 1, rows, columns}, {903, 3, rows * columns, columns, 1}};
  if (beside != 0) attributes.push_back({beside, 2, 1});
  return descriptor(17, attributes);
}

/** exp(2.5 · a · b), of 2 by 3 and 3 by 2. `product` and `graph` stand in for what is right. */
Numbers powers(const Numbers& product = {1520, 15, 0}, const std::vector<Numbers>& graph = {{800, 0, 0}, {801, 15, 8, 10, 11}}) {
  const std::vector<Numbers> all = {
      matrix(1, 2, 3),
      matrix(2, 3, 2),
      matrix(3, 2, 2),
      matrix(4, 2, 2, 907),
      matrix(5, 2, 2, 907),
      matrix(6, 1, 1, 908),
      descriptor(0, {{0, 14, 1}, {1, 1, 0}}),
      descriptor(18, {{1500, 1, 0}}),
      descriptor(19, {product, {1521, 15, 1}, {1522, 15, 3}, {1523, 15, 7}}),
      descriptor(0, {{0, 14, 13}, {1, 1, 0}}),
      descriptor(13, {{750, 15, 6}, {751, 15, 3}, {752, 15, 5}, {753, 15, 4}}),
      descriptor(13, {{750, 15, 9}, {751, 15, 4}, {753, 15, 2}}),
      descriptor(15, graph)};
  Numbers shape = {double(all.size())};
  for (const Numbers& part : all) shape.insert(shape.end(), part.begin(), part.end());
  shape.insert(shape.end(), {2, 3, 2, 3, 1, 2, 3, 1, 6, 0, 2.5});
  return shape;
}

void operate(const std::shared_ptr<const tenon::Driver>& driver, const char* path) {
  tenon::Device device(driver, 0);
  EXPECT(statusOf([&] { device.computations(); }) == "INVALID_COMMANDS");
  try {
    tenon::Dnn alone({path}, {"/nowhere/libcudnn_graph.so"});
    failures++;
  } catch (const tenon::Missing& error) {
    EXPECT(error.tried.size() == 1);
  }
  const auto dnn = std::make_shared<const tenon::Dnn>(std::vector<std::string>{path}, std::vector<std::string>{path});
  EXPECT(dnn->version() == 92200);
  device.open(dnn);
  tenon::Computations& computations = device.computations();
  const auto add = [&](const Numbers& numbers) { return computations.add(tenon::ComputationShape(numbers)); };
  EXPECT(statusOf([&] { add({}); }) == "INVALID_SHAPE");
  EXPECT(statusOf([&] { add({0, 0, 0, 0}); }) == "INVALID_SHAPE");
  EXPECT(statusOf([&] { add({1, 17, 1, 906, 3, 2, 1}); }) == "INVALID_SHAPE");
  EXPECT(statusOf([&] { add(powers({1520, 15, 9})); }) == "INVALID_SHAPE");           // what comes later
  EXPECT(statusOf([&] { add(powers({1520, 15, 7})); }) == "CUDNN_STATUS_BAD_PARAM");  // which is no tensor
  EXPECT(statusOf([&] { add(powers({1520, 15, 1})); }) == "CUDNN_STATUS_BAD_PARAM");  // k is 2 and 3
  EXPECT(statusOf([&] { add(powers({1520, 3, 0})); }) == "CUDNN_STATUS_BAD_PARAM");   // an attribute of another type
  EXPECT(statusOf([&] { add(powers({1520, 6, 0})); }) == "INVALID_SHAPE");            // an address
  EXPECT(statusOf([&] { add(powers({1519, 15, 0})); }) == "CUDNN_STATUS_BAD_PARAM");  // one that it has not
  EXPECT(statusOf([&] { add(powers({1520, 15, 0}, {{801, 15, 8, 10, 11}})); }) == "CUDNN_STATUS_BAD_PARAM");  // no handle
  // the operations in another order
  EXPECT(statusOf([&] { add(powers({1520, 15, 0}, {{800, 0, 0}, {801, 15, 10, 8, 11}})); }) == "CUDNN_STATUS_BAD_PARAM");

  // the first engine cannot do it after all, and the second adds up in any order
  const auto ready = add(powers());
  EXPECT(ready.has_value() && ready->workspaceBytes == 4096);
  setenv("TENON_EMULATED_CUDNN_REFUSES", "A", 1);
  EXPECT(add(powers())->workspaceBytes == 0);  // of the fallback
  setenv("TENON_EMULATED_CUDNN_REFUSES", "A, fallback", 1);
  EXPECT(!add(powers()).has_value());
  unsetenv("TENON_EMULATED_CUDNN_REFUSES");

  const tenon::cu::Pointer a = device.alloc(6 * 4), b = device.alloc(6 * 4), y = device.alloc(4 * 4), workspace = device.alloc(4096);
  const std::vector<float> left = {0, 1, 0, 1, 0, 0}, right = {0, 1, 2, 0, 0, 0};
  device.write(a, left.data(), 6 * 4, true);
  device.write(b, right.data(), 6 * 4, true);
  const auto at = [](tenon::cu::Pointer address) { return static_cast<double>(address); };
  const Numbers command = {4, double(ready->number), at(workspace), at(a), at(b), at(y)};
  const auto isRight = [&] {
    tenon::Pinned* pinned = device.read(y, 4 * 4);
    device.wait(*pinned);
    const float expected[] = {148.413159f, 1, 1, 12.182494f};  // exponentials of 5 and of 2.5
    bool same = true;
    for (int i = 0; i < 4; i++) same = same && std::abs(reinterpret_cast<const float*>(pinned->data)[i] - expected[i]) < 1e-3;
    device.giveBack(pinned);
    device.enqueue(Numbers{2, at(y), 0, 4 * 4});
    return same;
  };
  // what has not run may not be recorded
  EXPECT(statusOf([&] { device.record(command); }) == "CUDNN_STATUS_EXECUTION_FAILED");
  device.enqueue(command);
  EXPECT(isRight());
  {
    const tenon::Recorded graph = device.record(command);
    device.launch(graph);
    EXPECT(isRight());
    // what is recorded keeps what it was told, whatever becomes of the description
    computations.remove(ready->number);
    device.launch(graph);
    EXPECT(isRight());
  }
  EXPECT(statusOf([&] { device.enqueue(command); }) == "INVALID_COMMANDS");
  EXPECT(statusOf([&] { computations.remove(ready->number); }) == "INVALID_COMMANDS");
  Numbers other = command;
  other[1] = add(powers())->number;
  EXPECT(statusOf([&] { device.enqueue(std::span(other).first(5)); }) == "INVALID_COMMANDS");
  other[3] += 4;
  EXPECT(statusOf([&] { device.enqueue(other); }) == "CUDNN_STATUS_BAD_PARAM");  // not aligned
  other[3] -= 4;
  device.enqueue(other);
  EXPECT(isRight());
  device.free(b);
  // memory that was given back is nobody's, and whoever waits is told
  device.enqueue(other);
  EXPECT(statusOf([&] { isRight(); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
}

void run(const std::shared_ptr<const tenon::Driver>& driver, const char* driverPath, const char* compilerPath) {
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

  const auto event = device.behind();
  device.waitFor(event);
  EXPECT(device.isDone(event));
  // one mark for all that nothing was enqueued between, and events that serve again
  const uint64_t mark = device.mark();
  EXPECT(device.mark() == mark);
  device.waitForAll();
  EXPECT(device.done() == mark);
  const size_t alive = live(driverPath, "tenon_live");
  for (uint64_t i = 1; i <= 100; i++) {
    device.enqueue(increment);
    EXPECT(device.mark() == mark + i);
    device.waitForAll();
  }
  EXPECT(live(driverPath, "tenon_live") == alive);

  // more than is pinned at once comes in parts
  const size_t many = (size_t{1} << 27) + (size_t{1} << 25) + 12;
  std::vector<char> large(many);
  for (size_t i = 0; i < many; i += 4093) large[i] = static_cast<char>(i / 4093);
  const tenon::cu::Pointer target = device.alloc(many);
  device.write(target, large.data(), many, true);
  tenon::Pinned* whole = device.read(target, many);
  device.wait(*whole);
  EXPECT(std::memcmp(whole->data, large.data(), many) == 0);
  const size_t pinned = live(driverPath, "tenon_live");
  device.giveBack(whole);  // with its event
  EXPECT(live(driverPath, "tenon_live") == pinned - 2);
  EXPECT(pinned <= alive + 2 * 6 + 1);  // four parts, a last one, the whole, and the memory
  EXPECT(statusOf([&] { device.free(data + 4); }) == "CUDA_ERROR_INVALID_VALUE");
  device.free(other);

  // a fault of a kernel is told of by whoever waits next
  device.enqueue(std::vector<double>{0, double(first + 1), 1, 32, double(table), 1});
  EXPECT(statusOf([&] { contents(device, data); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  device.unload(first);
  EXPECT(statusOf([&] { device.enqueue(increment); }) == "INVALID_COMMANDS");
  // from then on nothing works
  EXPECT(statusOf([&] { device.alloc(kBytes); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT(statusOf([&] { device.mark(); }) == "CUDA_ERROR_ILLEGAL_ADDRESS");
}

/** A device that is closed frees its memory, though another has the context still. */
void closeOneOfTwo(const std::shared_ptr<const tenon::Driver>& driver) {
  const tenon::Device stays(driver, 0);
  const size_t before = stays.memory().first;
  {
    tenon::Device goes(driver, 0);
    goes.alloc(1 << 20);
    EXPECT(stays.memory().first == before - (1 << 20));
  }
  EXPECT(stays.memory().first == before);
}

}  // namespace

int main(int, char** argv) {
  try {
    tenon::Driver missing({"/nowhere/libcuda.so"});
    failures++;
  } catch (const tenon::Missing& error) {
    EXPECT(error.tried.size() == 1);
  }
  {
    const auto driver = std::make_shared<const tenon::Driver>(std::vector<std::string>{"/nowhere/libcuda.so", argv[1]});
    run(driver, argv[1], argv[2]);
    multiply(driver, argv[3]);
    operate(driver, argv[4]);
    closeOneOfTwo(driver);
  }
  EXPECT(live(argv[1], "tenon_live") == 0);
  EXPECT(live(argv[3], "tenon_live_products") == 0);
  EXPECT(live(argv[4], "tenon_live_computations") == 0);
  return failures == 0 ? 0 : 1;
}
