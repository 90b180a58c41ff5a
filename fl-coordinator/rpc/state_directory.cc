#include "fedge/coordinator_rpc/state_directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "fedge/common/file_content.h"
#include "fedge/coordinator_rpc/kept_models.h"
#include "fedge/coordinator_rpc/upload.h"

namespace fedge {
namespace {

// Others must not read what clients sent, even where the folder was made by hand.
Status MakePrivate(FileSystem& files, const std::string& folder) {
  FEDGE_RETURN_IF_ERROR(files.CreateDirectory(folder));
  if (::chmod(folder.c_str(), 0700) != 0) return ErrnoStatus(errno, folder);
  const std::filesystem::path absolute = std::filesystem::absolute(folder).lexically_normal();
  // A name that ends in a slash has an empty last part.
  const auto parent =
      absolute.has_filename() ? absolute.parent_path() : absolute.parent_path().parent_path();
  const Status synced = files.SyncDirectory(parent.string());
  // Whoever may not read the folder above did not make this one in it just now.
  return synced.code() == StatusCode::kPermissionDenied ? OkStatus() : synced;
}

// Whether it may stand in a folder that has no database yet: from a coordinator that died while it
// made the folder, or from the file system.
bool MayBeOurs(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames = {"lock", "models", "spool", "global.pt",
                                                      "lost+found"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         name.starts_with("coordinator.db") || name.starts_with("acknowledged");
}

// A folder with something else in it, a home directory say, is not closed to others and written
// into.
Status CheckNotForeign(FileSystem& files, const std::string& folder) {
  if (!files.Exists(folder)) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
  const auto foreign = std::find_if_not(names.begin(), names.end(), MayBeOurs);
  if (foreign == names.end()) return OkStatus();
  return FailedPrecondition(
      "{} is no folder of a coordinator, and not empty: it holds '{}'; give --state-dir a new or "
      "an empty folder",
      folder, *foreign);
}

// Before a folder is made for it: whether there is a model to begin with, whether it is whole and
// whether it can be trained.
Status CheckFirstModel(const std::string& folder, const std::string& model_path) {
  if (model_path.empty()) {
    return InvalidArgument("{} has no model yet; give the first one with --model FILE", folder);
  }
  FEDGE_ASSIGN_OR_RETURN(const BaseModel model, OpenBaseModel(model_path, {}));
  return model.archive.Verify();
}

// A database that knows of no round beside models of rounds has lost them: beginning anew must be
// what the user wants.
Status CheckNothingForgotten(FileSystem& files, const std::string& folder,
                             const std::string& model_path) {
  FEDGE_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder + "/models"));
  const auto is_model = [](const std::string& name) { return name.ends_with(".pt"); };
  if (std::none_of(names.begin(), names.end(), is_model)) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const FileContent given, ReadContent(files, model_path));
  // One that died while it imported the first model.
  if (names.size() == 1 && names[0] == given.digest.Hex() + ".pt") return OkStatus();
  return DataLoss(
      "{}/coordinator.db: knows of no round, yet {} models of earlier ones are in {}/models; "
      "restore the folder from a backup, or go on from one of them in a new folder with --model",
      folder, std::count_if(names.begin(), names.end(), is_model), folder);
}

// Precondition: CheckFirstModel found nothing.
Status ImportFirstModel(FileSystem& files, const StateDirectory& directory,
                        const std::string& folder, const std::string& model_path) {
  FEDGE_RETURN_IF_ERROR(CheckNothingForgotten(files, folder, model_path));
  FEDGE_ASSIGN_OR_RETURN(const ModelRef model, directory.models->Import(model_path));
  const StoreWrite write = SaveModel{model};
  return directory.store->Commit({&write, 1});
}

// A folder goes on with its own model; --model may be repeated on the command line, but not
// changed. If the folder's is damaged, the one on the command line takes its place.
Status CheckSameModel(FileSystem& files, const StateDirectory& directory, const State& state,
                      const std::string& folder, const std::string& model_path) {
  if (model_path.empty()) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const FileContent content, ReadContent(files, model_path));
  const Digest& given = content.digest;
  if (given == state.model.digest) {
    if (directory.models->Verify(state.model, ModelStore::Check::kCrc32).ok()) return OkStatus();
    return directory.models->Import(model_path).status();
  }
  const Result<RoundRecord> first = directory.store->GetRound(1);
  if (first.ok() && given == first->base.digest) return OkStatus();
  return FailedPrecondition(
      "{} is not the model that {} works on (its newest is {}/global.pt); leave --model out to "
      "continue, or give another "
      "--state-dir to begin anew",
      model_path, folder, folder);
}

}  // namespace

Result<StateDirectory> OpenStateDirectory(FileSystem& files, const std::string& folder,
                                          const std::string& model_path,
                                          const StoreOptions& store) {
  // A database that is gone is not one that was never there: the store tells them apart.
  const bool is_new =
      !files.Exists(folder + "/coordinator.db") && !files.Exists(folder + "/acknowledged");
  if (is_new) {
    FEDGE_RETURN_IF_ERROR(CheckNotForeign(files, folder));
    FEDGE_RETURN_IF_ERROR(CheckFirstModel(folder, model_path));
  }
  StateDirectory directory;
  FEDGE_RETURN_IF_ERROR(MakePrivate(files, folder));
  Result<std::unique_ptr<FileLock>> lock = files.Lock(folder + "/lock");
  if (!lock.ok() && lock.status().code() == StatusCode::kFailedPrecondition) {
    return FailedPrecondition(
        "{} is in use by another fl-coordinator; stop that one or give another --state-dir",
        folder);
  }
  if (!lock.ok()) return lock.status();
  directory.lock = std::move(*lock);
  FEDGE_ASSIGN_OR_RETURN(directory.store, Store::Open(folder, files, store));
  FEDGE_ASSIGN_OR_RETURN(directory.spool, Spool::Open(files, folder + "/spool"));
  FEDGE_ASSIGN_OR_RETURN(directory.models, ModelStore::Open(files, folder));

  FEDGE_ASSIGN_OR_RETURN(const State state, directory.store->LoadState());
  if (state.model.size == 0) {
    // A start that died before it had a model left the folder: this one was not checked above.
    if (!is_new) FEDGE_RETURN_IF_ERROR(CheckFirstModel(folder, model_path));
    FEDGE_RETURN_IF_ERROR(ImportFirstModel(files, directory, folder, model_path));
  } else {
    FEDGE_RETURN_IF_ERROR(CheckSameModel(files, directory, state, folder, model_path));
  }
  return directory;
}

}  // namespace fedge
