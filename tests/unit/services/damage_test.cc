// Damaged files: found, named, and made good by doing again what is missing, or refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "damaged_state.h"

namespace fedge::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kSegment[] = "spool/2.segment";

// One for all tests of this program.
DamagedState& Damaged() {
  static DamagedState damaged;
  return damaged;
}

void Flip(Files& files, const std::string& name, std::size_t at) {
  ASSERT_LT(at, files.at(name).size());
  files[name][at] = static_cast<char>(files[name][at] ^ 1);
}

std::vector<EventRecord> Told(const Aftermath& aftermath, const std::string& kind) {
  std::vector<EventRecord> told;
  for (const EventRecord& event : aftermath.told) {
    if (event.kind == kind) told.push_back(event);
  }
  return told;
}

TEST(DamageTest, NothingIsLostByAKill) {
  const Aftermath aftermath = Damaged().GoOn(Damaged().in_round());
  EXPECT_EQ(aftermath.model, Damaged().model());
  EXPECT_THAT(aftermath.told, SizeIs(1)) << "only that the run was resumed";
}

TEST(DamageTest, ADamagedUpdateIsNamedAndAskedForAgain) {
  Files files = Damaged().in_round();
  Flip(files, kSegment, 5);
  const Aftermath aftermath = Damaged().GoOn(files);
  EXPECT_EQ(aftermath.model, Damaged().model());
  const auto told = Told(aftermath, "update lost");
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].client, "a");
  EXPECT_THAT(told[0].message, HasSubstr("asked for again"));
  EXPECT_THAT(told[0].message, HasSubstr("checksum"));
}

TEST(DamageTest, AMissingSegmentMeansThatAllItsUpdatesAreAskedForAgain) {
  Files files = Damaged().in_round();
  files.erase(kSegment);
  const Aftermath aftermath = Damaged().GoOn(files);
  EXPECT_EQ(aftermath.model, Damaged().model());
  EXPECT_THAT(Told(aftermath, "update lost"), SizeIs(2));
}

TEST(DamageTest, ADamagedModelIsMadeAnewFromGlobalPt) {
  Files files = Damaged().in_round();
  for (auto& [name, content] : files) {
    // The newest one is a copy of global.pt here, as on a file system without links.
    if (name.starts_with("models/") && content == files["global.pt"]) Flip(files, name, 700);
  }
  const Aftermath aftermath = Damaged().GoOn(files);
  EXPECT_EQ(aftermath.model, Damaged().model());
  EXPECT_THAT(Told(aftermath, "model repaired"), SizeIs(1));
}

TEST(DamageTest, AModelThatIsDamagedEverywhereIsRefusedByName) {
  Files files = Damaged().in_round();
  const std::string global = files["global.pt"];
  for (auto& [name, content] : files) {
    if (content == global) Flip(files, name, 700);
  }
  const Status refused = Damaged().GoOn(files).refused;
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  EXPECT_THAT(refused.message(), HasSubstr("the global model after round 1 cannot be used"));
  EXPECT_THAT(refused.message(), HasSubstr(Sha256::Of(AsBytes(global)).Hex()));
  EXPECT_THAT(refused.message(), HasSubstr("restore the folder from a backup"));
}

TEST(DamageTest, ALogWithoutItsHeaderIsNoticed) {
  Files files = Damaged().in_round();
  Flip(files, "coordinator.db-wal", 17);
  const Status refused = Damaged().GoOn(files).refused;
  EXPECT_EQ(refused.code(), StatusCode::kDataLoss);
  EXPECT_THAT(refused.message(), HasSubstr("commits are gone"));
}

TEST(DamageTest, EverySixteenthSectorInTheMiddleOfARound) {
  DamagedState& damaged = Damaged();
  const auto play = [&](const Files& files) { damaged.ExpectRightOrRefused(files); };
  damaged.ForEachFlip(damaged.in_round(), 16, 1, play);
  damaged.ForEachTruncation(damaged.in_round(), 16, play);
  EXPECT_GT(damaged.num_right(), 0);
  EXPECT_GT(damaged.num_refused(), 0);
}

TEST(DamageTest, EverySixteenthSectorAtRest) {
  DamagedState& damaged = Damaged();
  const auto play = [&](const Files& files) { damaged.ExpectRightOrRefused(files); };
  damaged.ForEachFlip(damaged.at_rest(), 16, 2, play);
  damaged.ForEachTruncation(damaged.at_rest(), 16, play);
}

}  // namespace
}  // namespace fedge::testing
