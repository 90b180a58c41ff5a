#include "fedge/coordinator_rpc/upload_permits.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace fedge {
namespace {

using Turn = UploadPermits::Turn;

class UploadPermitsTest : public ::testing::Test {
 protected:
  void Ask(const ClientId& client) {
    permits_.Ask(client, now_, [this, client](Turn turn) {
      static constexpr const char* kNames[] = {"now", "later", "no more"};
      answers_.push_back(fmt::format("{} {}", client, kNames[static_cast<int>(turn)]));
    });
  }
  std::vector<std::string> Answers() { return std::exchange(answers_, {}); }
  using Lines = std::vector<std::string>;

  UploadPermits permits_{{.max_uploads = 2, .hold = Duration(15'000), .claim = Duration(5'000)}};
  TimePoint now_{};
  std::vector<std::string> answers_;
};

TEST_F(UploadPermitsTest, AreGivenInTheOrderOfAsking) {
  for (const char* client : {"a", "d", "c", "b"}) Ask(client);
  EXPECT_EQ(Answers(), (Lines{"a now", "d now"}));
  EXPECT_TRUE(permits_.Take("a", 1));
  EXPECT_TRUE(permits_.Take("d", 2));
  EXPECT_FALSE(permits_.Take("b", 3)) << "c has waited longer, and there is no room";
  permits_.Release(2, now_);
  EXPECT_EQ(Answers(), Lines{"c now"});
  EXPECT_FALSE(permits_.Take("b", 4)) << "the room is kept for c";
  EXPECT_TRUE(permits_.Take("c", 5));
  permits_.Release(1, now_);
  permits_.Release(5, now_);
  EXPECT_EQ(Answers(), Lines{"b now"});
  EXPECT_EQ(permits_.taken(), 1U);
}

TEST_F(UploadPermitsTest, AClientHasOneHoweverManyStreamsItOpens) {
  EXPECT_TRUE(permits_.Take("a", 1));
  EXPECT_TRUE(permits_.Take("a", 2));
  EXPECT_EQ(permits_.taken(), 1U);
  permits_.Release(1, now_);
  EXPECT_EQ(permits_.taken(), 1U) << "the newer stream has it";
  permits_.Release(2, now_);
  EXPECT_EQ(permits_.taken(), 0U);
}

TEST_F(UploadPermitsTest, AClientThatAsksTwiceKeepsItsPlace) {
  for (const char* client : {"a", "b", "c", "d", "c"}) Ask(client);
  EXPECT_EQ(Answers(), (Lines{"a now", "b now", "c no more"}));
  permits_.Tick(now_ += Duration(15'000));
  EXPECT_EQ(Answers(), (Lines{"c now", "d now"})) << "a and b never came";
}

TEST_F(UploadPermitsTest, WhoWaitedForTheWholeHoldIsToldAndKeepsItsPlaceForAMoment) {
  for (const char* client : {"a", "b"}) Ask(client);
  EXPECT_TRUE(permits_.Take("a", 1) && permits_.Take("b", 2));
  Ask("c");
  now_ += Duration(1);
  Ask("d");
  Answers();
  EXPECT_EQ(permits_.NextDeadline(), TimePoint(Duration(15'000)));
  permits_.Tick(TimePoint(Duration(15'000)));
  EXPECT_EQ(Answers(), Lines{"c later"});
  now_ = TimePoint(Duration(15'001));
  permits_.Tick(now_);
  EXPECT_EQ(Answers(), Lines{"d later"});
  Ask("d");
  Ask("c");
  permits_.Release(1, now_);
  EXPECT_EQ(Answers(), Lines{"c now"}) << "it has waited longer";
  permits_.Tick(now_ + Duration(60'000));
  permits_.Tick(now_ + Duration(120'000));
  EXPECT_EQ(permits_.waiting(), 0U) << "nobody is remembered for ever";
}

TEST_F(UploadPermitsTest, AClientThatLeftHoldsUpNobody) {
  for (const char* client : {"a", "b", "c"}) Ask(client);
  Answers();
  permits_.Forget("a", now_);
  EXPECT_EQ(Answers(), Lines{"c now"});
  Ask("d");
  permits_.Forget("d", now_);
  EXPECT_EQ(Answers(), Lines{"d no more"});
}

TEST_F(UploadPermitsTest, FiveHundredClientsAllGetTheirTurn) {
  constexpr int kClients = 500;
  for (int i = 0; i < kClients; ++i) Ask(fmt::format("{:03}", i));
  std::uint64_t stream = 0;
  int served = 0;
  for (Lines granted = Answers(); !granted.empty(); granted = Answers()) {
    for (const std::string& line : granted) {
      EXPECT_EQ(line, fmt::format("{:03} now", served++)) << "in the order of asking";
      ASSERT_TRUE(permits_.Take(line.substr(0, 3), ++stream));
      EXPECT_LE(permits_.taken(), 2U);
      permits_.Release(stream, now_);
    }
  }
  EXPECT_EQ(served, kClients);
}

TEST_F(UploadPermitsTest, DrainAnswersEverybody) {
  for (const char* client : {"a", "b", "c", "d"}) Ask(client);
  Answers();
  permits_.Drain();
  EXPECT_EQ(Answers(), (Lines{"c no more", "d no more"}));
  EXPECT_EQ(permits_.waiting(), 0U);
}

}  // namespace
}  // namespace fedge
