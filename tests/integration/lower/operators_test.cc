// What lowering does with single constructs of TorchScript.
#include <gmock/gmock.h>

#include "lowered.h"

namespace fedge {
namespace {

using ::testing::AllOf;
using testing::ExpectSame;
using ::testing::HasSubstr;
using testing::TestModule;

const LowerInput kVector{.name = "x", .dtype = DType::kFloat32, .shape = {Dim(0, 1), 6}};
const LowerInput kImage{.name = "x", .dtype = DType::kFloat32, .shape = {Dim(0, 1), 4, 6, 5}};

// A module whose forward is this source, saved and read back.
TestModule Compile(const std::string& source) {
  torch::jit::Module module("m");
  module.register_parameter("w", at::sin(at::arange(24).to(c10::kFloat)).reshape({4, 6}), false);
  module.register_buffer("steps", at::zeros({1}));
  module.define(source);
  std::ostringstream stream;
  module.save(stream);
  return TestModule(stream.str());
}

TestModule Returning(const std::string& expression) {
  return Compile("def forward(self, x):\n  return " + expression + "\n");
}

Status ErrorOf(TestModule model, const LowerInput& input) {
  const std::vector<LowerInput> inputs = {input};
  const auto lowered = Lower(model.archive(), model.module(), inputs);
  return lowered.ok() ? OkStatus() : lowered.status();
}

class VectorTest : public ::testing::TestWithParam<const char*> {};
TEST_P(VectorTest, IsLoweredToTheSame) {
  TestModule model = Returning(GetParam());
  ExpectSame(model, {kVector});
}

INSTANTIATE_TEST_SUITE_P(
    Operators, VectorTest,
    ::testing::Values(
        "torch.relu(x) + torch.sigmoid(x) - torch.tanh(x)", "torch.hardtanh(x, -0.5, 0.25)",
        "torch.gelu(x) * torch.gelu(x, approximate='tanh')", "torch.celu(x, 0.7)", "torch.selu(x)",
        "torch.mish(x)", "torch.log_sigmoid(x)", "torch.glu(x, -1)", "torch.threshold(x, 0.1, 2.0)",
        "torch.softplus(x, 2.0, 1.0)", "(torch.exp(x).log().abs() + 1).sqrt().rsqrt()",
        "torch.ceil(x * 3) + torch.floor(x * 3) + torch.round(x * 3)", "torch.erf(x).reciprocal()",
        "torch.square(x) + x ** 2 + x ** 3 + 2 ** x", "torch.pow(x.abs(), 0.5) + x.abs() ** 1.3",
        "1 - x", "2 / (x + 3)", "x // 0.25", "torch.rsub(x, 3, alpha=2)",
        "torch.add(x, x, alpha=0.5)", "torch.minimum(x, x.flip(1)) + torch.maximum(x, self.w[0])",
        "(x > 0).float() + (x <= 0.5).long()", "(x > 0) & (x < 0.5) | ~(x != x)",
        "torch.where(x > 0, x, torch.zeros([1]))",
        "x.masked_fill(x > 0.2, float('-inf')).clamp(min=-9)", "torch.addcmul(x, x, x, value=0.3)",
        "torch.matmul(x, self.w.t())", "x.reshape([-1, 3, 2]).T.permute([2, 0, 1])",
        "x @ self.w.transpose(0, 1)", "torch.addmm(self.w[:, 0], x, self.w.t())",
        "torch.mv(x, self.w[1])", "torch.bmm(x.unsqueeze(1), x.unsqueeze(2))",
        "torch.matmul(x.unsqueeze(2), x.unsqueeze(1))",
        "torch.layer_norm(x, [6], self.w[0], self.w[1])", "torch.softmax(x, 1, dtype=7)",
        "torch.sum(x, [1], True) + x.mean() * 0 + x.prod(1, keepdim=True)",
        "x.max(1)[0] + x.min(dim=1)[1] + x.argmax(1) + x.argmin(dim=1)",
        "x.std(1) + x.var(1, unbiased=False)", "torch.logsumexp(x, [1])",
        "x.norm(2.0, dim=[1]) + x.norm(p=1.0, dim=[1])", "torch.cumsum(x, 1)",
        "torch.sort(x, dim=1, descending=True)", "(x > 0).any(1)", "torch.all(x > -2, 1)",
        "torch.stack([x, x + 1], dim=1)", "torch.cat([x, x.long()], -1)", "x.split(4, dim=1)",
        "torch.chunk(x, 4, 1)", "x.split_with_sizes([1, 5], 1)", "torch.tensor_split(x, 4, 1)",
        "x[:, 1:-1:2]", "x[:, -2]", "x[..., None, :3]", "x[:, [2, 0, -1]]", "x.narrow(1, 2, 3)",
        "x.view(-1, 2, 3).permute(2, 0, 1)", "x.unflatten(1, [2, -1]).movedim(0, -1)",
        "x.unsqueeze(0).squeeze(0)", "x.unsqueeze(1).expand(-1, 3, -1)", "x.repeat(1, 2)",
        "x.repeat_interleave(2, dim=1)", "x.roll(2, 1)", "x.flip([1])",
        "x.index_select(1, torch.tensor([0, 3]))", "torch.constant_pad_nd(x, [1, -2], 3.0)",
        "torch.zeros(x.size(0), 2) + x[:, :2]",
        "torch.full([x.size(0), 1], 2.5) * torch.ones_like(x)", "x.new_zeros([x.shape[0], 6]) + x",
        "x.view(x.size(0) * 2, 3)", "x.view(x.shape[0] * x.shape[1]).view(-1, 6)",
        "torch.dropout(x, 0.5, False).detach().clone().contiguous()", "x.double() + 1",
        "x + torch.arange(6).view(1, 6)[0].numel()"));

class ImageTest : public ::testing::TestWithParam<const char*> {};
TEST_P(ImageTest, IsLoweredToTheSame) {
  TestModule model = Returning(GetParam());
  ExpectSame(model, {kImage});
}

INSTANTIATE_TEST_SUITE_P(
    Operators, ImageTest,
    ::testing::Values(
        "torch.conv2d(x, torch.ones([2, 4, 3, 3]), None, [2, 1], [1, 0])",
        "torch.conv2d(x, torch.ones([4, 1, 3, 2]), torch.arange(4).float(), padding='same', "
        "groups=4)",
        "torch.conv_transpose2d(x, torch.ones([4, 3, 2, 2]), None, [2, 2], [1, 1], [1, 1])",
        "torch.max_pool2d(x, [3, 3], [2, 2], [1, 1], [1, 1], True)", "torch.max_pool2d(x, 2)",
        "torch.avg_pool2d(x, [3, 2], [1, 2], [1, 0], False, False)",
        "torch.adaptive_avg_pool2d(x, [3, 2])", "torch.pixel_shuffle(x, 2)",
        "torch.channel_shuffle(x, 2)",
        "torch.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False)",
        "torch.group_norm(x, 2, None, None)", "torch.prelu(x, torch.ones([4]) * 0.3)",
        "torch.amax(x, [2, 3], True) - x.sum([1], True)", "x.flatten(1).flatten()",
        "x.transpose(1, 2).reshape(-1, 4)"));

TEST(LowerTest, DecidesBranchesAndLoopsOnSizes) {
  TestModule model = Compile(R"(
def forward(self, x):
  assert x.dim() == 2, "expected 2 dimensions, got {}".format(x.dim())
  parts = []
  total = 0
  for i in range(x.size(1) // 2):
    parts.append(x[:, i] * i)
    total += i
  if x.size(0) * 6 == x.numel() and len(parts) == 3:
    x = torch.stack(parts, 1) + total
  return x
)");
  ExpectSame(model, {kVector});
}

TEST(LowerTest, RefusesBranchesOnTheBatch) {
  const Status status = ErrorOf(Compile(R"(
def forward(self, x):
  if x.size(0) == 1:
    x = x + 1
  return x
)"),
                                kVector);
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("'N == 1' depends on the batch"), HasSubstr("aten::eq")));
}

TEST(LowerTest, RefusesBranchesOnData) {
  EXPECT_THAT(ErrorOf(Compile(R"(
def forward(self, x):
  if bool(x.sum() > 0):
    x = x + 1
  return x
)"),
                      kVector)
                  .message(),
              HasSubstr("aten::Bool"));
}

TEST(LowerTest, NamesEveryOperatorThatItLacks) {
  const Status status = ErrorOf(Compile(R"(
def forward(self, x):
  y = torch.lgamma(x)
  y = torch.lgamma(y)
  if bool(y.sum() > 0):
    y = torch.digamma(y + 1)
  return y
)"),
                                kVector);
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("aten::lgamma (2x, first at"), HasSubstr("aten::digamma (1x")));
}

