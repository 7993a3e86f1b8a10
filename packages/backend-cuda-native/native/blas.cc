#include "blas.h"

namespace tenon {

namespace {

std::unique_ptr<Library> opened(const std::vector<std::string>& candidates) {
  try {
    return std::make_unique<Library>(candidates);
  } catch (const Missing&) {
    return nullptr;
  }
}

}  // namespace

Blas::Blas(const std::vector<std::string>& candidates, const std::vector<std::string>& companions)
    : library_(opened(candidates)) {
  if (library_ == nullptr) {
    companion_ = opened(companions);
    library_ = std::make_unique<Library>(candidates);
  }
#define TENON_FIND(name, symbol, parameters) name = library_->find<lt::Status parameters>(#symbol);
  TENON_BLAS_FUNCTIONS(TENON_FIND)
#undef TENON_FIND
  getStatusName_ = library_->find<const char*(lt::Status)>("cublasLtGetStatusName");
  getStatusString_ = library_->find<const char*(lt::Status)>("cublasLtGetStatusString");
  version_ = library_->find<size_t()>("cublasLtGetVersion")();
}

void Blas::check(lt::Status status, const char* call) const {
  if (status != lt::kSuccess) throw Failure(call, status, getStatusName_(status), getStatusString_(status));
}

}  // namespace tenon
