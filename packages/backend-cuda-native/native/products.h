#pragma once
#include <memory>
#include <span>
#include <vector>

#include "blas.h"
#include "owned.h"

namespace tenon {

/**
 * `D = epilogue(alpha · op(A) · op(B) + beta · C)`, all of them column-major, once for each matrix of a batch. The numbers have the
 * library's own meaning, and come from JavaScript in this order; strides and leading dimensions are in elements.
 */
struct ProductShape {
  int computeType, scaleType, operandType, resultType;
  int transA, transB;
  uint64_t rows, columns, depth;
  struct Lies {
    int64_t leading, stride;
    uint32_t alignment;
    bool operator==(const Lies&) const = default;
  } a, b, c, d;
  int batch;
  int epilogue;
  /** Bytes of which the address of the bias is a multiple; 0 where there is none. */
  uint64_t biasAlignment;
  double alpha, beta;
  /** Which ways to add up partial sums are allowed. */
  uint32_t reductions;
  uint64_t mostWorkspace;

  explicit ProductShape(std::span<const double> numbers);
};

/** Addresses of one run. `c` is not read where beta is 0, nor is `bias` where there is none. */
struct ProductOperands {
  cu::Pointer a, b, c, d, bias, workspace;
};

/** A way to compute a product, and what memory it wants. */
struct ProductChoice {
  lt::Algorithm algorithm;
  size_t workspaceBytes;
};

/** The products that are computed by cuBLASLt on one device, whose context must be current. */
class Products {
 public:
  explicit Products(std::shared_ptr<const Blas> blas);

  /** The number of a product; its choice is still to be made. */
  int add(const ProductShape& shape);
  void remove(int product);
  /** What the library proposes, the best first, `most` at most; nothing where it cannot compute the product. */
  std::vector<ProductChoice> proposals(int product, int most) const;
  /** Settles on an algorithm; gives what memory it wants. Throws where it does not do. */
  size_t choose(int product, const lt::Algorithm& algorithm);
  void run(int product, const ProductOperands& operands, cu::Stream stream) const;

 private:
  struct Product {
    ProductShape shape;
    Owned<lt::Operation> operation;
    /** `ownC` is none where C lies as D does: in place, the library wants one layout for both. */
    Owned<lt::Layout> a, b, ownC, d;
    ProductChoice choice;
    bool chosen;
    lt::Layout c() const { return ownC == nullptr ? d.get() : ownC.get(); }
  };

  const Product& at(int product) const;
  Owned<lt::Layout> layout(int type, uint64_t rows, uint64_t columns, const ProductShape::Lies& lies, int batch) const;

  std::shared_ptr<const Blas> blas_;
  Owned<lt::Handle> handle_;
  std::vector<std::unique_ptr<Product>> products_;
};

}  // namespace tenon
