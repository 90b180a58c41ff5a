#include "fedge/fedctl/json_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.h"

namespace fedge::fedctl {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> Members(const std::string& json) {
  const auto members = ParseJsonMembers(json);
  EXPECT_TRUE(members.ok()) << json;
  return members.ok() ? *members : std::vector<std::pair<std::string, std::string>>();
}

TEST(JsonViewTest, StatusBeforeTheFirstRunHasNulls) {
  const std::string json = StatusJson(v1::CoordinatorStatus());
  EXPECT_THAT(json, ::testing::StartsWith("{\"schema_version\":1,\"type\":\"status\","));
  const auto members = Members(json);
  EXPECT_THAT(members, Contains(Pair("run", "null")));
  EXPECT_THAT(members, Contains(Pair("round", "null")));
  EXPECT_THAT(members, Contains(Pair("deadline_unix_ms", "null")));
  EXPECT_THAT(members, Contains(Pair("model.sha256", "null")));
}

TEST(JsonViewTest, StatusHoldsRunAndRound) {
  const auto members = Members(StatusJson(SampleStatus(2)));
  EXPECT_THAT(members, Contains(Pair("phase", "TRAINING")));
  EXPECT_THAT(members, Contains(Pair("run.plan.num_clients", "50")));
  EXPECT_THAT(members, Contains(Pair("round.accepted", "32")));
  EXPECT_THAT(members, Contains(Pair("round.evaluation", "null")));
  EXPECT_THAT(members, Contains(Pair("round.ended_unix_ms", "null")));
  EXPECT_THAT(members, Contains(Pair("model.bytes", "11000")));
}

TEST(JsonViewTest, ARoundHasNumbersAndNanIsNull) {
  v1::RoundSummary round = SampleRound(3, 0.5);
  round.mutable_train_after()->set_accuracy(std::numeric_limits<double>::quiet_NaN());
  const auto members = Members(FollowedRoundJson(round));
  EXPECT_THAT(members, Contains(Pair("type", "round")));
  EXPECT_THAT(members, Contains(Pair("evaluation.accuracy", "0.5")));
  EXPECT_THAT(members, Contains(Pair("train_after.accuracy", "null")));
  EXPECT_THAT(members, Contains(Pair("train_before", "null")));
  std::string digest;
  for (int i = 0; i < 32; ++i) digest += "ab";
  EXPECT_THAT(members, Contains(Pair("model_sha256", digest)));
}

TEST(JsonViewTest, ClientsAndTasksAreArrays) {
  v1::GetClientResponse response;
  response.mutable_client()->set_client_id("a");
  response.mutable_client()->set_role(v1::ROLE_EVALUATOR);
  (*response.mutable_client()->mutable_labels())["site"] = "eu";
  response.add_recent_tasks()->set_reason("element 3 of fc.weight is not finite");
  const auto members = Members(ClientJson(response));
  EXPECT_THAT(members, Contains(Pair("role", "evaluator")));
  EXPECT_THAT(members, Contains(Pair("labels.site", "eu")));
  EXPECT_THAT(members,
              Contains(Pair("recent_tasks.0.reason", "element 3 of fc.weight is not finite")));
  EXPECT_THAT(ClientsJson({}), HasSubstr("\"clients\":[]"));
}

TEST(JsonViewTest, EventsLeaveOutWhatTheyAreNotAbout) {
  v1::Event event;
  event.set_sequence(5);
  event.set_kind("run started");
  event.set_run(2);
  const auto members = Members(EventJson(event));
  EXPECT_THAT(members, Contains(Pair("run", "2")));
  EXPECT_THAT(members, Contains(Pair("round", "null")));
  EXPECT_THAT(members, Contains(Pair("client_id", "null")));
}

}  // namespace
}  // namespace fedge::fedctl
