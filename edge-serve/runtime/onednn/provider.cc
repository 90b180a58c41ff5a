#include "fedge/engine/onednn/provider.h"

#include <utility>
#include <variant>

#include "fedge/engine/onednn/kernels.h"

namespace fedge {
namespace {

class OneDnnProvider final : public KernelProvider {
 public:
  OneDnnProvider(onednn::RuntimePtr runtime, std::size_t small_linear_bytes)
      : runtime_(std::move(runtime)), small_linear_bytes_(small_linear_bytes) {}

  std::string_view name() const override { return "onednn"; }

  std::unique_ptr<const Kernel> Make(const KernelRequest& request) const override {
    if (const auto* op = std::get_if<op::Conv>(&request.node.op)) {
      return onednn::Make(runtime_, *op, request);
    }
    if (std::holds_alternative<op::Linear>(request.node.op)) {
      return onednn::MakeLinear(runtime_, request, small_linear_bytes_);
    }
    if (const auto* op = std::get_if<op::MatMul>(&request.node.op)) {
      return onednn::Make(runtime_, *op, request);
    }
    if (const auto* op = std::get_if<op::QuantConv>(&request.node.op)) {
      return onednn::Make(runtime_, *op, request);
    }
    if (std::holds_alternative<op::QuantLinear>(request.node.op)) {
      return onednn::MakeQuantLinear(runtime_, request);
    }
    return nullptr;
  }

 private:
  const onednn::RuntimePtr runtime_;
  const std::size_t small_linear_bytes_;
};

}  // namespace

Result<std::shared_ptr<const KernelProvider>> MakeOneDnnProvider(OneDnnOptions options) {
  FEDGE_ASSIGN_OR_RETURN(auto library,
                         onednn::Library::Open(options.library, options.own_symbols_first));
  FEDGE_ASSIGN_OR_RETURN(auto runtime, onednn::Runtime::Make(std::move(library), options.threads));
  return std::shared_ptr<const KernelProvider>(
      std::make_shared<OneDnnProvider>(std::move(runtime), options.small_linear_bytes));
}

}  // namespace fedge
