#include "fedge/learn/thread_random.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Generator.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <torch/library.h>

namespace fedge {
namespace {

thread_local const at::Generator* thread_generator = nullptr;

bool IsOptionalGenerator(const c10::Argument& argument) {
  const auto optional = argument.type()->cast<c10::OptionalType>();
  return optional != nullptr && optional->getElementType()->kind() == c10::TypeKind::GeneratorType;
}

bool OnCpu(const c10::IValue& value) {
  if (value.isTensor()) return !value.toTensor().defined() || value.toTensor().is_cpu();
  if (value.isDevice()) return value.toDevice().is_cpu();
  return true;
}

// Fills in this thread's generator where the caller named none, then goes on to the kernel that
// would have run.
void RunWithThreadGenerator(const c10::OperatorHandle& op, c10::DispatchKeySet keys,
                            torch::jit::Stack* stack) {
  const std::vector<c10::Argument>& arguments = op.schema().arguments();
  const auto first = stack->end() - static_cast<std::ptrdiff_t>(arguments.size());
  if (thread_generator != nullptr && std::all_of(first, stack->end(), OnCpu)) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      c10::IValue& value = *(first + static_cast<std::ptrdiff_t>(i));
      if (value.isNone() && IsOptionalGenerator(arguments[i])) value = *thread_generator;
    }
  }
  const c10::DispatchKeySet below(c10::DispatchKeySet::FULL_AFTER, c10::DispatchKey::BackendSelect);
  op.redispatchBoxed(keys & below, stack);
}

// The hook sits at the BackendSelect key, which every call passes between autograd and the
// backend's kernel. Operators that have a kernel there already (factories such as rand.generator)
// fill their result through ones that have none.
torch::Library* RegisterHooks() {
  auto* const library = new torch::Library(torch::Library::IMPL, "aten",
                                           c10::DispatchKey::BackendSelect, __FILE__, __LINE__);
  c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (name.name.rfind("aten::", 0) != 0) continue;
    const std::optional<c10::OperatorHandle> op = dispatcher.findSchema(name);
    if (!op || op->hasKernelForDispatchKey(c10::DispatchKey::BackendSelect)) continue;
    const std::vector<c10::Argument>& arguments = op->schema().arguments();
    if (std::none_of(arguments.begin(), arguments.end(), IsOptionalGenerator)) continue;
    library->impl(c10::toString(name).c_str(),
                  torch::CppFunction::makeFromBoxedFunction<&RunWithThreadGenerator>());
  }
  return library;
}

}  // namespace

struct ThreadRandomScope::Impl {
  at::Generator generator;
  const at::Generator* outer;
};

ThreadRandomScope::ThreadRandomScope(std::uint64_t seed)
    : impl_(new Impl{at::make_generator<at::CPUGeneratorImpl>(seed), thread_generator}) {
  // Registered once and never taken back: another thread may be inside an operator when the process
  // ends.
  [[maybe_unused]] static const torch::Library* const hooks = RegisterHooks();
  thread_generator = &impl_->generator;
}

ThreadRandomScope::~ThreadRandomScope() { thread_generator = impl_->outer; }

}  // namespace fedge
