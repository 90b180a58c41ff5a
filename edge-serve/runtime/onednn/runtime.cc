#include "fedge/engine/onednn/runtime.h"

#include <algorithm>
#include <array>

namespace fedge::onednn {
namespace {

dnnl_data_type_t TypeOf(DType dtype) {
  switch (dtype) {
    case DType::kBFloat16:
      return dnnl_bf16;
    case DType::kUInt8:
      return dnnl_u8;
    case DType::kInt8:
      return dnnl_s8;
    default:
      return dnnl_f32;
  }
}

bool Includes(unsigned isa, unsigned other) { return (isa & other) == other; }

}  // namespace

Result<std::shared_ptr<const Runtime>> Runtime::Make(std::shared_ptr<const Library> library,
                                                     int threads) {
  auto runtime = std::make_shared<Runtime>();
  dnnl_engine_t engine = nullptr;
  if (library->engine_create(&engine, dnnl_cpu, 0) != dnnl_success) {
    return Internal("oneDNN has no engine for this CPU");
  }
  runtime->engine_ = {engine, library->engine_destroy};
  runtime->library_ = std::move(library);
  runtime->threads_ = std::max(threads, 1);
  return std::shared_ptr<const Runtime>(std::move(runtime));
}

bool Runtime::has_gemm() const {
  std::call_once(gemm_tried_, [this] {
    constexpr dnnl_dim_t n = 4;
    const std::array<float, n* n> ones = [] {
      std::array<float, n * n> filled{};
      filled.fill(1);
      return filled;
    }();
    std::array<float, n * n> product{};
    has_gemm_ = library_->sgemm('N', 'N', n, n, n, 1, ones.data(), n, ones.data(), n, 0,
                                product.data(), n) == dnnl_success &&
                product.back() == static_cast<float>(n);
  });
  return has_gemm_;
}

bool Runtime::Takes(DType dtype) const {
  if (dtype == DType::kFloat32) return true;
  // Elsewhere it would be emulated.
  return dtype == DType::kBFloat16 &&
         (library_->get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) ==
             dnnl_cpu_isa_avx512_core_bf16;
}

Runtime::ByteProducts Runtime::byte_products() const {
  const auto isa = static_cast<unsigned>(library_->get_effective_cpu_isa());
  if (Includes(isa, dnnl_cpu_isa_avx512_core_vnni) || Includes(isa, dnnl_cpu_isa_avx2_vnni)) {
    return ByteProducts::kExact;
  }
  return Includes(isa, dnnl_cpu_isa_avx2) ? ByteProducts::kInPairs : ByteProducts::kNone;
}

Handle<dnnl_memory_t> Runtime::MakeMemory(const dnnl_memory_desc_t& desc, void* data) const {
  dnnl_memory_t memory = nullptr;
  if (library_->memory_create(&memory, &desc, engine(), data) != dnnl_success) return {};
  return {memory, library_->memory_destroy};
}

Handle<dnnl_stream_t> Runtime::MakeStream() const {
  dnnl_stream_t stream = nullptr;
  if (library_->stream_create(&stream, engine(), dnnl_stream_default_flags) != dnnl_success) {
    return {};
  }
  return {stream, library_->stream_destroy};
}

std::optional<dnnl_memory_desc_t> Runtime::Describe(DType dtype, std::span<const std::int64_t> dims,
                                                    std::span<const std::int64_t> strides) const {
  if (dims.empty() || dims.size() > DNNL_MAX_NDIMS) return std::nullopt;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] < 1 || (dims[d] > 1 && strides[d] < 1)) return std::nullopt;
  }
  dnnl_dims_t sizes = {}, steps = {};
  std::copy(dims.begin(), dims.end(), sizes);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    steps[d] = std::max<std::int64_t>(strides[d], 1);
  }
  dnnl_memory_desc_t desc = {};
  const dnnl_status_t status = library_->memory_desc_init_by_strides(
      &desc, static_cast<int>(dims.size()), sizes, TypeOf(dtype), steps);
  if (status != dnnl_success) return std::nullopt;
  return desc;
}

std::size_t Runtime::Bytes(const dnnl_memory_desc_t& desc) const {
  return library_->memory_desc_get_size(&desc);
}

ThreadsHere::ThreadsHere(const Runtime& runtime, int threads) {
  if (runtime->omp_set_num_threads == nullptr || runtime->omp_get_max_threads == nullptr) return;
  before_ = runtime->omp_get_max_threads();
  if (before_ == threads) return;
  set_ = runtime->omp_set_num_threads;
  set_(threads);
}

ThreadsHere::~ThreadsHere() {
  if (set_ != nullptr) set_(before_);
}

dnnl_memory_desc_t AnyLayout(dnnl_memory_desc_t desc) {
  desc.format_kind = dnnl_format_kind_any;
  desc.format_desc = {};
  return desc;
}

}  // namespace fedge::onednn
