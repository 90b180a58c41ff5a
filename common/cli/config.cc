#include "fedge/cli/config.h"

#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fedge/cli/suggest.h"
#include "fedge/cli/text.h"
#include "fedge/cli/toml.h"
#include "fedge/common/file.h"

namespace fedge::cli {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

// What may stand at this level of a file: options that are configurable, and tables.
std::vector<std::string> KnownKeys(const Command& command) {
  std::vector<std::string> keys;
  for (const Option& option : command.options()) {
    if (option.configurable) keys.push_back(option.long_name);
  }
  for (const auto& subcommand : command.subcommands()) keys.push_back(subcommand->name());
  return keys;
}

struct Found {
  const Command* command;
  const Option* option;
};

Result<Found> Find(const Command& root, const TomlItem& item) {
  const Command* command = &root;
  for (std::size_t i = 0; i < item.path.size(); ++i) {
    const std::string& key = item.path[i];
    const bool last = i + 1 == item.path.size();
    if (!last) {
      if (const Command* const sub = command->FindSubcommand(key); sub != nullptr) {
        command = sub;
        continue;
      }
    } else if (const Option* const option = command->FindOption(key);
               option != nullptr && option->configurable && option->long_name == key) {
      return Found{command, option};
    }
    return InvalidArgument("unknown {} '{}'{}", last ? "key" : "table", key,
                           DidYouMean(key, KnownKeys(*command)));
  }
  return InvalidArgument("a key is missing");
}

bool Contains(const std::vector<const Command*>& chain, const Command* command) {
  for (const Command* const one : chain) {
    if (one == command) return true;
  }
  return false;
}

Status ApplyItem(const TomlItem& item, const Command& command, std::set<const Option*>& set) {
  const std::vector<const Command*> chain = command.Chain();
  FEDGE_ASSIGN_OR_RETURN(const Found found, Find(*chain.front(), item));
  const std::string& key = found.option->long_name;
  if (item.array && !found.option->is_list()) return InvalidArgument("'{}' takes one value", key);
  if (!Contains(chain, found.command)) return OkStatus();
  set.insert(found.option);
  return Assign(*found.option, item.values).WithContext(key);
}

std::string RenderValue(const Option& option, const std::vector<std::string>& values) {
  std::vector<std::string> written;
  for (const std::string& value : values) {
    written.push_back(IsBareInToml(option) ? value : TomlQuote(value));
  }
  return option.is_list() ? fmt::format("[{}]", fmt::join(written, ", ")) : written.front();
}

void RenderOption(const Option& option, std::string& out) {
  constexpr std::size_t kWidth = 98;
  for (const std::string& line : Wrap(DescribeForHelp(option, /*with_default=*/false), kWidth)) {
    fmt::format_to(std::back_inserter(out), "# {}\n", line);
  }
  const std::vector<std::string> values = Show(option);
  if (!values.empty()) {
    fmt::format_to(std::back_inserter(out), "{} = {}\n\n", option.long_name,
                   RenderValue(option, values));
  } else {
    fmt::format_to(std::back_inserter(out), "# {} = {}\n\n", option.long_name,
                   option.is_list() ? "[]" : option.value_name);
  }
}

std::string TableName(const Command& command) {
  std::string name;
  for (const Command* const one : command.Chain()) {
    if (one->parent() == nullptr) continue;
    name += (name.empty() ? "" : ".") + one->name();
  }
  return name;
}

}  // namespace

Status ApplyConfigFile(const std::string& path, const Command& command,
                       std::set<const Option*>& set) {
  FEDGE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxConfigBytes));
  Result<std::vector<TomlItem>> items = ParseToml(text);
  if (!items.ok()) {
    // The reader's message begins with the line already.
    return InvalidArgument("{}:{}", path, items.status().message());
  }
  for (const TomlItem& item : *items) {
    FEDGE_RETURN_IF_ERROR(
        ApplyItem(item, command, set).WithContext(fmt::format("{}:{}", path, item.line)));
  }
  return OkStatus();
}

std::string RenderConfig(const Command& command) {
  std::string out;
  for (const Command* const one : command.Chain()) {
    std::string body;
    for (const Option& option : one->options()) {
      if (option.configurable && !option.spec.hidden) RenderOption(option, body);
    }
    if (one->parent() != nullptr && !body.empty()) {
      fmt::format_to(std::back_inserter(out), "[{}]\n", TableName(*one));
    }
    out += body;
  }
  if (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace fedge::cli
