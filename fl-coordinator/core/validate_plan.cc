#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "fedge/coordinator/goal.h"
#include "fedge/coordinator/run_machine.h"
#include "fedge/coordinator/selection.h"

// Messages name what fedctl's flags are called, without the dashes.
namespace fedge {
namespace {

constexpr int kMaxDays = 365;
constexpr Duration kMaxDeadline = std::chrono::hours(24 * kMaxDays);
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxLabelLength = 256;

class Problems {
 public:
  // Unless `good`, the formatted text is one of the problems.
  template <typename... Args>
  void Require(bool good, fmt::format_string<Args...> format, Args&&... args) {
    if (!good) problems_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  Status ToStatus() const {
    if (problems_.empty()) return OkStatus();
    return InvalidArgument("{}", fmt::join(problems_, "; "));
  }

 private:
  std::vector<std::string> problems_;
};

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

void CheckClients(const Limits& limits, const RunPlan& plan, Problems& problems) {
  const bool clients_good =
      plan.num_clients >= 1 && plan.num_clients <= limits.max_clients_per_round;
  problems.Require(clients_good, "clients is {}; allowed is 1 to {}", plan.num_clients,
                   limits.max_clients_per_round);
  problems.Require(plan.min_clients <= plan.num_clients,
                   "min-clients is {}; allowed is at most the number of clients, {}",
                   plan.min_clients, plan.num_clients);
  const bool cohort_good =
      !clients_good || plan.over_select * plan.num_clients <= limits.max_clients_per_round;
  problems.Require(std::isfinite(plan.over_select) && plan.over_select >= 1 && cohort_good,
                   "over-select is {}; allowed is 1 or more, with a cohort of at most {} clients",
                   plan.over_select, limits.max_clients_per_round);
  problems.Require(plan.where.size() <= kMaxLabels, "where names {} labels; allowed are {}",
                   plan.where.size(), kMaxLabels);
  for (const auto& [key, value] : plan.where) {
    problems.Require(!key.empty() && key.size() <= kMaxLabelLength,
                     "where has a label name of {} bytes; allowed are 1 to {}", key.size(),
                     kMaxLabelLength);
    problems.Require(value.size() <= kMaxLabelLength,
                     "where has a value of {} bytes for label '{}'; allowed are at most {}",
                     value.size(), key.substr(0, kMaxLabelLength), kMaxLabelLength);
  }
}

void CheckRounds(const Limits& limits, const RunPlan& plan, Problems& problems) {
  problems.Require(plan.num_rounds >= 1 && plan.num_rounds <= limits.max_rounds_per_run,
                   "rounds is {}; allowed is 1 to {}", plan.num_rounds, limits.max_rounds_per_run);
  problems.Require(plan.max_retries <= limits.max_rounds_per_run,
                   "retry is {}; allowed is at most {}", plan.max_retries,
                   limits.max_rounds_per_run);
  problems.Require(plan.deadline > Duration::zero() && plan.deadline <= kMaxDeadline,
                   "deadline is {:g} s; allowed is more than 0 s and at most {} days",
                   Seconds(plan.deadline), kMaxDays);
  problems.Require(
      plan.evaluation_deadline > Duration::zero() && plan.evaluation_deadline <= kMaxDeadline,
      "evaluation-deadline is {:g} s; allowed is more than 0 s and at most {} days",
      Seconds(plan.evaluation_deadline), kMaxDays);
  if (plan.until.empty()) return;
  if (const Result<Goal> goal = ParseGoal(plan.until); !goal.ok()) {
    problems.Require(false, "{}", goal.status().message());
  }
}

bool IsFiniteFrom(double value, double least) { return std::isfinite(value) && value >= least; }

void CheckTraining(const RunPlan& plan, Problems& problems) {
  const TrainConfig& train = plan.train;
  problems.Require(train.optimizer == "sgd" || train.optimizer == "adam",
                   "optimizer is '{}'; allowed are sgd and adam", train.optimizer.substr(0, 32));
  problems.Require(std::isfinite(train.learning_rate) && train.learning_rate > 0,
                   "lr is {}; allowed is more than 0", train.learning_rate);
  problems.Require(IsFiniteFrom(train.momentum, 0) && train.momentum < 1,
                   "momentum is {}; allowed is 0 to below 1", train.momentum);
  problems.Require(train.momentum == 0 || train.optimizer != "adam",
                   "momentum is {}; the optimizer adam has its own, leave momentum at 0",
                   train.momentum);
  problems.Require(IsFiniteFrom(train.weight_decay, 0), "weight-decay is {}; allowed is 0 or more",
                   train.weight_decay);
  problems.Require(IsFiniteFrom(train.prox_mu, 0), "prox-mu is {}; allowed is 0 or more",
                   train.prox_mu);
  const double decay = plan.learning_rate_decay;
  problems.Require(std::isfinite(decay) && decay > 0, "lr-decay is {}; allowed is more than 0",
                   decay);
  const double last = TrainConfigOf(plan, plan.num_rounds).learning_rate;
  problems.Require(!std::isfinite(train.learning_rate) || !(decay > 1) || std::isfinite(last),
                   "lr-decay is {}; the learning rate of round {} would be infinite", decay,
                   plan.num_rounds);
}

}  // namespace

Status ValidatePlan(const Limits& limits, const RunPlan& plan) {
  Problems problems;
  CheckClients(limits, plan, problems);
  CheckRounds(limits, plan, problems);
  CheckTraining(plan, problems);
  return problems.ToStatus();
}

}  // namespace fedge
