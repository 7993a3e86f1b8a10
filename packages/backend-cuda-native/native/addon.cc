#include <napi.h>

#include <cstring>
#include <memory>

#include "blas.h"
#include "compiler.h"
#include "device.h"
#include "dnn.h"
#include "driver.h"

// What JavaScript sees. Addresses of the device are numbers, since they have fewer than 53 bits. An error has the properties
// `call`, `status` and `statusName` where a library refused a call, and `tried` where a library is missing.

namespace tenon {
namespace {

Napi::Error errorOf(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.what());
  error.Set("call", Napi::String::New(env, failure.call));
  error.Set("status", Napi::Number::New(env, failure.status));
  error.Set("statusName", Napi::String::New(env, failure.name));
  return error;
}

Napi::Error errorOf(Napi::Env env, const Missing& missing) {
  Napi::Error error = Napi::Error::New(env, missing.what + " was not found");
  Napi::Array tried = Napi::Array::New(env);
  for (const std::string& text : missing.tried) tried.Set(tried.Length(), text);
  error.Set("tried", tried);
  return error;
}

/** Runs what may throw errors of ours, and throws them as JavaScript's. */
template <typename Work>
auto guarded(Napi::Env env, Work work) {
  try {
    return work();
  } catch (const Failure& failure) {
    throw errorOf(env, failure);
  } catch (const Missing& missing) {
    throw errorOf(env, missing);
  } catch (const std::bad_alloc&) {
    throw Napi::RangeError::New(env, "the host has no memory left");
  }
}

std::vector<std::string> stringsOf(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> found;
  for (uint32_t i = 0; i < array.Length(); i++) found.push_back(array.Get(i).ToString().Utf8Value());
  return found;
}

Napi::Uint8Array bytesOf(Napi::Env env, const char* data, size_t bytes) {
  Napi::Uint8Array array = Napi::Uint8Array::New(env, bytes);
  if (bytes > 0) std::memcpy(array.Data(), data, bytes);
  return array;
}

/** Work on another thread, whose end is a promise. */
class Job : public Napi::AsyncWorker {
 public:
  explicit Job(Napi::Env env) : AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)) {}
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  virtual void work() = 0;
  virtual Napi::Value result(Napi::Env env) = 0;

  void Execute() final {
    try {
      work();
    } catch (const Failure& failure) {
      failure_ = std::make_unique<Failure>(failure);
    }
  }
  void OnOK() final {
    Napi::HandleScope scope(Env());
    const Napi::Value value = result(Env()); // gives back what it holds, also after a failure
    if (failure_ != nullptr) deferred_.Reject(errorOf(Env(), *failure_).Value());
    else deferred_.Resolve(value);
  }
  void OnError(const Napi::Error& error) final { deferred_.Reject(error.Value()); }
  bool failed() const { return failure_ != nullptr; }

 private:
  Napi::Promise::Deferred deferred_;
  std::unique_ptr<Failure> failure_;
};

Napi::Promise queued(Job* job) {
  const Napi::Promise promise = job->promise();
  job->Queue();
  return promise;
}

class CompileJob final : public Job {
 public:
  CompileJob(Napi::Env env, std::shared_ptr<const Compiler> compiler, std::string source,
             std::vector<std::string> options)
      : Job(env), compiler_(std::move(compiler)), source_(std::move(source)), options_(std::move(options)) {}

 private:
  void work() override { code_ = compiler_->compile(source_, options_); }
  Napi::Value result(Napi::Env env) override { return bytesOf(env, code_.data(), code_.size()); }

  std::shared_ptr<const Compiler> compiler_;
  std::string source_;
  std::vector<std::string> options_;
  std::vector<char> code_;
};

class ReadJob final : public Job {
 public:
  ReadJob(Napi::Env env, std::shared_ptr<Device> device, cu::Pointer from, size_t bytes)
      : Job(env), device_(std::move(device)), pinned_(device_->read(from, bytes)), bytes_(bytes) {}

 private:
  void work() override { device_->wait(*pinned_); }
  Napi::Value result(Napi::Env env) override {
    const Napi::Value value = failed() ? env.Undefined() : Napi::Value(bytesOf(env, pinned_->data, bytes_));
    device_->giveBack(pinned_);
    return value;
  }

  std::shared_ptr<Device> device_;
  Pinned* pinned_;
  size_t bytes_;
};

class SyncJob final : public Job {
 public:
  SyncJob(Napi::Env env, std::shared_ptr<Device> device)
      : Job(env), device_(std::move(device)), mark_(device_->behind()) {}

 private:
  void work() override { device_->waitFor(mark_); }
  Napi::Value result(Napi::Env env) override {
    mark_.reset();
    return env.Undefined();
  }

  std::shared_ptr<Device> device_;
  Owned<cu::Event> mark_;
};

