#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "fedge/engine/kernel.h"
#include "fedge/engine/onednn/library.h"

namespace fedge::onednn {

// Owns an object of oneDNN.
template <class T>
class Handle {
 public:
  using Destroy = dnnl_status_t (*)(T);

  Handle() = default;
  Handle(T object, Destroy destroy) : object_(object), destroy_(destroy) {}
  Handle(Handle&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)), destroy_(other.destroy_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(destroy_, other.destroy_);
    return *this;
  }
  ~Handle() {
    if (object_ != nullptr) destroy_(object_);
  }

  T get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T object_ = nullptr;
  Destroy destroy_ = nullptr;
};

// What all kernels of a provider share. Immutable, thread-safe; outlives them.
class Runtime {
 public:
  // kInternal: oneDNN has no CPU.
  static Result<std::shared_ptr<const Runtime>> Make(std::shared_ptr<const Library> library,
                                                     int threads);

  const Library* operator->() const { return library_.get(); }
  dnnl_engine_t engine() const { return engine_.get(); }
  int threads() const { return threads_; }
  // Whether the code named "gemm:..." runs. It does not where another oneDNN in the process has
  // taken its place (see OneDnnOptions): it is made without an error, and fails when it is
  // executed.
  bool has_gemm() const;
  // Whether there are kernels for tensors of this type.
  bool Takes(DType dtype) const;
  // How products of unsigned and signed bytes are added up. Without the instructions for it, two at
  // a time saturate at 16 bits.
  enum class ByteProducts { kNone, kInPairs, kExact };
  ByteProducts byte_products() const;

  Handle<dnnl_memory_t> MakeMemory(const dnnl_memory_desc_t& desc, void* data) const;
  Handle<dnnl_stream_t> MakeStream() const;
  // nullopt: oneDNN has no such layout. Sizes and strides of a part of a view, in its dtype.
  std::optional<dnnl_memory_desc_t> Describe(DType dtype, std::span<const std::int64_t> dims,
                                             std::span<const std::int64_t> strides) const;
  std::size_t Bytes(const dnnl_memory_desc_t& desc) const;

 private:
  std::shared_ptr<const Library> library_;
  Handle<dnnl_engine_t> engine_;
  int threads_ = 1;
  mutable std::once_flag gemm_tried_;
  mutable bool has_gemm_ = false;
};

using RuntimePtr = std::shared_ptr<const Runtime>;

// The OpenMP threads of what this thread starts, for as long as it lives: the setting is the
// thread's own, and others (LibTorch) may use the same OpenMP.
class ThreadsHere {
 public:
  explicit ThreadsHere(const Runtime& runtime, int threads);
  ~ThreadsHere();
  ThreadsHere(const ThreadsHere&) = delete;
  ThreadsHere& operator=(const ThreadsHere&) = delete;

 private:
  void (*set_)(int) = nullptr;
  int before_ = 0;
};

// A layout in oneDNN's own choice.
dnnl_memory_desc_t AnyLayout(dnnl_memory_desc_t desc);

}  // namespace fedge::onednn
