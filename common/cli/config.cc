#include "fedge/cli/config.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fedge/cli/help.h"
#include "fedge/cli/suggest.h"
#include "fedge/cli/text.h"
#include "fedge/cli/toml.h"
#include "fedge/common/file.h"

namespace fedge::cli {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1 << 20;

using Options = std::vector<const Option*>;

const Option* FindKey(const Command& command, std::string_view key) {
  const Option* const option = command.FindOption(key);
  return option != nullptr && option->configurable && option->long_name == key ? option : nullptr;
}

std::vector<std::string> KeysOf(const std::vector<const Command*>& commands) {
  std::vector<std::string> keys;
  for (const Command* const command : commands) {
    for (const Option& option : command->options()) {
      if (option.configurable) keys.push_back(option.long_name);
    }
  }
  return keys;
}

std::vector<std::string> TablesOf(const Command& command) {
  std::vector<std::string> tables;
  for (const auto& subcommand : command.subcommands()) tables.push_back(subcommand->name());
  return tables;
}

// "rounds.list"; empty for the program itself.
std::string TableName(const Command& command) {
  std::string name;
  for (const Command* const one : command.Chain()) {
    if (one->parent() == nullptr) continue;
    name += (name.empty() ? "" : ".") + one->name();
  }
  return name;
}

// The outermost command that knows the key, or null.
const Command* FindHome(const Command& root, std::string_view key) {
  const std::vector<const Command*> all = AllCommands(root);
  const auto found = std::find_if(all.begin(), all.end(), [key](const Command* command) {
    return FindKey(*command, key) != nullptr;
  });
  return found == all.end() ? nullptr : *found;
}

// A key above all tables is for every command that knows it. What it sets in `command`'s chain:
// nothing if it is for others.
Result<Options> FindBare(const std::string& key, const Command& command) {
  const std::vector<const Command*> chain = command.Chain();
  Options options;
  for (const Command* const one : chain) {
    if (const Option* const option = FindKey(*one, key); option != nullptr)
      options.push_back(option);
  }
  const Command& root = *chain.front();
  if (!options.empty() || FindHome(root, key) != nullptr) return options;
  if (root.FindSubcommand(key) != nullptr)
    return InvalidArgument("'{}' is a table, not a key; write [{}]", key, key);
  return InvalidArgument("unknown key '{}'{}", key, DidYouMean(key, KeysOf(chain)));
}

// A key of a table is for that table's command only.
Result<Options> FindInTable(const TomlItem& item, const Command& command) {
  const std::vector<const Command*> chain = command.Chain();
  const Command* table = chain.front();
  for (std::size_t i = 0; i + 1 < item.path.size(); ++i) {
    const Command* const sub = table->FindSubcommand(item.path[i]);
    if (sub == nullptr) {
      return InvalidArgument("unknown table '{}'{}", item.path[i],
                             DidYouMean(item.path[i], TablesOf(*table)));
    }
    table = sub;
  }
  const std::string& key = item.path.back();
  if (const Option* const option = FindKey(*table, key); option != nullptr) {
    const bool ours = std::find(chain.begin(), chain.end(), table) != chain.end();
    return ours ? Options{option} : Options{};
  }
  const Command* const home = FindHome(*chain.front(), key);
  if (home == nullptr) {
    return InvalidArgument("unknown key '{}' in [{}]{}", key, TableName(*table),
                           DidYouMean(key, KeysOf({table})));
  }
  const std::string place = home->parent() == nullptr ? std::string("above the first table")
                                                      : fmt::format("in [{}]", TableName(*home));
  return InvalidArgument("'{}' does not belong in [{}]; write it {}", key, TableName(*table),
                         place);
}

Status ApplyItem(const TomlItem& item, const Command& command, std::set<const Option*>& set) {
  const std::string& key = item.path.back();
  FEDGE_ASSIGN_OR_RETURN(const Options options, item.path.size() == 1 ? FindBare(key, command)
                                                                      : FindInTable(item, command));
  for (const Option* const option : options) {
    if (item.array && !option->is_list()) return InvalidArgument("'{}' takes one value", key);
    FEDGE_RETURN_IF_ERROR(Assign(*option, item.values).WithContext(key));
    set.insert(option);
  }
  return OkStatus();
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

}  // namespace

Status ApplyConfigFile(const std::string& path, const Command& command,
                       std::set<const Option*>& set) {
  FEDGE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxConfigBytes));
  Result<std::vector<TomlItem>> items = ParseToml(text);
  if (!items.ok()) {
    // The reader's message begins with the line already.
    return InvalidArgument("{}:{}", path, items.status().message());
  }
  // What a table says of its command goes before what is said of all.
  std::stable_partition(items->begin(), items->end(),
                        [](const TomlItem& item) { return item.path.size() == 1; });
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
