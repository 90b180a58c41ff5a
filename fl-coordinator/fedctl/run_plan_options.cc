#include "fedge/fedctl/run_plan_options.h"

#include <vector>

#include <fmt/format.h>

#include "fedge/cli/value.h"
#include "fedge/coordinator/goal.h"
#include "fedge/rpc/convert.h"

namespace fedge::fedctl {
namespace {

cli::Custom BatchSize(std::uint32_t& batch_size) {
  return {.parse =
              [&batch_size](std::string_view text) {
                if (text == "full") {
                  batch_size = 0;
                  return OkStatus();
                }
                const Result<std::uint64_t> size = cli::ParseUnsigned(text);
                if (!size.ok() || *size < 1 || *size > 1'000'000'000) {
                  return InvalidArgument(
                      "'{}' is neither 'full' nor a number of examples from 1 on", text);
                }
                batch_size = static_cast<std::uint32_t>(*size);
                return OkStatus();
              },
          .show =
              [&batch_size] {
                return batch_size == 0 ? std::string("full") : fmt::format("{}", batch_size);
              }};
}

cli::Custom Until(std::string& until) {
  return {.parse =
              [&until](std::string_view text) {
                const Result<Goal> goal = ParseGoal(text);
                if (!goal.ok()) return goal.status();
                until = goal->ToString();
                return OkStatus();
              },
          .show = [&until] { return until; }};
}

void AddCohort(cli::Command& command, RunPlanOptions& options) {
  const std::string group = "Run and cohort";
  command.Option("-n,--clients", &options.clients, "N", "updates that end a round",
                 {.group = group, .min = 1, .max = 100'000, .required = true});
  command.Option("-r,--rounds", &options.rounds, "R", "rounds of the run",
                 {.group = group, .min = 1, .max = 1'000'000});
  command.Option("--min-clients", &options.min_clients, "M", "the quorum: fewer fail the round",
                 {.group = group,
                  .default_text = "N to begin a round, half of N to end it at the deadline",
                  .min = 1,
                  .max = 100'000});
  command.Option("--over-select", &options.over_select, "F",
                 "ask F times as many clients as are needed, so that stragglers do not matter",
                 {.group = group, .min = 1, .max = 10});
  command.Option("--deadline", &options.deadline, "TIME", "how long a round may take",
                 {.group = group, .min = 100});
  command.Option("--where", &options.where, "KEY=VALUE", "only clients with this label",
                 {.group = group});
  command.Option("--retry", &options.retry, "K", "further rounds in place of failed ones, in all",
                 {.group = group, .max = 1'000'000});
  command.Option(
      "--until", Until(options.until), "GOAL",
      "end the run early, as in 'accuracy>=0.97' or 'loss<0.1', measured by evaluators (fl-client "
      "--role evaluator) on held-out data",
      {.group = group});
  command.Option("--evaluation-deadline", &options.evaluation_deadline, "TIME",
                 "how long --until waits for an evaluation", {.group = group, .min = 100});
}

void AddTraining(cli::Command& command, RunPlanOptions& options) {
  const std::string group = "Training on the clients";
  TrainConfig& train = options.train;
  command.Option("--epochs", &train.epochs, "E", "passes over a client's data",
                 {.group = group, .max = 100'000});
  command.Option("--batch-size", BatchSize(train.batch_size), "B|full", "examples of one step",
                 {.group = group});
  command.Option("--optimizer", &train.optimizer, "NAME", "how steps are made",
                 {.group = group, .choices = {"sgd", "adam"}});
  command.Option("--lr", &train.learning_rate, "L", "learning rate",
                 {.group = group, .min = 0, .max = 1e6});
  command.Option("--lr-decay", &options.learning_rate_decay, "D",
                 "factor on the learning rate after each round",
                 {.group = group, .min = 0, .max = 1, .above_min = true});
  command.Option("--momentum", &train.momentum, "M", "of sgd",
                 {.group = group, .min = 0, .max = 1});
  command.Option("--weight-decay", &train.weight_decay, "W", "L2 penalty on the weights",
                 {.group = group, .min = 0, .max = 1e6});
  command.Option("--prox-mu", &train.prox_mu, "MU", "FedProx: pull towards the global model",
                 {.group = group, .min = 0, .max = 1e6});
  command.Option("--seed", &train.seed, "S", "of selection, shuffling and every other draw",
                 {.group = group});
}

}  // namespace

Status RunPlanOptions::Validate() const {
  std::vector<std::string> problems;
  if (min_clients.has_value() && *min_clients > clients) {
    problems.push_back(
        fmt::format("--min-clients {} is more than --clients {}", *min_clients, clients));
  }
  if (train.optimizer == "adam" && train.momentum != 0) {
    problems.emplace_back("--momentum belongs to --optimizer sgd; adam has its own");
  }
  if (problems.empty()) return OkStatus();
  return InvalidArgument("{}", fmt::join(problems, "; "));
}

v1::RunPlan RunPlanOptions::ToProto() const {
  v1::RunPlan plan;
  plan.set_num_rounds(rounds);
  plan.set_num_clients(clients);
  plan.set_min_clients(min_clients.value_or(0));
  plan.set_over_select(over_select);
  plan.set_deadline_ms(static_cast<std::uint64_t>(deadline.count()));
  plan.mutable_where()->insert(where.begin(), where.end());
  plan.set_max_retries(retry);
  *plan.mutable_train() = fedge::ToProto(train);
  plan.set_learning_rate_decay(learning_rate_decay);
  plan.set_until(until);
  plan.set_evaluation_deadline_ms(static_cast<std::uint64_t>(evaluation_deadline.count()));
  return plan;
}

void AddRunPlanOptions(cli::Command& command, RunPlanOptions& options) {
  AddCohort(command, options);
  AddTraining(command, options);
}

}  // namespace fedge::fedctl
