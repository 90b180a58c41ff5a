#include "fedge/coordinator_rpc/state_directory.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "fedge/common/hash.h"
#include "fedge/coordinator_rpc/kept_models.h"

namespace fedge {
namespace {

Result<Digest> DigestOfFile(FileSystem& files, const std::string& path) {
  FEDGE_ASSIGN_OR_RETURN(const std::unique_ptr<RandomAccessFile> file, files.OpenForRead(path));
  std::vector<std::byte> block(1u << 18);
  Sha256 hash;
  for (std::uint64_t offset = 0; offset < file->size();) {
    const std::span<std::byte> bytes(block.data(),
                                     std::min<std::uint64_t>(block.size(), file->size() - offset));
    FEDGE_RETURN_IF_ERROR(file->ReadAt(offset, bytes));
    hash.Update(bytes);
    offset += bytes.size();
  }
  return hash.Finish();
}

// Others must not read what clients sent, even where the folder was made by hand.
Status MakePrivate(FileSystem& files, const std::string& folder) {
  FEDGE_RETURN_IF_ERROR(files.CreateDirectory(folder));
  if (::chmod(folder.c_str(), 0700) != 0) return ErrnoStatus(errno, folder);
  return OkStatus();
}

// Before a folder is made for it: whether there is a model to begin with, and whether it can be
// trained.
Status CheckFirstModel(const std::string& folder, const std::string& model_path) {
  if (model_path.empty()) {
    return InvalidArgument("{} has no model yet; give the first one with --model FILE", folder);
  }
  return ReadModelFacts(model_path).status();
}

Status ImportFirstModel(const StateDirectory& directory, const std::string& folder,
                        const std::string& model_path) {
  FEDGE_RETURN_IF_ERROR(CheckFirstModel(folder, model_path));
  FEDGE_ASSIGN_OR_RETURN(const ModelRef model, directory.models->Import(model_path));
  const StoreWrite write = SaveModel{model};
  return directory.store->Commit({&write, 1});
}

// A folder goes on with its own model; --model may be repeated on the command line, but not
// changed.
Status CheckSameModel(FileSystem& files, const StateDirectory& directory, const State& state,
                      const std::string& folder, const std::string& model_path) {
  if (model_path.empty()) return OkStatus();
  FEDGE_ASSIGN_OR_RETURN(const Digest given, DigestOfFile(files, model_path));
  if (given == state.model.digest) return OkStatus();
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
  if (!files.Exists(folder + "/coordinator.db"))
    FEDGE_RETURN_IF_ERROR(CheckFirstModel(folder, model_path));
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
  FEDGE_ASSIGN_OR_RETURN(directory.store, Store::Open(folder, store));
  FEDGE_ASSIGN_OR_RETURN(directory.spool, Spool::Open(files, folder + "/spool"));
  FEDGE_ASSIGN_OR_RETURN(directory.models, ModelStore::Open(files, folder));

  FEDGE_ASSIGN_OR_RETURN(const State state, directory.store->LoadState());
  if (state.model.size == 0) {
    FEDGE_RETURN_IF_ERROR(ImportFirstModel(directory, folder, model_path));
  } else {
    FEDGE_RETURN_IF_ERROR(CheckSameModel(files, directory, state, folder, model_path));
  }
  return directory;
}

}  // namespace fedge
