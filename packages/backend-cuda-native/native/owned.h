#pragma once
#include <functional>
#include <memory>
#include <type_traits>

namespace tenon {

/** Something of a library's that is destroyed with its owner. */
template <typename Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, std::function<void(Handle)>>;

}  // namespace tenon
