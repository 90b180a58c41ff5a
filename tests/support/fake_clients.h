#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fedge/client/runtime.h"
#include "fedge/client/steady_clock.h"
#include "fedge/client_rpc/grpc_transport.h"
#include "fedge/testing/fake_trainer.h"

namespace fedge::testing {

struct FakeClientsOptions {
  std::string target;  // HOST:PORT
  std::size_t clients = 4;
  std::string cache_folder;
  client::GrpcTransportOptions transport{.first_reconnect = Duration(10),
                                         .connect_timeout = Duration(1'000),
                                         .patience = Duration(1'500)};
};

// Clients of this process, all as they ship but for their training (FakeTrainer), on a thread of
// their own for as long as the object lives. Impatient: they come back within milliseconds.
class FakeClients {
 public:
  explicit FakeClients(const FakeClientsOptions& options)
      : transport_(options.target, Profiles(options.clients), mailbox_, options.transport),
        runtime_(Options(options), Profiles(options.clients), {transport_, mailbox_, clock_},
                 MakeFakeTrainers(2)),
        thread_([this] { status_ = runtime_.Run(); }) {}
  ~FakeClients() { static_cast<void>(Stop()); }

  // Leaves, and says how the first session ended that did not end well.
  Status Stop() {
    mailbox_.Post(client::StopRequested{});
    if (thread_.joinable()) thread_.join();
    return status_;
  }

 private:
  static std::vector<client::Profile> Profiles(std::size_t count) {
    std::vector<client::Profile> profiles(count);
    for (std::size_t i = 0; i < count; ++i) {
      profiles[i].id = fmt::format("client-{}", i);
      profiles[i].key.fill(static_cast<std::byte>(i));
      profiles[i].num_examples = 100;
    }
    return profiles;
  }
  static client::RuntimeOptions Options(const FakeClientsOptions& options) {
    client::RuntimeOptions runtime;
    runtime.policy.backoff_base = Duration(5);
    runtime.policy.backoff_cap = Duration(50);
    runtime.policy.leave_limit = Duration(200);
    runtime.policy.max_corrupt_downloads = 1'000;
    runtime.policy.max_unknown_joins = 1'000;
    runtime.coordinator = options.target;
    runtime.cache_folder = options.cache_folder;
    runtime.log = [](log::Level, std::string_view) {};
    return runtime;
  }

  client::Mailbox mailbox_;
  client::SteadyClock clock_;
  client::GrpcTransport transport_;
  client::Runtime runtime_;
  Status status_;
  std::thread thread_;
};

}  // namespace fedge::testing
