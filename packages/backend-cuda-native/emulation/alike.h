// Whether functions are declared alike, for what the addon declares by itself of NVIDIA's libraries.
#pragma once
#include <type_traits>

template <typename T>
constexpr bool isNumber = std::is_integral_v<T> || std::is_enum_v<T>;

/** Whether both are passed alike: handles and enumerations have other names here. */
template <typename Ours, typename Theirs>
constexpr bool alike = sizeof(Ours) == sizeof(Theirs) && std::is_pointer_v<Ours> == std::is_pointer_v<Theirs> &&
                       isNumber<Ours> == isNumber<Theirs>;
template <>
constexpr bool alike<void, void> = true;

template <typename Ours, typename Theirs>
constexpr bool same = false;
template <typename R, typename... A, typename S, typename... B>
  requires(sizeof...(A) == sizeof...(B))
constexpr bool same<R(A...), S(B...)> = (alike<R, S> && ... && alike<A, B>);