class GraphObject : public Napi::ObjectWrap<GraphObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Graph",
                       {InstanceMethod<&GraphObject::launch>("launch"), InstanceMethod<&GraphObject::dispose>("dispose")});
  }

  explicit GraphObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  void hold(std::shared_ptr<Device> device, Recorded recorded) {
    device_ = std::move(device);
    recorded_ = std::move(recorded);
  }

 private:
  void launch(const Napi::CallbackInfo& info) {
    if (recorded_.exec == nullptr) throw Napi::Error::New(info.Env(), "the graph is disposed of");
    guarded(info.Env(), [&] { device_->launch(recorded_); });
  }
  void dispose(const Napi::CallbackInfo&) {
    recorded_.exec.reset();
    device_.reset();
  }

  std::shared_ptr<Device> device_;
  Recorded recorded_;
};

/** Constructors of the classes, one set for each environment. */
struct Classes {
  Napi::FunctionReference driver, compiler, device, graph;
};

class DeviceObject : public Napi::ObjectWrap<DeviceObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    using Self = DeviceObject;
    return DefineClass(
        env, "Device",
        {InstanceAccessor<&Self::facts>("facts"), InstanceMethod<&Self::memory>("memory"),
         InstanceMethod<&Self::alloc>("alloc"), InstanceMethod<&Self::free>("free"),
         InstanceMethod<&Self::write>("write"), InstanceMethod<&Self::read>("read"), InstanceMethod<&Self::load>("load"),
         InstanceMethod<&Self::unload>("unload"), InstanceMethod<&Self::enqueue>("enqueue"),
         InstanceMethod<&Self::record>("record"), InstanceMethod<&Self::time>("time"),
         InstanceMethod<&Self::useProducts>("useProducts"), InstanceMethod<&Self::addProduct>("addProduct"),
         InstanceMethod<&Self::removeProduct>("removeProduct"), InstanceMethod<&Self::proposals>("proposals"),
         InstanceMethod<&Self::choose>("choose"),
         InstanceMethod<&Self::useComputations>("useComputations"),
         InstanceMethod<&Self::addComputation>("addComputation"),
         InstanceMethod<&Self::removeComputation>("removeComputation"), InstanceMethod<&Self::mark>("mark"),
         InstanceMethod<&Self::done>("done"), InstanceMethod<&Self::sync>("sync"), InstanceMethod<&Self::wait>("wait"),
         InstanceMethod<&Self::close>("close")});
  }

  explicit DeviceObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}
  void hold(std::shared_ptr<Device> device) { device_ = std::move(device); }

 private:
  std::shared_ptr<Device> open(Napi::Env env) const {
    if (device_ == nullptr) throw Napi::Error::New(env, "the device is closed");
    return device_;
  }

  static double numberAt(const Napi::CallbackInfo& info, size_t i) {
    if (!info[i].IsNumber()) throw Napi::TypeError::New(info.Env(), "a number is wanted");
    return info[i].As<Napi::Number>().DoubleValue();
  }

  static Commands commandsAt(const Napi::CallbackInfo& info, size_t i) {
    if (!info[i].IsTypedArray() || info[i].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
      throw Napi::TypeError::New(info.Env(), "commands are a Float64Array");
    const auto array = info[i].As<Napi::Float64Array>();
    return {array.Data(), array.ElementLength()};
  }

  static Napi::Uint8Array bytesAt(const Napi::CallbackInfo& info, size_t i) {
    if (!info[i].IsTypedArray() || info[i].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
      throw Napi::TypeError::New(info.Env(), "bytes are a Uint8Array");
    return info[i].As<Napi::Uint8Array>();
  }

  Napi::Value facts(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const DeviceFacts& facts = open(env)->facts();
    Napi::Object object = Napi::Object::New(env);
    object.Set("name", facts.name);
    object.Set("major", facts.major);
    object.Set("minor", facts.minor);
    object.Set("multiprocessors", facts.multiprocessors);
    object.Set("sharedBytes", facts.sharedBytes);
    object.Set("totalBytes", static_cast<double>(facts.totalBytes));
    return object;
  }

  Napi::Value memory(const Napi::CallbackInfo& info) {
    const auto [free, total] = guarded(info.Env(), [&] { return open(info.Env())->memory(); });
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("free", static_cast<double>(free));
    object.Set("total", static_cast<double>(total));
    return object;
  }

  Napi::Value alloc(const Napi::CallbackInfo& info) {
    const auto bytes = static_cast<size_t>(numberAt(info, 0));
    const cu::Pointer address = guarded(info.Env(), [&] { return open(info.Env())->alloc(bytes); });
    return Napi::Number::New(info.Env(), static_cast<double>(address));
  }

  void free(const Napi::CallbackInfo& info) {
    const auto address = static_cast<cu::Pointer>(numberAt(info, 0));
    guarded(info.Env(), [&] { open(info.Env())->free(address); });
  }

  void write(const Napi::CallbackInfo& info) {
    const auto to = static_cast<cu::Pointer>(numberAt(info, 0));
    const Napi::Uint8Array data = bytesAt(info, 1);
    const bool apart = info[2].ToBoolean();
    guarded(info.Env(), [&] { open(info.Env())->write(to, data.Data(), data.ByteLength(), apart); });
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    const auto from = static_cast<cu::Pointer>(numberAt(info, 0));
    const auto bytes = static_cast<size_t>(numberAt(info, 1));
    return guarded(info.Env(), [&] { return queued(new ReadJob(info.Env(), open(info.Env()), from, bytes)); });
  }

  Napi::Value load(const Napi::CallbackInfo& info) {
    const Napi::Uint8Array code = bytesAt(info, 0);
    const std::vector<char> copy(code.Data(), code.Data() + code.ByteLength());
    const int first = guarded(info.Env(), [&] { return open(info.Env())->load(copy, stringsOf(info[1])); });
    return Napi::Number::New(info.Env(), first);
  }

  void unload(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { open(info.Env())->unload(static_cast<int>(numberAt(info, 0))); });
  }

  void enqueue(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { open(info.Env())->enqueue(commandsAt(info, 0)); });
  }

  Napi::Value record(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const std::shared_ptr<Device> device = open(env);
    Recorded recorded = guarded(env, [&] { return device->record(commandsAt(info, 0)); });
    const Napi::Object object = env.GetInstanceData<Classes>()->graph.New({});
    GraphObject::Unwrap(object)->hold(device, std::move(recorded));
    return object;
  }

  Napi::Value time(const Napi::CallbackInfo& info) {
    const int times = info[1].ToNumber().Int32Value();
    return Napi::Number::New(info.Env(), guarded(info.Env(), [&] { return open(info.Env())->time(commandsAt(info, 0), times); }));
  }

  /** Opens a library for the device, from candidates and what it may want beside itself. */
  template <typename Used>
  Napi::Value use(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto library = guarded(env, [&] {
      auto opened = std::make_shared<const Used>(stringsOf(info[0]), stringsOf(info[1]));
      open(env)->open(opened);
      return opened;
    });
    Napi::Object object = Napi::Object::New(env);
    object.Set("version", static_cast<double>(library->version()));
    object.Set("path", library->path());
    return object;
  }

  Napi::Value useProducts(const Napi::CallbackInfo& info) { return use<Blas>(info); }
  Napi::Value useComputations(const Napi::CallbackInfo& info) { return use<Dnn>(info); }

  /** The number of a product. */
  Napi::Value addProduct(const Napi::CallbackInfo& info) {
    const int product =
        guarded(info.Env(), [&] { return open(info.Env())->products().add(ProductShape(commandsAt(info, 0))); });
    return Napi::Number::New(info.Env(), product);
  }

  Napi::Value proposals(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto product = static_cast<int>(numberAt(info, 0)), most = static_cast<int>(numberAt(info, 1));
    const auto choices = guarded(env, [&] { return open(env)->products().proposals(product, most); });
    Napi::Array proposals = Napi::Array::New(env);
    for (const ProductChoice& choice : choices) {
      Napi::Object proposal = Napi::Object::New(env);
      proposal.Set("algorithm", bytesOf(env, reinterpret_cast<const char*>(&choice.algorithm), sizeof choice.algorithm));
      proposal.Set("workspaceBytes", static_cast<double>(choice.workspaceBytes));
      proposals.Set(proposals.Length(), proposal);
    }
    return proposals;
  }

  void removeProduct(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { open(info.Env())->products().remove(static_cast<int>(numberAt(info, 0))); });
  }

  Napi::Value choose(const Napi::CallbackInfo& info) {
    const Napi::Uint8Array bytes = bytesAt(info, 1);
    lt::Algorithm algorithm{};
    if (bytes.ByteLength() != sizeof algorithm) throw Napi::TypeError::New(info.Env(), "an algorithm has 64 bytes");
    std::memcpy(&algorithm, bytes.Data(), sizeof algorithm);
    const auto product = static_cast<int>(numberAt(info, 0));
    const size_t found = guarded(info.Env(), [&] { return open(info.Env())->products().choose(product, algorithm); });
    return Napi::Number::New(info.Env(), static_cast<double>(found));
  }

  /** The number of a computation and the memory it wants; null where the library has no engine for it. */
  Napi::Value addComputation(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto ready =
        guarded(env, [&] { return open(env)->computations().add(ComputationShape(commandsAt(info, 0))); });
    if (!ready.has_value()) return env.Null();
    Napi::Object object = Napi::Object::New(env);
    object.Set("number", ready->number);
    object.Set("workspaceBytes", static_cast<double>(ready->workspaceBytes));
    return object;
  }

  void removeComputation(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { open(info.Env())->computations().remove(static_cast<int>(numberAt(info, 0))); });
  }

  /** The number of a mark behind all that has been enqueued so far. */
  Napi::Value mark(const Napi::CallbackInfo& info) {
    const uint64_t number = guarded(info.Env(), [&] { return open(info.Env())->mark(); });
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  }

  /** The number of the last mark that the device has passed. */
  Napi::Value done(const Napi::CallbackInfo& info) {
    const uint64_t number = guarded(info.Env(), [&] { return open(info.Env())->done(); });
    return Napi::Number::New(info.Env(), static_cast<double>(number));
  }

  Napi::Value sync(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] { return queued(new SyncJob(info.Env(), open(info.Env()))); });
  }

  void wait(const Napi::CallbackInfo& info) {
    guarded(info.Env(), [&] { open(info.Env())->waitForAll(); });
  }

  void close(const Napi::CallbackInfo&) { device_.reset(); }

  std::shared_ptr<Device> device_;
};

