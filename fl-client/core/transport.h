#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "fedge/client/model_download.h"
#include "fedge/client/session_io.h"

namespace fedge::client {

// The calls to a coordinator: a seam between the sessions and gRPC. Nothing blocks; every call is
// answered by exactly one message in the mailbox that the implementation was made with, posted on
// any thread. The functions are called on the actor thread.
class Transport {
 public:
  virtual ~Transport() = default;
  // `client` is an index into the profiles that the implementation was made with. Answered by
  // Joined, Polled, UploadChecked, Submitted, Reported or Left with the call's id; the update of a
  // SendSubmit is let go before.
  virtual void Send(std::size_t client, Call call) = 0;
  // The call is answered soon, with kCancelled if it was not over. OK when it is.
  virtual void Cancel(std::size_t client, CallId call) = 0;
  // Streams the content into the download, from its offset on. Answered by FetchEnded.
  virtual void Fetch(const std::string& session, std::unique_ptr<ModelDownload> download) = 0;
};

}  // namespace fedge::client
