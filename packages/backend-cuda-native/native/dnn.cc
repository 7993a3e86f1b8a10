#include "dnn.h"

#include <algorithm>

namespace tenon {

Dnn::Dnn(const std::vector<std::string>& candidates, const std::vector<std::string>& parts) {
  std::vector<std::string> tried;
  for (size_t i = 0; i < std::min(candidates.size(), parts.size()) && library_ == nullptr; i++) {
    try {
      part_ = std::make_unique<Library>(std::vector{parts[i]});
      library_ = std::make_unique<Library>(std::vector{candidates[i]});
    } catch (const Missing& missing) {
      tried.insert(tried.end(), missing.tried.begin(), missing.tried.end());
    }
  }
  if (library_ == nullptr) throw Missing{candidates.empty() ? "a library" : candidates.back(), tried};
#define TENON_FIND(name, symbol, parameters) name = library_->find<dnn::Status parameters>(#symbol);
  TENON_DNN_FUNCTIONS(TENON_FIND)
#undef TENON_FIND
  getErrorString_ = library_->find<const char*(dnn::Status)>("cudnnGetErrorString");
  getLastErrorString_ = library_->find<void(char*, size_t)>("cudnnGetLastErrorString");
  version_ = library_->find<size_t()>("cudnnGetVersion")();
}

void Dnn::check(dnn::Status status, const char* call) const {
  if (status == dnn::kSuccess) return;
  char text[512] = "";
  getLastErrorString_(text, sizeof text);
  throw Failure(call, status, getErrorString_(status), text);
}

}  // namespace tenon