class DriverObject : public Napi::ObjectWrap<DriverObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Driver",
                       {InstanceAccessor<&DriverObject::version>("version"), InstanceAccessor<&DriverObject::path>("path"),
                        InstanceMethod<&DriverObject::count>("count"), InstanceMethod<&DriverObject::open>("open")});
  }

  explicit DriverObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    driver_ = guarded(info.Env(), [&] { return std::make_shared<const Driver>(stringsOf(info[0])); });
  }

 private:
  Napi::Value version(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), driver_->version()); }
  Napi::Value path(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), driver_->path()); }
  Napi::Value count(const Napi::CallbackInfo& info) {
    int found = 0;
    guarded(info.Env(), [&] { TENON_CUDA(*driver_, deviceGetCount, &found); });
    return Napi::Number::New(info.Env(), found);
  }
  Napi::Value open(const Napi::CallbackInfo& info) {
    const int ordinal = info[0].ToNumber().Int32Value();
    auto device = guarded(info.Env(), [&] { return std::make_shared<Device>(driver_, ordinal); });
    const Napi::Object object = info.Env().GetInstanceData<Classes>()->device.New({});
    DeviceObject::Unwrap(object)->hold(std::move(device));
    return object;
  }

  std::shared_ptr<const Driver> driver_;
};

