#pragma once

#include <memory>
#include <string>

#include "fedge/common/file.h"
#include "fedge/common/result.h"
#include "fedge/coordinator/model_store.h"
#include "fedge/coordinator/spool.h"
#include "fedge/coordinator/store.h"

namespace fedge {

// A coordinator's folder: its database, spool and models, locked against every other process for as
// long as this lives.
struct StateDirectory {
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Store> store;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<ModelStore> models;
};

// Creates or opens the folder (mode 0700) and sees to it that it has a global model: `model_path`
// the first time, its own ever after. kInvalidArgument, kFailedPrecondition: the messages name the
// file or folder and say what to do.
//
// folder      new, empty, or a coordinator's; one with other things in it is left alone.
// model_path  empty: none given. A model that is not the one which the folder began with, or its
// newest, is refused.
Result<StateDirectory> OpenStateDirectory(FileSystem& files, const std::string& folder,
                                          const std::string& model_path,
                                          const StoreOptions& store = {});

}  // namespace fedge
