// Operations on tensors as cuDNN's graphs have them, computed by the processor in the order that a graph gives: an interpreter that
// knows no more of a graph than its operations. Values of enumerations: NVIDIA, cuDNN Backend API, "Data Type References".
#pragma once
#include <math.h>
#include <stdint.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "short.h"

namespace emulation {

enum DataType { kFloat32 = 0, kFloat16 = 2, kInt32 = 4, kBfloat16 = 9, kBoolean = 11 };
enum PointwiseMode {
  kAdd = 0,
  kMultiply = 1,
  kDivide = 6,
  kSubtract = 9,
  kExp = 13,
  kLog = 15,
  kNotLess = 303,
  kIndex = 501,
  kSelect = 601
};
enum ReductionMode { kSum = 0, kLargest = 3 };

inline size_t sizeOf(int type) { return type == kFloat16 || type == kBfloat16 ? 2 : type == kBoolean ? 1 : 4; }
inline bool isType(int type) {
  return type == kFloat32 || type == kFloat16 || type == kInt32 || type == kBfloat16 || type == kBoolean;
}
/** A number as a tensor of a type has it. */
inline double rounded(int type, double x) {
  if (type == kFloat16) return fromHalf(toHalf(x));
  if (type == kBfloat16) return fromBrain(toBrain(x));
  if (type == kBoolean) return x != 0;
  return type == kInt32 ? trunc(x) : (double)(float)x;
}
inline double load(int type, uint64_t base, int64_t i) {
  switch (type) {
    case kFloat16: return fromHalf(((const uint16_t*)base)[i]);
    case kBfloat16: return fromBrain(((const uint16_t*)base)[i]);
    case kInt32: return ((const int32_t*)base)[i];
    case kBoolean: return ((const uint8_t*)base)[i];
    default: return ((const float*)base)[i];
  }
}
inline void store(int type, uint64_t base, int64_t i, double x) {
  switch (type) {
    case kFloat16: ((uint16_t*)base)[i] = toHalf(x); break;
    case kBfloat16: ((uint16_t*)base)[i] = toBrain(x); break;
    case kInt32: ((int32_t*)base)[i] = (int32_t)x; break;
    case kBoolean: ((uint8_t*)base)[i] = x != 0; break;
    default: ((float*)base)[i] = (float)x;
  }
}

using Sizes = std::vector<int64_t>;

struct Tensor {
  int64_t id = 0;
  int type = kFloat32;
  Sizes sizes, strides;
  int64_t alignment = 1;
  bool isVirtual = false, isByValue = false;
  bool operator==(const Tensor&) const = default;

