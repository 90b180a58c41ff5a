#include "damaged_state.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/common/hash.h"
#include "fedge/common/random.h"
#include "fedge/coordinator/task_id.h"
#include "fedge/rpc/transport.h"

namespace fedge::testing {
namespace {

constexpr std::size_t kSectorBytes = 512;
constexpr const char* kClients[] = {"a", "b", "c"};

Files ReadFolder(const std::string& folder) {
  Files files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    // Shared memory of a process is none of its files.
    if (entry.is_regular_file() && !name.ends_with("-shm"))
      files[name] = ReadFile(entry.path().string()).value();
  }
  return files;
}

void WriteFolder(const Files& files, const std::string& folder) {
  for (const auto& [name, content] : files) {
    const std::string path = folder + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
}

Result<std::unique_ptr<CoordinatorServer>> StartOn(const std::string& folder, const Clock& clock,
                                                   const std::string& model = "") {
  ServerOptions options;
  options.state_dir = folder;
  options.model = model;
  options.listen = {.host = "127.0.0.1", .port = 0};
  options.runtime = Harness::QuickOptions();
  return CoordinatorServer::Start(std::move(options), PosixFileSystem(), &clock);
}

template <typename Look>
auto Ask(CoordinatorServer& server, const Look& look) {
  std::promise<decltype(look(std::declval<Actor&>()))> answer;
  server.coordinator().Post([&](Actor& actor) { answer.set_value(look(actor)); });
  return answer.get_future().get();
}

State StateOf(CoordinatorServer& server) {
  return Ask(server, [](Actor& actor) { return actor.state(); });
}

}  // namespace

DamagedState::DamagedState() {
  const TempDirectory folder(TempDirectory::InMemory());
  auto server = StartOn(folder.path(), harness_.clock(), harness_.directory().File("model.pt"));
  EXPECT_TRUE(server.ok()) << server.status().ToString();
  RunPlan plan;
  plan.num_rounds = 2;
  plan.num_clients = 3;
  plan.deadline = Duration(60'000);
  EXPECT_TRUE(Ask(**server, [&](Actor& actor) {
                return actor.Apply(StartRun{plan, ""}).status;
              }).ok());
  Work(**server, [](const State& state) {
    const auto* training = std::get_if<Training>(&state.phase);
    return training != nullptr && training->round.round == 2 && training->round.num_accepted == 2;
  });
  in_round_ = ReadFolder(folder.path());
  Work(**server, [](const State&) { return false; });
  at_rest_ = ReadFolder(folder.path());
  model_ = at_rest_["global.pt"];
}

void DamagedState::Work(CoordinatorServer& server, const std::function<bool(const State&)>& stop) {
  const auto channel =
      CreateChannel(server.address(), {.credentials = nullptr, .own_connection = true});
  std::map<ClientId, std::unique_ptr<TestClient>> clients;
  for (const char* id : kClients) {
    clients[id] = std::make_unique<TestClient>(channel, id);
    const grpc::Status joined = clients[id]->Join();
    ASSERT_TRUE(joined.ok()) << joined.error_message();
  }
  while (true) {
    const State state = StateOf(server);
    if (!state.run_active() || stop(state)) {
      // What was seen is saved before the next batch begins.
      StateOf(server);
      return;
    }
    bool idle = true;
    for (const char* id : kClients) {
      const auto assignment = AssignmentFor(state, id);
      const auto* task = std::get_if<TrainAssignment>(&assignment);
      if (task == nullptr) continue;
      const auto offered = clients[id]->Poll().train();
      const float x = 0.1F * static_cast<float>(id[0] - 'a') + static_cast<float>(task->round);
      clients[id]->Submit(offered, harness_.Payload({x, -x, 0.3F, 1}, {x, 0}),
                          static_cast<std::uint64_t>(id[0] - 'a') + 3);
      idle = false;
      break;
    }
    if (idle) std::this_thread::yield();
  }
}

// What damaged one of the two names of the newest model damaged both.
void DamagedState::Link(const std::string& folder) const {
  const auto path_of = [&folder](const std::string& model) {
    return folder + "/models/" + Sha256::Of(AsBytes(model)).Hex() + ".pt";
  };
  const bool rests = std::filesystem::exists(path_of(model_));
  const std::string& original = rests ? model_ : in_round_.at("global.pt");
  const std::string newest = path_of(original);
  const std::string global = folder + "/global.pt";
  if (!std::filesystem::exists(newest) || !std::filesystem::exists(global)) return;
  if (ReadFile(newest).value() == original) std::filesystem::rename(global, newest);
  std::filesystem::remove(global);
  std::filesystem::create_hard_link(newest, global);
}

Aftermath DamagedState::GoOn(const Files& files, bool linked) {
  const TempDirectory folder(TempDirectory::InMemory());
  WriteFolder(files, folder.path());
  if (linked) Link(folder.path());
  Aftermath aftermath;
  auto server = StartOn(folder.path(), harness_.clock());
  aftermath.refused = server.status();
  if (!server.ok()) {
    // Paths differ from call to call.
    std::string message = aftermath.refused.message();
    if (const auto at = message.find(folder.path()); at != std::string::npos)
      message.replace(at, folder.path().size(), "DIR");
    aftermath.refused = {aftermath.refused.code(), message};
    return aftermath;
  }
  Work(**server, [](const State&) { return false; });
  const Status failure = (*server)->coordinator().failure();
  EXPECT_TRUE(failure.ok()) << failure.ToString();
  const auto events = (*server)->coordinator().store().ListEvents(0, 10'000);
  for (const EventRecord& event : *events) {
    if (event.kind == "run continued" || event.kind.find("lost") != std::string::npos ||
        event.kind.find("repaired") != std::string::npos) {
      aftermath.told.push_back(event);
    }
  }
  aftermath.model = ReadFile(folder.File("global.pt")).value();
  return aftermath;
}

void DamagedState::ExpectRightOrRefused(const Files& files) {
  const Aftermath aftermath = GoOn(files, /*linked=*/true);
  if (aftermath.refused.ok()) {
    EXPECT_TRUE(aftermath.model == model_) << "another model";
    ++num_right_;
    return;
  }
  ++num_refused_;
  EXPECT_EQ(aftermath.refused.code(), StatusCode::kDataLoss) << aftermath.refused.ToString();
  EXPECT_THAT(aftermath.refused.message(),
              ::testing::AnyOf(::testing::StartsWith("DIR/coordinator.db: "),
                               ::testing::StartsWith("the global model after round")));
  EXPECT_THAT(aftermath.refused.message(), ::testing::HasSubstr("from a backup"));
}

void DamagedState::ForEachFlip(const Files& files, std::size_t step, std::uint64_t seed,
                               const std::function<void(const Files&)>& play) {
  Random random(seed);
  std::size_t sector = 0;
  for (const auto& [name, content] : files) {
    for (std::size_t from = 0; from < content.size(); from += kSectorBytes) {
      if (sector++ % step != 0) continue;
      const std::size_t at = from + random.Below(std::min(kSectorBytes, content.size() - from));
      const std::uint64_t bit = random.Below(8);
      SCOPED_TRACE(fmt::format("{} byte {} bit {}", name, at, bit));
      Files damaged = files;
      damaged[name][at] = static_cast<char>(damaged[name][at] ^ (1 << bit));
      play(damaged);
    }
  }
}

void DamagedState::ForEachTruncation(const Files& files, std::size_t step,
                                     const std::function<void(const Files&)>& play) {
  std::size_t sector = 0;
  for (const auto& [name, content] : files) {
    for (std::size_t size = 0; size < content.size(); size += kSectorBytes) {
      if (sector++ % step != 0) continue;
      SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", name, size, content.size()));
      Files damaged = files;
      damaged[name].resize(size);
      play(damaged);
    }
    SCOPED_TRACE(name + " is gone");
    Files damaged = files;
    damaged.erase(name);
    play(damaged);
  }
}

}  // namespace fedge::testing
