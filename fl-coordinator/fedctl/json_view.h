#pragma once

#include <string>
#include <string_view>

#include "fedge/common/json.h"
#include "fedge/fedctl/progress.h"
#include "fedge/v1/admin.pb.h"

// The messages of the administration service as JSON, schema version 1. Members are only ever
// added. Times are milliseconds since 1970 (null: not yet), bytes and examples are integers, what
// was not measured is null.
namespace fedge::fedctl {

inline constexpr int kJsonSchemaVersion = 1;

// Begins {"schema_version":1,"type":TYPE; the caller adds members and ends the object.
JsonWriter BeginDocument(std::string_view type);

// Members of an object that is open.
void AddRound(const v1::RoundSummary& round, JsonWriter& json);
void AddRun(const v1::RunStatus& run, JsonWriter& json);
void AddTask(const v1::TaskInfo& task, JsonWriter& json);
void AddClient(const v1::ClientInfo& client, JsonWriter& json);

// Whole documents of one line.
std::string StatusJson(const v1::CoordinatorStatus& status);
std::string RoundsJson(const v1::ListRoundsResponse& rounds);
std::string RoundJson(const v1::GetRoundResponse& round);
std::string ClientsJson(const v1::ListClientsResponse& clients);
std::string ClientJson(const v1::GetClientResponse& client);
std::string EventJson(const v1::Event& event);
// A finished round of a run that is followed, and how the run ended.
std::string FollowedRoundJson(const v1::RoundSummary& round);
std::string RunEndJson(const v1::CoordinatorStatus& status);

// "9f86d081884c..." of a digest's bytes.
std::string HexOf(std::string_view bytes);

}  // namespace fedge::fedctl
