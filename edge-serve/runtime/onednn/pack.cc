#include "fedge/engine/onednn/pack.h"

#include <algorithm>
#include <string>

#include "fedge/engine/aligned_buffer.h"

namespace fedge::onednn {
namespace {

// All that tells one layout from another.
std::string FormOf(const dnnl_memory_desc_t& desc) {
  const auto rank = static_cast<std::size_t>(desc.ndims);
  std::string form =
      fmt::format("onednn {} {} [{}] [{}]", static_cast<int>(desc.data_type),
                  static_cast<int>(desc.format_kind), fmt::join(std::span(desc.dims, rank), ","),
                  fmt::join(std::span(desc.padded_dims, rank), ","));
  const dnnl_blocking_desc_t& blocking = desc.format_desc.blocking;
  const auto blocks = static_cast<std::size_t>(blocking.inner_nblks);
  return form + fmt::format(" [{}] [{}] [{}]", fmt::join(std::span(blocking.strides, rank), ","),
                            fmt::join(std::span(blocking.inner_blks, blocks), ","),
                            fmt::join(std::span(blocking.inner_idxs, blocks), ","));
}

Packer::Packed PackAlone(std::size_t bytes, const std::function<void(std::span<std::byte>)>& fill) {
  const auto made = internal::AllocateAligned(bytes);
  fill({made.get(), bytes});
  return made;
}

// Constant inputs[input] of the request; nullopt: oneDNN can't do it.
std::optional<PackedArgument> Pack(const Runtime& runtime, const KernelRequest& request,
                                   std::size_t input, const dnnl_memory_desc_t& from,
                                   const Argument& to) {
  // What else there is (Winograd's, RNNs') is not asked for.
  if (to.desc.format_kind != dnnl_blocked || to.desc.extra.flags != 0) return std::nullopt;
  dnnl_primitive_desc_t desc = nullptr;
  if (runtime->reorder_primitive_desc_create(&desc, &from, runtime.engine(), &to.desc,
                                             runtime.engine(), nullptr) != dnnl_success) {
    return std::nullopt;
  }
  const Handle<dnnl_primitive_desc_t> reorder_desc(desc, runtime->primitive_desc_destroy);
  dnnl_primitive_t primitive = nullptr;
  if (runtime->primitive_create(&primitive, desc) != dnnl_success) return std::nullopt;
  const Handle<dnnl_primitive_t> reorder(primitive, runtime->primitive_destroy);
  const auto stream = runtime.MakeStream();
  bool done = true;
  const auto fill = [&](std::span<std::byte> bytes) {
    const auto source = runtime.MakeMemory(from, request.inputs[input].data);
    const auto target = runtime.MakeMemory(to.desc, bytes.data());
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, source.get()},
                                         {DNNL_ARG_TO, target.get()}};
    done = source && target && stream &&
           runtime->primitive_execute(primitive, stream.get(), 2, arguments) == dnnl_success;
  };
  const std::size_t bytes = runtime.Bytes(to.desc);
  auto packed = request.packer == nullptr
                    ? PackAlone(bytes, fill)
                    : request.packer->Pack(input, FormOf(to.desc), bytes, fill);
  if (!done) return std::nullopt;
  return PackedArgument{to, std::move(packed)};
}

}  // namespace

std::vector<PackedArgument> PackConstants(const Runtime& runtime, const KernelRequest& request,
                                          const Packing& weights,
                                          const std::optional<Packing>& bias) {
  std::vector<PackedArgument> constants;
  auto packed = Pack(runtime, request, 1, weights.from, {DNNL_ARG_WEIGHTS, weights.to});
  if (!packed) return {};
  constants.push_back(std::move(*packed));
  if (!bias) return constants;
  packed = Pack(runtime, request, 2, bias->from, {DNNL_ARG_BIAS, bias->to});
  if (!packed) return {};
  constants.push_back(std::move(*packed));
  return constants;
}

}  // namespace fedge::onednn
