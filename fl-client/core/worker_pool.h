#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <variant>
#include <vector>

#include "fedge/client/mailbox.h"
#include "fedge/client/trainer.h"

namespace fedge::client {

struct Job {
  std::size_t client = 0;
  JobId id = 0;
  std::variant<TrainJob, EvaluateJob> work;
  std::shared_ptr<void> reservation;  // goes into the update
};

// One thread per trainer. A job is answered by Trained or Evaluated in the mailbox, unless it was
// cancelled before it began. Thread-safe.
class WorkerPool {
 public:
  WorkerPool(std::vector<std::unique_ptr<Trainer>> trainers, Mailbox& mailbox);
  // Drops what is queued, stops what runs at its next batch, and waits for it.
  ~WorkerPool();

  // Jobs that wait for a worker; callers keep it short.
  std::size_t queued() const;
  std::size_t num_workers() const { return workers_.size(); }
  void Submit(Job job);
  void Cancel(std::size_t client, JobId id);

 private:
  struct Worker {
    std::unique_ptr<Trainer> trainer;
    std::jthread thread;
    // Guarded by mutex_: what it works on.
    std::size_t client = 0;
    JobId job = 0;  // 0: nothing
    std::stop_source stop;
  };
  void Loop(Worker& worker);
  void Run(Worker& worker, Job job);

  Mailbox& mailbox_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  bool closing_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace fedge::client
