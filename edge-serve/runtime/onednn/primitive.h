#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "fedge/engine/onednn/runtime.h"

namespace fedge::onednn {

// A tensor that a primitive reads or writes, by oneDNN's number of the argument.
struct Argument {
  int number = 0;
  dnnl_memory_desc_t desc = {};
};

// Constants that a primitive reads: those of `argument`, packed.
struct PackedArgument {
  Argument argument;
  Packer::Packed bytes;
};

// A primitive descriptor, which knows layouts and code but is not compiled yet.
class Description {
 public:
  // What there is for an operator's descriptor and its attributes. None: there is only reference
  // code, or what there is does not run.
  static Description Make(const Runtime& runtime, const void* operator_desc,
                          dnnl_primitive_attr_t attributes);

  explicit operator bool() const { return static_cast<bool>(desc_); }
  const_dnnl_primitive_desc_t get() const { return desc_.get(); }
  dnnl_memory_desc_t weights(const Runtime& runtime) const;
  dnnl_memory_desc_t scratchpad(const Runtime& runtime) const;
  // Whether it is one of the batched products (BRGEMM): see linear.cc.
  bool is_brgemm(const Runtime& runtime) const;
  // oneDNN's name of the code: "jit_int8:avx2".
  std::string_view implementation(const Runtime& runtime) const;

 private:
  Handle<dnnl_primitive_desc_t> desc_;
};

// One primitive for tensors of fixed layouts. Immutable but for a few memory objects that are kept
// for the next run; thread-safe.
class Primitive {
  struct Run;

 public:
  // nullptr: oneDNN could not make it.
  static std::unique_ptr<const Primitive> Make(RuntimePtr runtime, const Description& description,
                                               std::span<const Argument> tensors,
                                               std::span<const PackedArgument> constants);
  ~Primitive();
  Primitive(const Primitive&) = delete;
  Primitive& operator=(const Primitive&) = delete;

  std::size_t scratch_bytes() const { return scratch_bytes_; }

  // What one thread uses for some executions in a row.
  class Session {
   public:
    explicit Session(const Primitive& primitive);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // `data` of the tensors, in Make's order; kInternal: oneDNN failed.
    Status Execute(std::span<std::byte* const> data, std::byte* scratch);

   private:
    const Primitive& primitive_;
    std::unique_ptr<Run> run_;
  };

 private:
  // What an execution needs of its own: memory objects hold the addresses.
  struct Run {
    Handle<dnnl_stream_t> stream;
    std::vector<Handle<dnnl_memory_t>> tensors;  // the last one is the scratchpad
    std::vector<dnnl_exec_arg_t> arguments;
  };

  Primitive() = default;
  std::unique_ptr<Run> MakeRun() const;
  std::unique_ptr<Run> TakeRun() const;
  void GiveBack(std::unique_ptr<Run> run) const;

  RuntimePtr runtime_;
  Handle<dnnl_primitive_t> primitive_;
  std::vector<Argument> tensors_;  // with the scratchpad, if there is one
  std::vector<Packer::Packed> packed_;
  std::vector<std::pair<int, Handle<dnnl_memory_t>>> constants_;
  std::size_t scratch_bytes_ = 0;
  // So that as many threads run it without making any.
  mutable std::array<std::atomic<Run*>, 8> idle_ = {};
};

}  // namespace fedge::onednn
