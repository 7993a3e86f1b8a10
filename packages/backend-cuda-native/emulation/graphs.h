// Graphs of operations as cuDNN is told of them by descriptors: what is wrong with one, and what its engines for attention do not take.
#pragma once
#include <algorithm>
#include <set>

#include "descriptors.h"

namespace emulation {

inline std::string number(int64_t x) { return std::to_string(x); }

/** What is wrong with a tensor; empty where nothing is. */
inline std::string faultOf(const Tensor& x) {
  if (!isType(x.type)) return "a tensor is of type " + number(x.type);
  if (x.sizes.size() != x.strides.size()) return "a tensor has more sizes than strides, or fewer";
  if (x.sizes.size() < 3) return "a tensor has " + number((int64_t)x.sizes.size()) + " axes";
  if (x.alignment < 1 || (x.alignment & (x.alignment - 1)) != 0) return "an alignment of " + number(x.alignment);
  if (x.isVirtual && x.isByValue) return "a tensor is virtual and on the host";
  for (const int64_t n : x.sizes)
    if (n < 1) return "a size is " + number(n);
  for (const int64_t n : x.strides)
    if (n < 1) return "a stride is " + number(n);
  return "";
}

inline Tensor tensorOf(const Descriptor* d) {
  if (d == nullptr) return {};
  Tensor x;
  x.id = d->one<int64_t>(906);
  x.type = d->one<int>(901);
  x.sizes = d->all<int64_t>(902);
  x.strides = d->all<int64_t>(903);
  x.alignment = d->one<int64_t>(900);
  x.isVirtual = d->one<char>(907) != 0;
  x.isByValue = d->one<char>(908) != 0;
  return x;
}

inline Operation operationOf(const Descriptor& d) {
  const auto tensors = [&](std::initializer_list<int> names) {
    std::vector<Tensor> made;
    for (const int name : names) made.push_back(tensorOf(d.other(name)));
    return made;
  };
  Operation o{};
  switch (d.type) {
    case kMatmulOperation: return {Kind::kProduct, 0, -1, tensors({1520, 1521}), tensors({1522}), nullptr, 0, 0};
    case kReductionOperation:
      return {Kind::kReduction, d.other(1612)->one<int>(1600), -1, tensors({1610}), tensors({1611}), nullptr, 0, 0};
    case kPointwiseOperation:
      return {Kind::kPointwise, d.other(750)->one<int>(0), d.other(750)->one<int64_t>(9, -1),
              tensors({751, 752, 758}), tensors({753}), nullptr, 0, 0};
    case kBandOperation: return {Kind::kBand, d.one<int>(3007), -1, tensors({3000, 3005}), tensors({3006}), nullptr, 0, 0};
    case kSoftmaxOperation: return {Kind::kSoftmax, 0, -1, tensors({3100}), tensors({3101, 3102}), nullptr, 0, 0};
    default: break;
  }
  o = {Kind::kAttention, 0, -1, tensors({2800, 2801, 2802, 2805}), tensors({2803, 2804}), nullptr, 0, 0};
  if (const Descriptor* softmax = d.other(2814)) o.outputs[1] = tensorOf(softmax->other(3102));
  if (const Descriptor* between = d.other(2811)) {
    o.between = std::make_shared<const std::vector<Operation>>(between->program->operations);
    o.from = d.one<int64_t>(2812);
    o.to = d.one<int64_t>(2813);
  }
  return o;
}

/** Whether an array may stand for a larger one: as many along each axis, or one of which there are several, in groups for products. */
inline bool spreads(const Tensor& x, const Sizes& to, size_t grouped) {
  if (x.sizes.size() != to.size()) return false;
  for (size_t i = 0; i < to.size(); i++)
    if (i < grouped ? to[i] % x.sizes[i] != 0 : x.sizes[i] != 1 && x.sizes[i] != to[i]) return false;
  return true;
}

inline std::string faultOf(const Operation& o) {
  const Tensor& y = o.outputs[0];
  const size_t rank = y.sizes.size();
  if (y.isByValue) return "what is computed is on the host";
  if (o.kind == Kind::kProduct) {
    const Tensor &a = o.inputs[0], &b = o.inputs[1];
    if (a.sizes.size() != rank || b.sizes.size() != rank) return "factors of other ranks than the product's";
    if (a.sizes[rank - 1] != b.sizes[rank - 2])
      return "k is " + number(a.sizes[rank - 1]) + " in A and " + number(b.sizes[rank - 2]) + " in B";
    Sizes left = y.sizes, right = y.sizes;
    left[rank - 1] = right[rank - 2] = a.sizes[rank - 1];
    return spreads(a, left, rank - 2) && spreads(b, right, rank - 2) ? "" : "factors do not have the product's rows, columns and batches";
  }
  if (o.kind == Kind::kReduction) {
    if (o.mode != kSum && o.mode != kLargest) return "a reduction that is not known here";
    return spreads(y, o.inputs[0].sizes, 0) ? "" : "a reduction to sizes that its operand does not have";
  }
  if (o.kind == Kind::kSoftmax) return o.inputs[0].sizes == y.sizes ? "" : "shares of other sizes than what they are of";
  if (o.kind == Kind::kPointwise) {
    const std::set<int> binary = {kAdd, kMultiply, kDivide, kSubtract, kNotLess}, unary = {kExp, kLog, kIndex};
    const bool hasB = !o.inputs[1].sizes.empty(), hasT = !o.inputs[2].sizes.empty();
    const bool fits = o.mode == kSelect ? hasB && hasT : binary.count(o.mode) ? hasB && !hasT : unary.count(o.mode) && !hasB && !hasT;
    if (!fits) return "mode " + number(o.mode) + " is not known here, or not with these operands";
    if ((o.mode == kIndex) != (o.axis >= 0) || o.axis >= (int64_t)rank) return "an axis of " + number(o.axis);
    if (o.mode == kSelect && o.inputs[2].type != kBoolean) return "a selection by what is not boolean";
  }
  if (o.kind == Kind::kAttention) {
    const Sizes &q = o.inputs[0].sizes, &k = o.inputs[1].sizes, &v = o.inputs[2].sizes, &all = y.sizes;
    if (q.size() != 4 || k.size() != 4 || v.size() != 4 || rank != 4) return "an attention of other ranks";
    const bool fits = q == Sizes{all[0], all[1], all[2], k[3]} && v == Sizes{k[0], k[1], k[2], all[3]} && k[0] == q[0] && q[1] % k[1] == 0;
    return fits ? "" : "operands of an attention that do not fit each other";
  }
  for (const Tensor& x : o.inputs)
    if (!x.sizes.empty() && !spreads(x, y.sizes, 0)) return "operands of sizes that do not spread over the result's";
  return "";
}

/** What the engines for attention do not take. */
inline std::string unsupported(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& y, const Tensor& stats, int shares) {
  if (q.type != kFloat16 && q.type != kBfloat16) return "attention of other types than floats of 16 bits";
  for (const Tensor* x : {&k, &v, &y})
    if (x->type != q.type) return "operands of several types";
  if (shares != q.type) return "shares are not of the operands' type";
  for (const Tensor* x : {&q, &v, &y}) {
    if (x->strides[3] != 1) return "features do not lie side by side";
    if (x->sizes[3] % 8 != 0 || x->sizes[3] > 128) return number(x->sizes[3]) + " features";
  }
  for (const Tensor* x : {&q, &k, &v, &y}) {
    if (x->alignment % 16 != 0) return "operands that are not aligned to 16 bytes";
    if (x->isVirtual || x->isByValue) return "operands that are not in memory";
    for (const int64_t stride : x->strides)
      if (stride != 1 && stride % 8 != 0) return "rows that are not aligned to 16 bytes";
  }
  if (stats.sizes.empty()) return "";
  if (stats.type != kFloat32 || stats.isVirtual) return "statistics that are not float32 in memory";
  const Sizes &n = stats.sizes, packed = {n[1] * n[2], n[2], 1, 1};
  return n == Sizes{q.sizes[0], q.sizes[1], q.sizes[2], 1} && stats.strides == packed ? "" : "statistics that are not packed";
}

inline std::string unsupported(const Program& p) {
  std::vector<const Operation*> products;
  Tensor stats;
  for (const Operation& o : p.operations) {
    if (o.kind == Kind::kAttention)
      return unsupported(o.inputs[0], o.inputs[1], o.inputs[2], o.outputs[0], o.outputs[1], o.inputs[0].type);
    if (o.kind == Kind::kProduct) products.push_back(&o);
    else if (!o.outputs[0].isVirtual) stats = o.outputs[0];
  }
  if (products.size() < 2) return "";
  if (products.size() > 2) return "more than two products";
  const auto &[first, second] = std::pair(*products[0], *products[1]);
  const auto isLogarithm = [](const Operation& o) { return o.kind == Kind::kPointwise && o.mode == kLog; };
  if (std::none_of(p.operations.begin(), p.operations.end(), isLogarithm)) return "no logarithm of the sums";
  Tensor k = first.inputs[1];
  if (k.strides[2] != 1) return "features of keys do not lie side by side";
  return unsupported(first.inputs[0], k, second.inputs[1], second.outputs[0], stats, second.inputs[0].type);
}

/** Reads the operations of a graph, each of whose tensors is what it is elsewhere, and is there when it is read; gives what is wrong. */
inline std::string readGraph(Descriptor& graph) {
  auto program = std::make_shared<Program>();
  std::set<int64_t> computed;
  std::string fault;
  const std::vector<Descriptor*> operations = graph.all<Descriptor*>(801);
  const auto meet = [&](const Tensor& x) {
    if (const auto [at, isNew] = program->tensors.emplace(x.id, x); !isNew && at->second != x) fault = "two tensors have the id " + number(x.id);
  };
  const auto visit = [&](const Operation& o, const auto& self) -> void {
    for (const Tensor& x : o.inputs) {
      if (x.sizes.empty()) continue;
      meet(x);
    }
    if (o.between != nullptr) {
      computed.insert(o.from);
      for (const Operation& inner : *o.between) self(inner, self);
      if (!computed.count(o.to)) fault = "what is done with scores does not give what is named as its result";
    }
    for (const Tensor& x : o.outputs) {
      if (x.sizes.empty()) continue;
      meet(x);
      if (!computed.insert(x.id).second) fault = "tensor " + number(x.id) + " is computed twice";
    }
  };
  for (const Descriptor* d : operations) program->operations.push_back(operationOf(*d));
  // of the part of an attention, the scores come from outside
  const bool isPart = std::all_of(operations.begin(), operations.end(), [](auto* d) { return d->type == kBandOperation; });
  if (isPart) computed.insert(program->operations[0].inputs[0].id);
  for (const Operation& o : program->operations) {
    for (const Tensor& x : o.inputs)
      if (!x.sizes.empty() && x.isVirtual && !computed.count(x.id)) fault = "tensor " + number(x.id) + " is read before it is computed";
    visit(o, visit);
  }
  if (fault.empty()) graph.program = program;
  return fault;
}

}  // namespace emulation
