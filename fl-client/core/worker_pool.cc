#include "fedge/client/worker_pool.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "fedge/common/hash.h"
#include "fedge/common/number_text.h"

namespace fedge::client {
namespace {

Result<std::shared_ptr<const Update>> Train(Trainer& trainer, Job& job,
                                            const std::stop_token& stop) {
  const auto& train = std::get<TrainJob>(job.work);
  auto output = trainer.Train(train, stop);
  if (!output.ok()) return output.status();
  if (output->payload.size() != train.model->manifest.payload_bytes) {
    return Internal("the trainer gave an update of {} bytes where the model asks for {}",
                    output->payload.size(), train.model->manifest.payload_bytes);
  }
  if (output->result.num_examples == 0 || output->result.num_examples > kMaxWeight) {
    return InvalidArgument("{} examples to train on; 1 to {} are needed",
                           output->result.num_examples, kMaxWeight);
  }
  if (output->result.after.measured() && !std::isfinite(output->result.after.loss)) {
    return OutOfRange("the loss is {} after training; try a smaller learning rate",
                      NumberText(output->result.after.loss));
  }
  auto update = std::make_shared<Update>();
  update->output = *std::move(output);
  update->crc32 = Crc32(update->output.payload);
  update->reservation = std::move(job.reservation);
  return std::shared_ptr<const Update>(std::move(update));
}

}  // namespace

WorkerPool::WorkerPool(std::vector<std::unique_ptr<Trainer>> trainers, Mailbox& mailbox)
    : mailbox_(mailbox) {
  workers_.reserve(trainers.size());
  for (auto& trainer : trainers) {
    workers_.push_back(std::make_unique<Worker>());
    workers_.back()->trainer = std::move(trainer);
  }
  for (auto& worker : workers_) {
    worker->thread = std::jthread([this, &worker = *worker] { Loop(worker); });
  }
}

WorkerPool::~WorkerPool() {
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    dropped.swap(queue_);
    for (auto& worker : workers_) worker->stop.request_stop();
  }
  changed_.notify_all();
}

std::size_t WorkerPool::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::Submit(Job job) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void WorkerPool::Cancel(std::size_t client, JobId id) {
  std::optional<Job> dropped;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  for (auto& worker : workers_) {
    if (worker->job == id && worker->client == client) worker->stop.request_stop();
  }
  const auto it = std::find_if(queue_.begin(), queue_.end(), [&](const Job& job) {
    return job.client == client && job.id == id;
  });
  if (it == queue_.end()) return;
  dropped = std::move(*it);
  queue_.erase(it);
}

void WorkerPool::Loop(Worker& worker) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return closing_ || !queue_.empty(); });
    if (closing_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    worker.client = job.client;
    worker.job = job.id;
    worker.stop = std::stop_source();
    lock.unlock();
    Run(worker, std::move(job));
    lock.lock();
    worker.job = 0;
  }
}

void WorkerPool::Run(Worker& worker, Job job) {
  const std::stop_token stop = worker.stop.get_token();
  const std::size_t client = job.client;
  const JobId id = job.id;
  Event event = Tick{};
  if (std::holds_alternative<TrainJob>(job.work)) {
    event = Trained{id, Train(*worker.trainer, job, stop)};
  } else {
    event = Evaluated{id, worker.trainer->Evaluate(std::get<EvaluateJob>(job.work), stop)};
  }
  job = {};  // the model and the reservation are free before anyone hears of the result
  mailbox_.Post(SessionEvent{client, std::move(event)});
}

}  // namespace fedge::client
