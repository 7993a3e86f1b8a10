#include "driver.h"

namespace tenon {

Driver::Driver(const std::vector<std::string>& candidates) : library_(candidates) {
#define TENON_FIND(name, symbol, parameters) name = library_.find<cu::Result parameters>(#symbol);
  TENON_DRIVER_FUNCTIONS(TENON_FIND)
#undef TENON_FIND
  check(init(0), "init");
  check(driverGetVersion(&version_), "driverGetVersion");
}

void Driver::check(cu::Result status, const char* call) const {
  if (status == cu::kSuccess) return;
  const char* name = nullptr;
  const char* text = nullptr;
  getErrorName(status, &name);
  getErrorString(status, &text);
  throw Failure(call, status, name == nullptr ? std::to_string(status) : name, text == nullptr ? "" : text);
}

}  // namespace tenon
