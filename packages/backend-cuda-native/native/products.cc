#include "products.h"

#include "numbers.h"

namespace tenon {

ProductShape::ProductShape(std::span<const double> numbers) {
  Numbers next(numbers, "product");
  next.to(computeType, scaleType, operandType, resultType, transA, transB, rows, columns, depth);
  for (Lies* lies : {&a, &b, &c, &d}) next.to(lies->leading, lies->stride, lies->alignment);
  next.to(batch, epilogue, biasAlignment, alpha, beta, reductions, mostWorkspace);
  next.end();
}

Products::Products(std::shared_ptr<const Blas> blas) : blas_(std::move(blas)) {
  lt::Handle made = nullptr;
  TENON_CUDA(*blas_, create, &made);
  handle_ = {made, [blas = blas_](lt::Handle h) { blas->destroy(h); }};
}

Owned<lt::Layout> Products::layout(int type, uint64_t rows, uint64_t columns, const ProductShape::Lies& lies,
                                   int batch) const {
  lt::Layout made = nullptr;
  TENON_CUDA(*blas_, matrixLayoutCreate, &made, type, rows, columns, lies.leading);
  Owned<lt::Layout> owned(made, [blas = blas_](lt::Layout l) { blas->matrixLayoutDestroy(l); });
  const int32_t count = batch;
  TENON_CUDA(*blas_, matrixLayoutSetAttribute, made, lt::kBatchCount, &count, sizeof count);
  TENON_CUDA(*blas_, matrixLayoutSetAttribute, made, lt::kBatchOffset, &lies.stride, sizeof lies.stride);
  return owned;
}

int Products::add(const ProductShape& s) {
  lt::Operation made = nullptr;
  TENON_CUDA(*blas_, matmulDescCreate, &made, s.computeType, s.scaleType);
  Owned<lt::Operation> operation(made, [blas = blas_](lt::Operation o) { blas->matmulDescDestroy(o); });
  const auto set = [&](lt::OperationAttribute attribute, auto value) {
    TENON_CUDA(*blas_, matmulDescSetAttribute, made, attribute, &value, sizeof value);
  };
  set(lt::kTransA, static_cast<int32_t>(s.transA));
  set(lt::kTransB, static_cast<int32_t>(s.transB));
  set(lt::kEpilogue, static_cast<uint32_t>(s.epilogue));
  // proposals depend on how the address is aligned, and do not follow it
  if (s.biasAlignment != 0) set(lt::kBiasPointer, static_cast<cu::Pointer>(s.biasAlignment));
  const auto [rowsA, columnsA] = s.transA == 0 ? std::pair(s.rows, s.depth) : std::pair(s.depth, s.rows);
  const auto [rowsB, columnsB] = s.transB == 0 ? std::pair(s.depth, s.columns) : std::pair(s.columns, s.depth);
  products_.push_back(std::make_unique<Product>(
      Product{s, std::move(operation), layout(s.operandType, rowsA, columnsA, s.a, s.batch),
              layout(s.operandType, rowsB, columnsB, s.b, s.batch),
              s.c == s.d ? nullptr : layout(s.resultType, s.rows, s.columns, s.c, s.batch),
              layout(s.resultType, s.rows, s.columns, s.d, s.batch), {}, false}));
  return static_cast<int>(products_.size()) - 1;
}

void Products::remove(int product) {
  at(product);
  products_[static_cast<size_t>(product)].reset();
}

const Products::Product& Products::at(int product) const {
  const auto i = static_cast<size_t>(product);
  if (i >= products_.size() || products_[i] == nullptr)
    throw Failure("product", -1, "INVALID_COMMANDS", "there is no such product");
  return *products_[i];
}

std::vector<ProductChoice> Products::proposals(int product, int most) const {
  const Product& p = at(product);
  lt::Preference made = nullptr;
  TENON_CUDA(*blas_, matmulPreferenceCreate, &made);
  const Owned<lt::Preference> preference(made, [this](lt::Preference q) { blas_->matmulPreferenceDestroy(q); });
  const auto set = [&](lt::PreferenceAttribute attribute, auto value) {
    TENON_CUDA(*blas_, matmulPreferenceSetAttribute, made, attribute, &value, sizeof value);
  };
  set(lt::kMostWorkspace, p.shape.mostWorkspace);
  set(lt::kReductions, p.shape.reductions);
  set(lt::kAlignmentA, p.shape.a.alignment);
  set(lt::kAlignmentB, p.shape.b.alignment);
  set(lt::kAlignmentC, p.shape.c.alignment);
  set(lt::kAlignmentD, p.shape.d.alignment);
  std::vector<lt::Found> found(static_cast<size_t>(most));
  int count = 0;
  const lt::Status status =
      blas_->matmulAlgoGetHeuristic(handle_.get(), p.operation.get(), p.a.get(), p.b.get(), p.c(), p.d.get(), made,
                                    most, found.data(), &count);
  if (status == lt::kNotSupported) return {};
  blas_->check(status, "matmulAlgoGetHeuristic");
  std::vector<ProductChoice> choices;
  for (int i = 0; i < count; i++) {
    const lt::Found& one = found[static_cast<size_t>(i)];
    if (one.state == lt::kSuccess) choices.push_back({one.algorithm, one.workspaceBytes});
  }
  return choices;
}

size_t Products::choose(int product, const lt::Algorithm& algorithm) {
  at(product);
  Product& p = *products_[static_cast<size_t>(product)];
  lt::Found found{};
  TENON_CUDA(*blas_, matmulAlgoCheck, handle_.get(), p.operation.get(), p.a.get(), p.b.get(), p.c(), p.d.get(),
             &algorithm, &found);
  blas_->check(found.state, "matmulAlgoCheck");
  p.choice = {algorithm, found.workspaceBytes};
  p.chosen = true;
  return found.workspaceBytes;
}

void Products::run(int product, const ProductOperands& o, cu::Stream stream) const {
  const Product& p = at(product);
  if (!p.chosen) throw Failure("product", -1, "INVALID_COMMANDS", "nobody has chosen how to compute the product");
  if (p.shape.biasAlignment != 0)
    TENON_CUDA(*blas_, matmulDescSetAttribute, p.operation.get(), lt::kBiasPointer, &o.bias, sizeof o.bias);
  const float narrow[] = {static_cast<float>(p.shape.alpha), static_cast<float>(p.shape.beta)};
  const double wide[] = {p.shape.alpha, p.shape.beta};
  const bool isWide = p.shape.scaleType == lt::kFloat64;
  const void* alpha = isWide ? static_cast<const void*>(&wide[0]) : &narrow[0];
  const void* beta = isWide ? static_cast<const void*>(&wide[1]) : &narrow[1];
  TENON_CUDA(*blas_, matmul, handle_.get(), p.operation.get(), alpha, o.a, p.a.get(), o.b, p.b.get(), beta, o.c,
             p.c(), o.d, p.d.get(), &p.choice.algorithm, o.workspace, p.choice.workspaceBytes, stream);
}

}  // namespace tenon
