#include "fedge/fedctl/progress_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_fedctl.h"
#include "samples.h"

namespace fedge::fedctl {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgressViewTest : public ::testing::Test {
 protected:
  std::unique_ptr<ProgressView> Make(ViewKind kind) {
    return MakeProgressView(
        kind, {.out = out_.file(), .err = err_.file(), .terminal = true, .width = 80, .height = 24},
        clock_);
  }
  void Show(ProgressView& view, const v1::WatchResponse& message) {
    progress_.Apply(message);
    EXPECT_TRUE(view.Update(progress_, progress_.TakeFinished()));
  }
  static v1::WatchResponse Waiting(std::uint32_t missing) {
    v1::CoordinatorStatus status = SampleStatus(1);
    status.set_phase(v1::INITIALIZING);
    status.set_clients_waited_for(missing);
    return Message(status);
  }

  MemoryFile out_;
  MemoryFile err_;
  testing::FakeClock clock_;
  RunProgress progress_{1};
};

TEST_F(ProgressViewTest, LinesAreOneForEachRoundAndNoMore) {
  const auto view = Make(ViewKind::kLines);
  Show(*view, Message(SampleStatus(1)));
  EXPECT_THAT(out_.Text(), IsEmpty());
  Show(*view, Message(SampleStatus(2), {SampleRound(1, 0.5)}));
  Show(*view, Message(SampleStatus(2)));
  Show(*view, Message(EndedStatus(3), {SampleRound(2, 0.6), SampleRound(3, 0.7)}));
  view->Close();
  const std::string text = out_.Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, HasSubstr("round 2/3  accepted 50/50"));
  EXPECT_THAT(text, HasSubstr("accuracy 70.00 %"));
}

TEST_F(ProgressViewTest, LinesSayWhoIsMissingButNotForEveryClient) {
  const auto view = Make(ViewKind::kLines);
  Show(*view, Waiting(50));
  Show(*view, Waiting(49));
  Show(*view, Waiting(48));
  EXPECT_EQ(out_.Text(), "waiting for 50 more clients (60 joined)\n");
  clock_.Advance(Duration(10'000));
  Show(*view, Waiting(7));
  EXPECT_THAT(out_.Text(), EndsWith("waiting for 7 more clients (60 joined)\n"));
}

TEST_F(ProgressViewTest, JsonIsOneDocumentForEachRound) {
  const auto view = Make(ViewKind::kJson);
  Show(*view, Message(SampleStatus(2), {SampleRound(1, 0.5)}));
  view->Notice("lost");
  EXPECT_THAT(out_.Text(), ::testing::StartsWith("{\"schema_version\":1,\"type\":\"round\""));
  EXPECT_EQ(err_.Text(), "fedctl: lost\n");
}

TEST_F(ProgressViewTest, TheBlockIsRedrawnInPlaceAndStaysAtTheEnd) {
  const auto view = Make(ViewKind::kBlock);
  Show(*view, Message(SampleStatus(2), {SampleRound(1, 0.5)}));
  view->Notice("lost");
  view->Close();
  view->Close();
  const std::string text = out_.Text();
  // The last frame: seven lines, drawn over those before.
  const std::string last = text.substr(text.rfind("run 1  round 2 of 3  TRAINING"));
  EXPECT_THAT(last, HasSubstr("lost\033[K\n"));
  EXPECT_THAT(last, EndsWith("\033[K\n\033[J"));
  EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 7);
  EXPECT_THAT(err_.Text(), IsEmpty());
}

TEST_F(ProgressViewTest, NobodyReadsAnyMore) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  const auto view = MakeProgressView(ViewKind::kLines, {.out = full, .err = err_.file()}, clock_);
  progress_.Apply(Message(SampleStatus(2), {SampleRound(1, 0.5)}));
  EXPECT_FALSE(view->Update(progress_, progress_.TakeFinished()));
  std::fclose(full);
}

}  // namespace
}  // namespace fedge::fedctl
