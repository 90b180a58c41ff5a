// In bfloat16, where the CPU computes in it: what comes out is rounded to eight bits.
#include <cstdlib>

#include "kernel_check.h"

namespace fedge::testing {
namespace {

bool CpuComputesInIt() {
#if defined(__x86_64__)
  if (std::getenv("DNNL_MAX_CPU_ISA") != nullptr) return false;
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

class BFloat16Test : public OneDnnTest {
 protected:
  void SetUp() override {
    OneDnnTest::SetUp();
    if (!IsSkipped() && !CpuComputesInIt()) GTEST_SKIP() << "needs AVX-512 BF16";
  }
};

KernelCase Rounded(KernelCase test) {
  for (auto& input : test.inputs) {
    if (input) input = input->As(DType::kBFloat16);
  }
  test.dtype = DType::kBFloat16;
  return test;
}

// Two roundings of the same sum may be one step apart.
constexpr float kTolerance = 0x1p-7F;

KernelCase ConvCase(std::int64_t groups, std::int64_t kernel) {
  const std::int64_t pad = kernel / 2;
  KernelCase test{op::Conv{.pad_begin = {pad, pad}, .pad_end = {pad, pad}, .groups = groups},
                  {},
                  {9, 32, 8, 7}};
  test.inputs = {Tensor({9, 32, 8, 7}, Lies::kChannelsLast),
                 Tensor({32, 32 / groups, kernel, kernel}, Lies::kRowMajor, 2),
                 Tensor({32}, Lies::kRowMajor, 3), Tensor(test.output, Lies::kChannelsLast, 4)};
  test.post_ops = {AddInput{3}, op::Unary{op::Unary::Kind::kRelu}};
  return Rounded(test);
}

TEST_F(BFloat16Test, ConvolutionsMatch) {
  for (const std::int64_t groups : {1, 32}) {
    for (const std::int64_t kernel : {1, 3}) {
      SCOPED_TRACE(fmt::format("{} groups, kernel {}", groups, kernel));
      ExpectPortable(ConvCase(groups, kernel), kTolerance);
      ExpectRowsAlone(*OneDnn(), ConvCase(groups, kernel), {0, 3});
    }
  }
}

TEST_F(BFloat16Test, LinearLayersMatch) {
  for (const std::int64_t depth : {1, 7, 64, 300, 783}) {
    KernelCase test{op::Linear{}, {}, {70, 33}, Lies::kRowMajor};
    test.inputs = {Tensor({70, depth}, Lies::kRowMajor), Tensor({33, depth}, Lies::kRowMajor, 2),
                   Tensor({33}, Lies::kRowMajor, 3)};
    SCOPED_TRACE(depth);
    ExpectPortable(Rounded(test), kTolerance);
    ExpectRowsAlone(*OneDnn(), Rounded(test), {0});
  }
}

}  // namespace
}  // namespace fedge::testing
