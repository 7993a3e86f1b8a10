// Atomic operations on watched memory, global and shared; each gives what was there before ("Atomic Functions" of the CUDA C++
// Programming Guide). They do not race with each other; sums of floats depend on their order, and it is for the kernel not to mind.
#pragma once
#include "memory.h"

namespace emulation __attribute__((visibility("default"))) {

template <typename T, typename Change>
T update(const Reference<T>& at, Change change) {
  if (!here.machine->updates(at)) return T();
  const T before = *(const T*)at.bytes;
  *(T*)at.bytes = change(before);
  return before;
}

/** An operand as it is converted to what it is an operand for. */
template <typename T>
struct Same {
  typedef T Type;
};
template <typename T>
using Operand = typename Same<T>::Type;

}  // namespace emulation

#define TENON_ATOMIC(name, changed)                                                                  \
  template <typename T>                                                                              \
  T name(const emulation::Reference<T>& at, emulation::Operand<T> b) {                               \
    return emulation::update(at, [&](T a) -> T { return changed; });                                 \
  }
TENON_ATOMIC(atomicAdd, a + b)
TENON_ATOMIC(atomicSub, a - b)
TENON_ATOMIC(atomicMin, b < a ? b : a)
TENON_ATOMIC(atomicMax, a < b ? b : a)
TENON_ATOMIC(atomicAnd, a & b)
TENON_ATOMIC(atomicOr, a | b)
TENON_ATOMIC(atomicXor, a ^ b)
TENON_ATOMIC(atomicExch, b)
#undef TENON_ATOMIC

template <typename T>
T atomicCAS(const emulation::Reference<T>& at, emulation::Operand<T> expected, emulation::Operand<T> value) {
  return emulation::update(at, [&](T a) -> T { return a == expected ? value : a; });
}
