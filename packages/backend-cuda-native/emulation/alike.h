// Whether functions are declared alike, for what the addon declares by itself of NVIDIA's libraries.
#pragma once
#include <type_traits>

#include "../native/driver.h"

/** Whether both are passed alike: handles and enumerations have other names here, and addresses of the device are numbers. */
template <typename Ours, typename Theirs>
constexpr bool alike = sizeof(Ours) == sizeof(Theirs) && std::is_floating_point_v<Ours> == std::is_floating_point_v<Theirs> &&
                       (std::is_pointer_v<Ours> == std::is_pointer_v<Theirs> || std::is_same_v<Ours, tenon::cu::Pointer>);

template <typename Ours, typename Theirs>
constexpr bool same = false;
template <typename R, typename... A, typename S, typename... B>
  requires(sizeof...(A) == sizeof...(B))
constexpr bool same<R(A...), S(B...)> = (alike<R, S> && ... && alike<A, B>);
