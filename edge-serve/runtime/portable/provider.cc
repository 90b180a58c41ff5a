#include "fedge/engine/portable/provider.h"

#include <variant>

#include "fedge/engine/portable/kernels.h"

namespace fedge {
namespace {

bool TakesPostOps(const Op& op) {
  return std::holds_alternative<op::Conv>(op) || std::holds_alternative<op::Linear>(op) ||
         std::holds_alternative<op::MatMul>(op);
}

class PortableProvider : public KernelProvider {
 public:
  std::string_view name() const override { return "portable"; }

  std::unique_ptr<const Kernel> Make(const KernelRequest& request) const override {
    if (!request.post_ops.empty() && !TakesPostOps(request.node.op)) return nullptr;
    return std::visit([&](const auto& op) { return portable::Make(op, request); }, request.node.op);
  }
};

}  // namespace

std::unique_ptr<KernelProvider> MakePortableProvider() {
  return std::make_unique<PortableProvider>();
}

}  // namespace fedge