TEST(LowerTest, RefusesWhatTheModelRefuses) {
  EXPECT_THAT(ErrorOf(Compile(R"(
def forward(self, x):
  assert x.size(1) == 7, "want 7, not {}".format(x.size(1))
  return x
)"),
                      kVector)
                  .message(),
              HasSubstr("want 7, not 6"));
}

TEST(LowerTest, RefusesStateThatOutlivesACall) {
  EXPECT_THAT(ErrorOf(Compile(R"(
def forward(self, x):
  self.steps += 1
  return x * self.steps
)"),
                      kVector)
                  .message(),
              HasSubstr("forward changes 'steps'"));
}

// 1 // 0.1 is 9, though 1 / 0.1 is 10.
TEST(LowerTest, RefusesQuotientsThatLibTorchRoundsOtherwise) {
  EXPECT_THAT(ErrorOf(Returning("x // 0.1"), kVector).message(), HasSubstr("power of two"));
  EXPECT_THAT(ErrorOf(Returning("torch.div(x, 3.0, rounding_mode='floor')"), kVector).message(),
              HasSubstr("power of two"));
}

TEST(LowerTest, RefusesAnOrderThatIsLibTorchsOwn) {
  EXPECT_THAT(ErrorOf(Returning("torch.topk(x, 3, -1, True, False)[0]"), kVector).message(),
              HasSubstr("sorted=True"));
}

TEST(LowerTest, RefusesRandomNumbers) {
  EXPECT_THAT(ErrorOf(Returning("x + torch.rand([6])"), kVector).message(),
              HasSubstr("random numbers"));
  EXPECT_FALSE(ErrorOf(Returning("torch.rand_like(x)"), kVector).ok());
}

TEST(LowerTest, RefusesReadingWhatAReshapedCopyMayHaveChanged) {
  EXPECT_THAT(ErrorOf(Compile(R"(
def forward(self, x):
  x = x + 1
  y = x.reshape([-1, 2, 3])
  y.relu_()
  return x
)"),
                      kVector)
                  .message(),
              HasSubstr("written to in place"));
}

TEST(LowerTest, SaysWhichShapesDoNotFit) {
  EXPECT_THAT(ErrorOf(Returning("torch.linear(x, self.w[:, :5])"), kVector).message(),
              HasSubstr("weight is [4, 5], but x is [N, 6]"));
  EXPECT_THAT(ErrorOf(Compile("def forward(self, x, y):\n  return x + y\n"), kVector).message(),
              HasSubstr("takes 'y' as well"));
}

}  // namespace
}  // namespace fedge
