// The folder that a coordinator keeps everything in: first start, later starts, and what is
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fedge/testing/tiny_model.h"
#include "harness.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Status Write(const std::string& path, const std::string& bytes) {
  return WriteFileAtomically(PosixFileSystem(), path, AsBytes(bytes));
}

Status OpenIt(const std::string& folder, const std::string& model) {
  return OpenStateDirectory(PosixFileSystem(), folder, model).status();
}

class StateDirectoryTest : public ::testing::Test {
 protected:
  Harness harness;
  const std::string model = harness.directory().File("model.pt");
  const std::string fresh = harness.directory().File("fresh");
};

TEST_F(StateDirectoryTest, IsForItsOwnerOnlyAlsoWhenItWasMadeByHand) {
  ASSERT_EQ(::mkdir(fresh.c_str(), 0755), 0);
  ASSERT_TRUE(OpenIt(fresh, model).ok());
  struct stat info {};
  ASSERT_EQ(::stat(fresh.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(StateDirectoryTest, BelongsToOneProcess) {
  const Status status = OpenIt(harness.directory().File("state"), model);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("in use by another fl-coordinator"));
}

TEST_F(StateDirectoryTest, LeavesAFolderWithOtherThingsInItAlone) {
  ASSERT_EQ(::mkdir(fresh.c_str(), 0755), 0);
  ASSERT_TRUE(Write(fresh + "/thesis.tex", "precious").ok());
  const Status status = OpenIt(fresh, model);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr(fresh + " is no folder of a coordinator"));
  EXPECT_THAT(status.message(), HasSubstr("'thesis.tex'"));
  EXPECT_THAT(status.message(), HasSubstr("--state-dir"));
  struct stat info {};
  ASSERT_EQ(::stat(fresh.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0755U) << "others may read it still";
  ASSERT_TRUE(PosixFileSystem().Remove(fresh + "/thesis.tex").ok());
  EXPECT_TRUE(OpenIt(fresh, model).ok()) << "nothing of it was left behind";
}

TEST_F(StateDirectoryTest, TakesWhatACoordinatorLeftThatDiedEarly) {
  ASSERT_EQ(::mkdir(fresh.c_str(), 0755), 0);
  ASSERT_TRUE(Write(fresh + "/lock", "").ok());
  EXPECT_TRUE(OpenIt(fresh, model).ok());
}

TEST_F(StateDirectoryTest, NeedsAModelTheFirstTimeOnly) {
  const Status status = OpenIt(fresh, "");
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("--model"));
  EXPECT_TRUE(OpenIt(fresh, model).ok());
  EXPECT_TRUE(OpenIt(fresh, "").ok());
  EXPECT_TRUE(OpenIt(fresh, model).ok()) << "the same model may be given again";
}

TEST_F(StateDirectoryTest, RefusesAnotherModelLaterAndSaysWhatToDo) {
  ASSERT_TRUE(OpenIt(fresh, model).ok());
  const std::string other = harness.directory().File("other.pt");
  ASSERT_TRUE(Write(other, harness.model_bytes() + " ").ok());
  const Status status = OpenIt(fresh, other);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr(other));
  EXPECT_THAT(status.message(), HasSubstr("another --state-dir"));
}

TEST_F(StateDirectoryTest, RefusesWhatIsNoModelAndNamesTheFile) {
  const std::string rubbish = harness.directory().File("rubbish.pt");
  ASSERT_TRUE(Write(rubbish, "not a model").ok());
  for (const std::string& path : {rubbish, harness.directory().File("missing.pt")}) {
    const Status status = OpenIt(fresh, path);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message(), HasSubstr(path));
  }
  EXPECT_TRUE(OpenIt(fresh, model).ok()) << "a refused model leaves nothing behind";
}

TEST_F(StateDirectoryTest, NamesAModelThatCannotBeTrainedOnce) {
  const std::string counters = harness.directory().File("counters.pt");
  ASSERT_TRUE(Write(counters, TinyModel({{.name = "steps",
                                          .dtype = DType::kInt64,
                                          .shape = {1},
                                          .bytes = std::string(8, '\0')}}))
                  .ok());
  EXPECT_THAT(OpenIt(fresh, counters).message(),
              StartsWith(counters + ": has no trainable floating-point parameter"));
}

TEST_F(StateDirectoryTest, AcceptsTheFirstModelAfterRoundsToo) {
  const auto a = harness.Join("a");
  harness.StartRun(1);
  a->Submit(a->Poll().train(), harness.Payload({1, 0, 0, 0}, {0, 0}));
  harness.WaitForPhase(v1::COMPLETED);
  harness.Restart();
  EXPECT_EQ(harness.Status().model_round(), 1U);
}

}  // namespace
}  // namespace fedge::testing