  /** Elements from the first to behind the last. */
  int64_t extent() const {
    int64_t last = 0;
    for (size_t i = 0; i < sizes.size(); i++) last += (sizes[i] - 1) * strides[i];
    return last + 1;
  }
};

enum class Kind { kProduct, kPointwise, kReduction, kSoftmax, kBand, kAttention };

struct Operation {
  Kind kind;
  /** Of pointwise operations, reductions, and comparisons of bands. */
  int mode = 0;
  int64_t axis = -1;
  /** By what they are; those that are not given have no sizes. */
  std::vector<Tensor> inputs, outputs;
  /** What is done with the scores of an attention, from one tensor to another. */
  std::shared_ptr<const std::vector<Operation>> between;
  int64_t from = 0, to = 0;
};

/** Elements of a tensor, the last axis first. */
struct Values {
  Sizes sizes;
  std::vector<double> data;
};
using Known = std::map<int64_t, Values>;

inline int64_t countOf(const Sizes& sizes) {
  int64_t count = 1;
  for (const int64_t n : sizes) count *= n;
  return count;
}

/** For each place of an array of these sizes, in order. */
inline void each(const Sizes& sizes, const std::function<void(const Sizes& at)>& work) {
  Sizes at(sizes.size(), 0);
  for (int64_t n = countOf(sizes); n > 0; n--) {
    work(at);
    for (size_t i = sizes.size(); i-- > 0 && ++at[i] == sizes[i];) at[i] = 0;
  }
}

/** An element for a place of an array that has as many along each axis, or several times as many: these share one. */
inline double element(const Values& x, const Sizes& at, const Sizes& whole) {
  int64_t place = 0;
  for (size_t i = 0; i < at.size(); i++) place = place * x.sizes[i] + at[i] * x.sizes[i] / whole[i];
  return x.data[(size_t)place];
}

inline Values filled(const Tensor& like, const std::function<double(const Sizes& at)>& of) {
  Values made{like.sizes, {}};
  each(like.sizes, [&](const Sizes& at) { made.data.push_back(rounded(like.type, of(at))); });
  return made;
}

inline double pointwise(int mode, double x, double b, double t) {
  switch (mode) {
    case kAdd: return x + b;
    case kMultiply: return x * b;
    case kDivide: return x / b;
    case kSubtract: return x - b;
    case kExp: return exp(x);
    case kLog: return log(x);
    case kNotLess: return x >= b;
    default: return t != 0 ? x : b;
  }
}

inline Values product(const Values& a, const Values& b, const Tensor& c) {
  const size_t row = c.sizes.size() - 2, column = row + 1;
  const int64_t depth = a.sizes[column];
  Sizes wholeA = c.sizes, wholeB = c.sizes;
  wholeA[column] = wholeB[row] = depth;
  return filled(c, [&](const Sizes& at) {
    Sizes left = at, right = at;
    double sum = 0;
    for (int64_t i = 0; i < depth; i++) {
      left[column] = right[row] = i;
      sum += element(a, left, wholeA) * element(b, right, wholeB);
    }
    return sum;
  });
}

inline Values reduced(int mode, const Values& x, const Tensor& y) {
  Values made{y.sizes, std::vector<double>((size_t)countOf(y.sizes), mode == kSum ? 0 : -INFINITY)};
  each(x.sizes, [&](const Sizes& at) {
    int64_t place = 0;
    for (size_t i = 0; i < at.size(); i++) place = place * y.sizes[i] + (y.sizes[i] == 1 ? 0 : at[i]);
    double& so = made.data[(size_t)place];
    const double value = element(x, at, x.sizes);
    so = mode == kSum ? so + value : value > so || isnan(value) ? value : so;
  });
  for (double& value : made.data) value = rounded(y.type, value);
  return made;
}

/** Shares along the last axis, and the logarithm of their sum where that is wanted. */
inline void softmax(const Values& x, const Tensor& y, const Tensor& stats, Known& known) {
  Tensor rows = y;
  rows.type = kFloat32;
  rows.sizes.back() = 1;
  const Values top = reduced(kLargest, x, rows);
  Tensor wide = y;
  wide.type = kFloat32;
  const Values powers =
      filled(wide, [&](const Sizes& at) { return exp(element(x, at, x.sizes) - element(top, at, x.sizes)); });
  const Values total = reduced(kSum, powers, rows);
  known[y.id] = filled(y, [&](const Sizes& at) { return element(powers, at, x.sizes) / element(total, at, x.sizes); });
  if (!stats.sizes.empty())
    known[stats.id] = filled(stats, [&](const Sizes& at) {
      return element(top, at, rows.sizes) + log(element(total, at, rows.sizes));
    });
}

inline void compute(const std::vector<Operation>& operations, Known& known);

/** Scores of rows and keys, what is done with them, shares in the type of what is given, and their product with the values. */
inline void attention(const Operation& o, Known& known) {
  const Tensor &q = o.inputs[0], &k = o.inputs[1], &v = o.inputs[2], &scale = o.inputs[3];
  const Tensor &y = o.outputs[0], &stats = o.outputs[1];
  Tensor scores = q;
  scores.type = kFloat32;
  scores.id = o.between == nullptr ? -1 : o.from;
  scores.sizes[3] = k.sizes[2];
  const Values turned = [&] {
    Tensor like = k;
    std::swap(like.sizes[2], like.sizes[3]);
    return filled(like, [&](const Sizes& at) { return element(known.at(k.id), {at[0], at[1], at[3], at[2]}, k.sizes); });
  }();
  Values found = product(known.at(q.id), turned, scores);
  const double factor = scale.sizes.empty() ? 1 : known.at(scale.id).data[0];
  for (double& value : found.data) value = rounded(kFloat32, value * factor);
  known[scores.id] = found;
  if (o.between != nullptr) compute(*o.between, known);
  Tensor shares = scores;
  shares.type = q.type;
  shares.id = -2;
  softmax(known.at(o.between == nullptr ? scores.id : o.to), shares, stats, known);
  known[y.id] = product(known.at(shares.id), known.at(v.id), y);
}

inline void compute(const Operation& o, Known& known) {
  const auto input = [&](size_t i) -> const Values* {
    return i < o.inputs.size() && !o.inputs[i].sizes.empty() ? &known.at(o.inputs[i].id) : nullptr;
  };
  const Tensor& y = o.outputs[0];
  const auto at = [&](size_t i, const Sizes& place) {
    return input(i) == nullptr ? 0.0 : element(*input(i), place, y.sizes);
  };
  switch (o.kind) {
    case Kind::kProduct: known[y.id] = product(*input(0), *input(1), y); break;
    case Kind::kReduction: known[y.id] = reduced(o.mode, *input(0), y); break;
    case Kind::kSoftmax: softmax(*input(0), y, o.outputs[1], known); break;
    case Kind::kAttention: attention(o, known); break;
    case Kind::kBand:  // the place of the row compared with that of the column
      known[y.id] = filled(y, [&](const Sizes& p) {
        return pointwise(o.mode, (double)p[2], (double)p[3], 0) != 0 ? at(0, p) : at(1, p);
      });
      break;
    case Kind::kPointwise:
      known[y.id] = filled(y, [&](const Sizes& p) {
        return o.mode == kIndex ? (double)p[(size_t)o.axis] : pointwise(o.mode, at(0, p), at(1, p), at(2, p));
      });
  }
}

inline void compute(const std::vector<Operation>& operations, Known& known) {
  for (const Operation& o : operations) compute(o, known);
}

}  // namespace emulation
