// Writes FILE as a C++ program does that defines a module from source text and saves it with
// Module::save.
//
//   T=.deps/libtorch/torch
//   g++ -std=c++20 scripts/golden/make_cpp_archive.cc -I$T/include
//   -I$T/include/torch/csrc/api/include \
//       -L$T/lib -ltorch -ltorch_cpu -lc10 -Wl,-rpath,$PWD/$T/lib -o /tmp/make_cpp_archive
//   /tmp/make_cpp_archive tests/golden/archive/libtorch-2.13/cpp.pt
//   python3 scripts/golden/make_archives.py --describe tests/golden/archive/libtorch-2.13/cpp.pt
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

namespace {

at::Tensor Trainable(at::IntArrayRef shape) {
  const auto count = c10::multiply_integers(shape);
  return at::arange(count, at::kFloat).reshape(shape).set_requires_grad(true);
}

torch::jit::Module Affine() {
  torch::jit::Module affine("Affine");
  affine.register_parameter("weight", Trainable({2, 3}), false);
  affine.register_parameter("bias", Trainable({2}), false);
  affine.define("def forward(self, x):\n  return torch.linear(x, self.weight, self.bias)\n");
  return affine;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  torch::jit::Module net("__torch__.Net");
  const torch::jit::Module affine = Affine();
  net.register_module("first", affine);
  net.register_module("second", affine);  // the same module twice
  net.register_buffer("steps", at::full({}, 5, at::kLong));
  net.register_attribute("scale", c10::FloatType::get(), 2.0);
  net.register_attribute("sizes", c10::ListType::ofInts(), c10::IValue(std::vector<int64_t>{1, 2}));
  net.define(
      "def forward(self, x):\n  return self.second.forward(self.first.forward(x).repeat(1, 2)[:, "
      ":3]) * self.scale\n");
  net.save(argv[1], {{"fedge/note", "written in C++"}});
}
