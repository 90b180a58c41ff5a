#include "fedge/client/worker_pool.h"

#include <gtest/gtest.h>

#include "fake_trainer.h"
#include "fedge/client/update_budget.h"
#include "fedge/common/file.h"

namespace fedge::client {
namespace {

class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest() {
    auto archive = Archive::Open(std::string(FEDGE_CLIENT_TEST_DATA) + "/linear.pt");
    auto manifest = BuildManifest(*archive);
    model_ = std::make_shared<const GlobalModel>(
        GlobalModel{Digest{}, *std::move(archive), *std::move(manifest)});
  }
  Job TrainingJob(std::size_t client, JobId id) const {
    return {.client = client,
            .id = id,
            .work = TrainJob{.model = model_,
                             .config = {},
                             .client_id = "a",
                             .round = 1,
                             .client_index = client},
            .reservation = nullptr};
  }
  // The next result; fails the test if none comes.
  SessionEvent Await() {
    if (next_ == batch_.size()) {
      mailbox_.Take(Duration(60'000), batch_);
      next_ = 0;
    }
    if (batch_.empty()) {
      ADD_FAILURE() << "no answer within a minute";
      return {};
    }
    return std::move(std::get<SessionEvent>(batch_[next_++]));
  }

  std::shared_ptr<const GlobalModel> model_;
  Mailbox mailbox_;
  std::shared_ptr<TrainingScript> script_ = std::make_shared<TrainingScript>();
  std::vector<Message> batch_;
  std::size_t next_ = 0;
};

TEST_F(WorkerPoolTest, AnswersEveryJobWithItsUpdateAndChecksum) {
  WorkerPool pool(FakeTrainers(2, script_), mailbox_);
  for (std::size_t i = 0; i < 20; ++i) pool.Submit(TrainingJob(i, i + 1));
  std::set<std::size_t> clients;
  for (int i = 0; i < 20; ++i) {
    const SessionEvent answer = Await();
    const auto& trained = std::get<Trained>(answer.event);
    ASSERT_TRUE(trained.result.ok());
    EXPECT_EQ(trained.job, answer.client + 1);
    const Update& update = **trained.result;
    EXPECT_EQ(update.output.payload.size(), model_->manifest.payload_bytes);
    EXPECT_EQ(update.crc32, Crc32(update.output.payload));
    EXPECT_EQ(update.output.payload[0], static_cast<std::byte>(answer.client));
    clients.insert(answer.client);
  }
  EXPECT_EQ(clients.size(), 20U);
}

TEST_F(WorkerPoolTest, ARunningJobStopsWhenItIsCancelledAndOthersGoOn) {
  script_->block = true;
  WorkerPool pool(FakeTrainers(1, script_), mailbox_);
  pool.Submit(TrainingJob(0, 1));
  pool.Submit(TrainingJob(1, 2));
  pool.Submit(TrainingJob(2, 3));
  pool.Cancel(1, 2);
  // Whether job 1 runs already or still waits: it does not come to an end by itself.
  while (script_->running == 0) std::this_thread::yield();
  script_->block = false;
  pool.Cancel(0, 1);
  const SessionEvent first = Await();
  EXPECT_EQ(std::get<Trained>(first.event).result.status().code(), StatusCode::kCancelled);
  const SessionEvent second = Await();
  EXPECT_EQ(second.client, 2U) << "job 2 was cancelled before it began";
}

TEST_F(WorkerPoolTest, ClosingStopsWhatRuns) {
  script_->block = true;
  {
    WorkerPool pool(FakeTrainers(2, script_), mailbox_);
    for (std::size_t i = 0; i < 10; ++i) pool.Submit(TrainingJob(i, i + 1));
    while (script_->running < 2) std::this_thread::yield();
  }
  EXPECT_EQ(script_->stopped, 2);
}

TEST_F(WorkerPoolTest, AnEvaluationIsAnswered) {
  WorkerPool pool(FakeTrainers(1, script_), mailbox_);
  pool.Submit({.client = 4, .id = 9, .work = EvaluateJob{model_, 4}, .reservation = nullptr});
  const SessionEvent answer = Await();
  EXPECT_EQ(answer.client, 4U);
  EXPECT_EQ(std::get<Evaluated>(answer.event).result->accuracy, 0.75);
}

TEST_F(WorkerPoolTest, AReservationIsHeldUntilTheUpdateIsGone) {
  UpdateBudget budget(1000, 1);
  {
    WorkerPool pool(FakeTrainers(1, script_), mailbox_);
    Job job = TrainingJob(0, 1);
    job.reservation = budget.Reserve(600);
    pool.Submit(std::move(job));
    SessionEvent answer = Await();
    EXPECT_EQ(budget.updates(), 1U);
    EXPECT_EQ(budget.Reserve(600), nullptr);
    answer = {};
    batch_.clear();
    next_ = 0;
  }
  EXPECT_EQ(budget.updates(), 0U);
}

TEST(UpdateBudgetTest, HasRoomForTheLeastNumberHoweverLarge) {
  UpdateBudget budget(10, 2);
  const auto a = budget.Reserve(1'000'000);
  auto b = budget.Reserve(1'000'000);
  EXPECT_NE(a, nullptr);
  EXPECT_NE(b, nullptr);
  EXPECT_EQ(budget.Reserve(1), nullptr);
  b = nullptr;
  EXPECT_NE(budget.Reserve(1), nullptr);
}

TEST(UpdateBudgetTest, TakesManySmallOnes) {
  UpdateBudget budget(1000, 2);
  std::vector<std::shared_ptr<void>> held;
  for (int i = 0; i < 100; ++i) held.push_back(budget.Reserve(10));
  EXPECT_NE(held.back(), nullptr);
  EXPECT_EQ(budget.Reserve(10), nullptr);
}

}  // namespace
}  // namespace fedge::client
