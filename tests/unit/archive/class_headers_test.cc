#include "fedge/archive/class_headers.h"

#include <gmock/gmock.h>

namespace fedge::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ClassHeadersTest, ReadsTheListsOfEveryModule) {
  const auto classes = ParseClassHeaders(R"(class M(Module):
  __parameters__ = ["w", "b", ]
  __buffers__ = ["mean", ]
  w : Tensor
  def forward(self: __torch__.M) -> str:
    return "class N(Module):\n  __parameters__ = [\"x\", ]\n"
def helper(x: Tensor) -> Tensor:
  return x
class Sequential(Module):
  __parameters__ = []
  __buffers__ = []
  __annotations__["0"] = __torch__.M
class Color(Enum):
  RED = 1
)");
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_THAT(classes.at("M").parameters, ElementsAre("b", "w"));
  EXPECT_THAT(classes.at("M").buffers, ElementsAre("mean"));
  EXPECT_THAT(classes.at("Sequential").parameters, IsEmpty());
}

TEST(ClassHeadersTest, ReadsEscapedNames) {
  const auto classes = ParseClassHeaders(
      "class M(Module):\n  __parameters__ = [\"a\\\"b\", \"c\\\\d\", \"\\303\\251\", ]\n");
  EXPECT_THAT(classes.at("M").parameters, ElementsAre("a\"b", "c\\d", "\xc3\xa9"));
}

TEST(ClassHeadersTest, TakesListsOfTheFirstHeaderOnly) {
  // A list outside of a class, or behind the end of one, is no header.
  const auto classes = ParseClassHeaders(
      "  __parameters__ = [\"x\", ]\nclass M(Module):\nx = 1\n  __buffers__ = [\"y\", ]\n");
  EXPECT_THAT(classes.at("M").parameters, IsEmpty());
  EXPECT_THAT(classes.at("M").buffers, IsEmpty());
}

TEST(ClassHeadersTest, TextThatIsCutOffIsNoTrouble) {
  const std::string text = "class M(Module):\n  __parameters__ = [\"a\\101\", \"b\", ]\n";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    EXPECT_LE(ParseClassHeaders(text.substr(0, size)).size(), 1U);
  }
}

TEST(ClassHeadersTest, MapsModulesToRecords) {
  EXPECT_EQ(CodeRecordOf("__torch__"), "code/__torch__.py");
  EXPECT_EQ(CodeRecordOf("__torch__.torch.nn.___torch_mangle_3"),
            "code/__torch__/torch/nn/___torch_mangle_3.py");
}

}  // namespace
}  // namespace fedge::internal
