#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "fedge/v1/federation.grpc.pb.h"

namespace fedge::testing {

// A client that speaks the protocol but not the rules: what it submits is up to the test.
class RogueClient {
 public:
  RogueClient(const std::string& address, std::string id);

  bool Join();
  // Polls until a training task comes; false after `attempts` answers without one.
  bool WaitForTask(int attempts = 20);
  const v1::TrainTask& task() const { return task_; }

  // A well-formed header for the task with `payload` behind it.
  v1::SubmitHeader Header(const std::string& payload) const;
  v1::SubmitResponse Submit(const v1::SubmitHeader& header, const std::string& payload,
                            grpc::Status& status);
  v1::SubmitResponse Submit(const std::string& payload);

 private:
  std::string id_;
  std::string session_;
  std::unique_ptr<v1::Federation::Stub> stub_;
  v1::TrainTask task_;
};

}  // namespace fedge::testing
