#pragma once

// Vectors of the instruction set that the including file is compiled for. For files of which there
// is one per instruction set, and nowhere else: everything here has internal linkage, and nothing
// is called that is inline elsewhere, so that no code of a newer instruction set gets out.

#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#define FEDGE_INLINE [[gnu::always_inline]] inline

namespace fedge::portable {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr std::size_t kVectorBytes = 32;
#else
constexpr std::size_t kVectorBytes = 16;
#endif

// GCC's and Clang's vector types.
template <class T>
struct Vector {
  typedef T Type __attribute__((vector_size(kVectorBytes)));
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  static constexpr std::size_t kLanes = kVectorBytes / sizeof(T);
};
using Floats = Vector<float>::Type;
using Doubles = Vector<double>::Type;

template <class T>
FEDGE_INLINE typename Vector<T>::Type LoadVector(const T* from) {
  return *reinterpret_cast<const typename Vector<T>::Unaligned*>(from);
}

template <class T>
FEDGE_INLINE void StoreVector(T* to, typename Vector<T>::Type vector) {
  *reinterpret_cast<typename Vector<T>::Unaligned*>(to) = vector;
}

// Lane i has the number of lane i + kBy, around the end.
template <std::size_t kBy, class V, std::size_t... kLane>
FEDGE_INLINE V Rotated(V vector, std::index_sequence<kLane...>) {
  return __builtin_shufflevector(vector, vector, ((kLane + kBy) % sizeof...(kLane))...);
}
template <std::size_t kBy, class T>
FEDGE_INLINE typename Vector<T>::Type Rotated(typename Vector<T>::Type vector) {
  return Rotated<kBy>(vector, std::make_index_sequence<Vector<T>::kLanes>());
}

// How much of a vector there is in memory: all of it, or its first numbers at a row's end.
struct Whole {};
struct Some {
  std::int64_t count;
};

template <class T>
FEDGE_INLINE typename Vector<T>::Type Load(const T* from, Whole) {
  return LoadVector(from);
}
template <class T>
FEDGE_INLINE void Store(T* to, typename Vector<T>::Type vector, Whole) {
  StoreVector(to, vector);
}

// The other lanes are 0.
template <class T>
FEDGE_INLINE typename Vector<T>::Type Load(const T* from, Some some) {
  T lanes[Vector<T>::kLanes] = {};
  for (std::int64_t i = 0; i < some.count; ++i) lanes[i] = from[i];
  return LoadVector(lanes);
}
template <class T>
FEDGE_INLINE void Store(T* to, typename Vector<T>::Type vector, Some some) {
  T lanes[Vector<T>::kLanes];
  StoreVector(lanes, vector);
  for (std::int64_t i = 0; i < some.count; ++i) to[i] = lanes[i];
}

#if defined(__AVX512F__)
FEDGE_INLINE __mmask16 MaskOf(Some some) { return static_cast<__mmask16>((1U << some.count) - 1); }
FEDGE_INLINE Floats Load(const float* from, Some some) {
  return _mm512_maskz_loadu_ps(MaskOf(some), from);
}
FEDGE_INLINE void Store(float* to, Floats vector, Some some) {
  _mm512_mask_storeu_ps(to, MaskOf(some), vector);
}
#elif defined(__AVX2__)
FEDGE_INLINE __m256i MaskOf(Some some) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(some.count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
FEDGE_INLINE Floats Load(const float* from, Some some) {
  return _mm256_maskload_ps(from, MaskOf(some));
}
FEDGE_INLINE void Store(float* to, Floats vector, Some some) {
  _mm256_maskstore_ps(to, MaskOf(some), vector);
}
#endif

// Lanes that are not in memory become `other`.
template <class V, class T>
FEDGE_INLINE V OrElse(V vector, Whole, T) {
  return vector;
}
template <class V, class T>
FEDGE_INLINE V OrElse(V vector, Some some, T other) {
  using Numbers = decltype(vector < vector);
  Numbers lane = {};
  for (std::size_t i = 0; i < Vector<T>::kLanes; ++i) lane[i] = static_cast<std::int32_t>(i);
  return lane < static_cast<std::int32_t>(some.count) ? vector : other - V{};
}

}  // namespace
}  // namespace fedge::portable
