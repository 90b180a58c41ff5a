#include "fedge/client/model_cache.h"

#include <algorithm>
#include <utility>

namespace fedge::client {
namespace {

constexpr std::size_t kKeptModels = 2;

}  // namespace

std::shared_ptr<const GlobalModel> ModelCache::Find(const Digest& digest) const {
  const auto found = std::find_if(models_.begin(), models_.end(),
                                  [&](const auto& model) { return model->digest == digest; });
  return found == models_.end() ? nullptr : *found;
}

std::unique_ptr<ModelDownload> ModelCache::Request(const ContentRef& model, std::size_t client) {
  const auto [it, is_new] = pending_.try_emplace(model.digest);
  Pending& pending = it->second;
  pending.clients.insert(client);
  if (is_new) {
    DropOldPartials(model.digest);
    return std::make_unique<ModelDownload>(model, folder_);
  }
  return std::move(pending.download);
}

ModelCache::Delivery ModelCache::Complete(std::unique_ptr<ModelDownload> download,
                                          const Status& status) {
  const Digest digest = download->model().digest;
  auto result =
      status.ok() ? download->Finish() : Result<std::shared_ptr<const GlobalModel>>(status);
  Delivery delivery{digest, std::move(result), {}};
  const auto it = pending_.find(digest);
  if (it == pending_.end()) return delivery;
  delivery.clients = std::exchange(it->second.clients, {});
  if (!delivery.result.ok()) {
    it->second.download = std::move(download);
    return delivery;
  }
  pending_.erase(it);
  models_.push_front(*delivery.result);
  if (models_.size() > kKeptModels) models_.pop_back();
  return delivery;
}

void ModelCache::DropOldPartials(const Digest& newest) {
  std::erase_if(pending_, [&](const auto& entry) {
    return entry.first != newest && entry.second.download != nullptr &&
           entry.second.clients.empty();
  });
}

}  // namespace fedge::client
