#include <functional>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fedge/coordinator/run_machine.h"

namespace fedge {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

RunPlan Good() {
  RunPlan plan;
  plan.num_clients = 10;
  return plan;
}

Status Changed(const std::function<void(RunPlan&)>& change) {
  RunPlan plan = Good();
  change(plan);
  return ValidatePlan({}, plan);
}

TEST(ValidatePlanTest, TakesWhatIsSensible) {
  EXPECT_EQ(ValidatePlan({}, Good()), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.min_clients = 10; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.over_select = 1.5; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.where = {{"site", "eu"}, {"empty", ""}}; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.train.epochs = 0; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.train.batch_size = 0; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.train.optimizer = "adam"; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.train.momentum = 0.9; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.until = "loss < 0.1"; }), OkStatus());
  EXPECT_EQ(Changed([](RunPlan& p) { p.learning_rate_decay = 1.01; }), OkStatus());
}

struct BadPlan {
  std::string name;  // of the flag that the message begins with
  std::function<void(RunPlan&)> change;

  friend void PrintTo(const BadPlan& self, std::ostream* out) { *out << self.name; }
};

class BadPlanTest : public ::testing::TestWithParam<BadPlan> {};

TEST_P(BadPlanTest, IsRefusedByTheFlagsName) {
  const Status status = Changed(GetParam().change);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message().rfind(fmt::format("{} ", GetParam().name), 0), 0U) << status.message();
  EXPECT_EQ(status.message().find(fmt::format("; {} ", GetParam().name)), std::string::npos)
      << status.message();
}

INSTANTIATE_TEST_SUITE_P(
    Plans, BadPlanTest,
    ::testing::Values(
        BadPlan{"clients", [](RunPlan& p) { p.num_clients = 0; }},
        BadPlan{"clients", [](RunPlan& p) { p.num_clients = 100'001; }},
        BadPlan{"min-clients", [](RunPlan& p) { p.min_clients = 11; }},
        BadPlan{"over-select", [](RunPlan& p) { p.over_select = 0.99; }},
        BadPlan{"over-select", [](RunPlan& p) { p.over_select = kNaN; }},
        BadPlan{"over-select", [](RunPlan& p) { p.over_select = kInfinity; }},
        BadPlan{"over-select", [](RunPlan& p) { p.over_select = 1e9; }},
        BadPlan{"rounds", [](RunPlan& p) { p.num_rounds = 0; }},
        BadPlan{"rounds", [](RunPlan& p) { p.num_rounds = 1'000'001; }},
        BadPlan{"retry", [](RunPlan& p) { p.max_retries = 4'000'000'000; }},
        BadPlan{"deadline", [](RunPlan& p) { p.deadline = Duration(0); }},
        BadPlan{"deadline", [](RunPlan& p) { p.deadline = Duration::max(); }},
        BadPlan{"evaluation-deadline", [](RunPlan& p) { p.evaluation_deadline = Duration(-1); }},
        BadPlan{"until", [](RunPlan& p) { p.until = "soon"; }},
        BadPlan{"where", [](RunPlan& p) { p.where = {{"", "eu"}}; }},
        BadPlan{"where", [](RunPlan& p) { p.where = {{"site", std::string(1000, 'x')}}; }},
        BadPlan{"where",
                [](RunPlan& p) {
                  for (int i = 0; i < 65; ++i) p.where.emplace(std::to_string(i), "x");
                }},
        BadPlan{"optimizer", [](RunPlan& p) { p.train.optimizer = "SGD"; }},
        BadPlan{"lr", [](RunPlan& p) { p.train.learning_rate = 0; }},
        BadPlan{"lr", [](RunPlan& p) { p.train.learning_rate = kNaN; }},
        BadPlan{"lr", [](RunPlan& p) { p.train.learning_rate = kInfinity; }},
        BadPlan{"lr-decay", [](RunPlan& p) { p.learning_rate_decay = 0; }},
        BadPlan{"lr-decay", [](RunPlan& p) { p.learning_rate_decay = kInfinity; }},
        BadPlan{"lr-decay",
                [](RunPlan& p) {
                  p.learning_rate_decay = 10;
                  p.num_rounds = 1000;
                }},
        BadPlan{"momentum", [](RunPlan& p) { p.train.momentum = 1; }},
        BadPlan{"momentum", [](RunPlan& p) { p.train.momentum = -0.1; }},
        BadPlan{"momentum",
                [](RunPlan& p) {
                  p.train.optimizer = "adam";
                  p.train.momentum = 0.9;
                }},
        BadPlan{"weight-decay", [](RunPlan& p) { p.train.weight_decay = -1; }},
        BadPlan{"prox-mu", [](RunPlan& p) { p.train.prox_mu = kNaN; }}));

TEST(ValidatePlanTest, NamesAllProblemsAtOnce) {
  const Status status = Changed([](RunPlan& p) {
    p.num_clients = 0;
    p.num_rounds = 0;
    p.train.optimizer = "lbfgs";
  });
  for (const char* problem : {"clients is 0", "rounds is 0", "optimizer is 'lbfgs'"}) {
    EXPECT_NE(status.message().find(problem), std::string::npos) << status.message();
  }
}

TEST(ValidatePlanTest, HoldsToTheLimits) {
  Limits limits;
  limits.max_clients_per_round = 12;
  limits.max_rounds_per_run = 3;
  RunPlan plan = Good();
  EXPECT_TRUE(ValidatePlan(limits, plan).ok());
  plan.over_select = 1.3;
  EXPECT_FALSE(ValidatePlan(limits, plan).ok());
  plan = Good();
  plan.num_rounds = 4;
  EXPECT_FALSE(ValidatePlan(limits, plan).ok());
}

TEST(ValidatePlanTest, DoesNotRepeatAHostileText) {
  const Status status =
      Changed([](RunPlan& p) { p.train.optimizer = std::string(1'000'000, 'x'); });
  EXPECT_LT(status.message().size(), 200U);
}

}  // namespace
}  // namespace fedge
