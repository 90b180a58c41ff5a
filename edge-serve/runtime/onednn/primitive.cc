#include "fedge/engine/onednn/primitive.h"

#include <string_view>

namespace fedge::onednn {
namespace {

std::string_view Implementation(const Runtime& runtime, const_dnnl_primitive_desc_t desc) {
  const char* name = "";
  runtime->primitive_desc_query(desc, dnnl_query_impl_info_str, 0, static_cast<void*>(&name));
  return name;
}

dnnl_memory_desc_t Query(const Runtime& runtime, const_dnnl_primitive_desc_t desc,
                         dnnl_query_t what) {
  const dnnl_memory_desc_t* const found = runtime->primitive_desc_query_md(desc, what, 0);
  return found == nullptr ? dnnl_memory_desc_t{} : *found;
}

}  // namespace

Description Description::Make(const Runtime& runtime, const void* operator_desc,
                              dnnl_primitive_attr_t attributes) {
  Description made;
  dnnl_primitive_desc_t desc = nullptr;
  if (runtime->primitive_desc_create(&desc, operator_desc, attributes, runtime.engine(), nullptr) !=
      dnnl_success) {
    return made;
  }
  made.desc_ = {desc, runtime->primitive_desc_destroy};
  const std::string_view implementation = Implementation(runtime, desc);
  if (implementation.find("ref") != std::string_view::npos) return {};
  if (implementation.starts_with("gemm:") && !runtime.has_gemm()) return {};
  return made;
}

dnnl_memory_desc_t Description::weights(const Runtime& runtime) const {
  return Query(runtime, desc_.get(), dnnl_query_weights_md);
}

dnnl_memory_desc_t Description::scratchpad(const Runtime& runtime) const {
  return Query(runtime, desc_.get(), dnnl_query_scratchpad_md);
}

std::string_view Description::implementation(const Runtime& runtime) const {
  return Implementation(runtime, desc_.get());
}

bool Description::is_brgemm(const Runtime& runtime) const {
  return Implementation(runtime, desc_.get()).starts_with("brg");
}

std::unique_ptr<const Primitive> Primitive::Make(RuntimePtr runtime, const Description& description,
                                                 std::span<const Argument> tensors,
                                                 std::span<const PackedArgument> constants) {
  std::unique_ptr<Primitive> made(new Primitive);
  dnnl_primitive_t primitive = nullptr;
  if ((*runtime)->primitive_create(&primitive, description.get()) != dnnl_success) return nullptr;
  made->primitive_ = {primitive, (*runtime)->primitive_destroy};
  made->tensors_.assign(tensors.begin(), tensors.end());
  for (const PackedArgument& constant : constants) {
    made->packed_.push_back(constant.bytes);
    // oneDNN takes mutable memory, but does not write to what it reads.
    auto memory =
        runtime->MakeMemory(constant.argument.desc, const_cast<std::byte*>(constant.bytes.get()));
    if (!memory) return nullptr;
    made->constants_.emplace_back(constant.argument.number, std::move(memory));
  }
  const dnnl_memory_desc_t scratchpad = description.scratchpad(*runtime);
  if (scratchpad.ndims > 0) made->scratch_bytes_ = runtime->Bytes(scratchpad);
  if (made->scratch_bytes_ > 0) made->tensors_.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
  made->runtime_ = std::move(runtime);
  auto run = made->MakeRun();
  if (run == nullptr) return nullptr;
  made->GiveBack(std::move(run));
  return made;
}

Primitive::~Primitive() {
  for (auto& slot : idle_) delete slot.exchange(nullptr);
}

std::unique_ptr<Primitive::Run> Primitive::MakeRun() const {
  auto run = std::make_unique<Run>();
  run->stream = runtime_->MakeStream();
  if (!run->stream) return nullptr;
  for (const Argument& tensor : tensors_) {
    run->tensors.push_back(runtime_->MakeMemory(tensor.desc, DNNL_MEMORY_NONE));
    if (!run->tensors.back()) return nullptr;
    run->arguments.push_back({tensor.number, run->tensors.back().get()});
  }
  for (const auto& [number, memory] : constants_) run->arguments.push_back({number, memory.get()});
  return run;
}

std::unique_ptr<Primitive::Run> Primitive::TakeRun() const {
  for (auto& slot : idle_) {
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    if (Run* const run = slot.exchange(nullptr)) return std::unique_ptr<Run>(run);
  }
  return MakeRun();
}

void Primitive::GiveBack(std::unique_ptr<Run> run) const {
  for (auto& slot : idle_) {
    Run* expected = nullptr;
    if (slot.compare_exchange_strong(expected, run.get())) {
      run.release();
      return;
    }
  }
}

Primitive::Session::Session(const Primitive& primitive)
    : primitive_(primitive), run_(primitive.TakeRun()) {}

Primitive::Session::~Session() {
  if (run_ != nullptr) primitive_.GiveBack(std::move(run_));
}

Status Primitive::Session::Execute(std::span<std::byte* const> data, std::byte* scratch) {
  if (run_ == nullptr) return ResourceExhausted("oneDNN can make no memory objects");
  const Runtime& runtime = *primitive_.runtime_;
  dnnl_status_t status = dnnl_success;
  for (std::size_t i = 0; i < run_->tensors.size() && status == dnnl_success; ++i) {
    status = runtime->memory_set_data_handle(run_->tensors[i].get(),
                                             i < data.size() ? data[i] : scratch);
  }
  if (status == dnnl_success) {
    status = runtime->primitive_execute(primitive_.primitive_.get(), run_->stream.get(),
                                        static_cast<int>(run_->arguments.size()),
                                        run_->arguments.data());
  }
  if (status != dnnl_success) {
    return Internal("oneDNN failed with its status {}", static_cast<int>(status));
  }
  return OkStatus();
}

}  // namespace fedge::onednn