class CompilerObject : public Napi::ObjectWrap<CompilerObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "Compiler",
        {InstanceAccessor<&CompilerObject::version>("version"), InstanceAccessor<&CompilerObject::path>("path"),
         InstanceAccessor<&CompilerObject::architectures>("architectures"),
         InstanceMethod<&CompilerObject::compile>("compile"),
         InstanceMethod<&CompilerObject::compileNow>("compileNow")});
  }

  explicit CompilerObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    compiler_ = guarded(info.Env(), [&] { return std::make_shared<const Compiler>(stringsOf(info[0])); });
  }

 private:
  Napi::Value version(const Napi::CallbackInfo& info) {
    const auto [major, minor] = compiler_->version();
    return Napi::String::New(info.Env(), std::to_string(major) + "." + std::to_string(minor));
  }
  Napi::Value path(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), compiler_->path()); }
  Napi::Value architectures(const Napi::CallbackInfo& info) {
    Napi::Array known = Napi::Array::New(info.Env());
    for (const int n : compiler_->architectures()) known.Set(known.Length(), Napi::Number::New(info.Env(), n));
    return known;
  }
  Napi::Value compile(const Napi::CallbackInfo& info) {
    return queued(new CompileJob(info.Env(), compiler_, info[0].ToString(), stringsOf(info[1])));
  }
  Napi::Value compileNow(const Napi::CallbackInfo& info) {
    const std::vector<char> code =
        guarded(info.Env(), [&] { return compiler_->compile(info[0].ToString(), stringsOf(info[1])); });
    return bytesOf(info.Env(), code.data(), code.size());
  }

  std::shared_ptr<const Compiler> compiler_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  auto classes = std::make_unique<Classes>();
  classes->driver = Napi::Persistent(DriverObject::define(env));
  classes->compiler = Napi::Persistent(CompilerObject::define(env));
  classes->device = Napi::Persistent(DeviceObject::define(env));
  classes->graph = Napi::Persistent(GraphObject::define(env));
  exports.Set("Driver", classes->driver.Value());
  exports.Set("Compiler", classes->compiler.Value());
  env.SetInstanceData(classes.release());
  return exports;
}

}  // namespace
}  // namespace tenon

Napi::Object tenonInit(Napi::Env env, Napi::Object exports) { return tenon::init(env, exports); }
NODE_API_MODULE(tenon_cuda, tenonInit)
