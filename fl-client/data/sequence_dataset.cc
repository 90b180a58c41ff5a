#include "fedge/data/sequence_dataset.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "fedge/common/check.h"

namespace fedge::data {
namespace {

class SequenceDataset final : public Dataset {
 public:
  SequenceDataset(std::shared_ptr<const TokenStream> stream, std::vector<Window> windows,
                  std::size_t length)
      : stream_(std::move(stream)), length_(length) {
    starts_.reserve(windows.size());
    for (const Window& window : windows) {
      FEDGE_CHECK(window.start + length < stream_->tokens.size());
      starts_.push_back(window.start);
      if (!stream_->key_names.empty()) keys_.push_back(window.key);
    }
    const auto extent = static_cast<std::int64_t>(length);
    info_ = {.name = "text",
             .feature_shape = {extent},
             .feature_type = FeatureType::kToken,
             .target_type = TargetType::kSequence,
             .target_shape = {extent},
             .num_classes = static_cast<std::int64_t>(stream_->vocabulary.size()),
             .class_names = stream_->vocabulary};
  }

  const DatasetInfo& info() const override { return info_; }
  std::size_t size() const override { return starts_.size(); }
  void GatherTokens(Indices indices, std::span<std::int64_t> out) const override {
    Copy(indices, 0, out);
  }
  void GatherClasses(Indices indices, std::span<std::int64_t> out) const override {
    Copy(indices, 1, out);
  }
  void GatherFloats(Indices, std::span<float>) const override {
    FEDGE_CHECK(false && "features are tokens");
  }
  void GatherReals(Indices, std::span<float>) const override {
    FEDGE_CHECK(false && "targets are sequences");
  }
  std::span<const std::uint32_t> keys() const override { return keys_; }
  std::vector<std::string> key_names() const override { return stream_->key_names; }
  std::vector<std::int64_t> Labels() const override { return {}; }

 private:
  void Copy(Indices indices, std::size_t shift, std::span<std::int64_t> out) const {
    FEDGE_CHECK(out.size() == indices.size() * length_);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      FEDGE_CHECK(indices[i] < starts_.size());
      const std::uint16_t* from = stream_->tokens.data() + starts_[indices[i]] + shift;
      std::copy(from, from + length_, out.data() + i * length_);
    }
  }

  std::shared_ptr<const TokenStream> stream_;
  DatasetInfo info_;
  std::vector<std::uint64_t> starts_;
  std::vector<std::uint32_t> keys_;
  std::size_t length_;
};

}  // namespace

Result<std::shared_ptr<const Dataset>> MakeSequenceDataset(
    std::shared_ptr<const TokenStream> stream, std::vector<Window> windows, std::size_t length) {
  if (windows.empty()) {
    return InvalidArgument(
        "'text' has no examples in the part asked for: {} characters of one speaker in a row are "
        "needed",
        length + 1);
  }
  if (windows.size() > std::numeric_limits<std::uint32_t>::max()) {
    return InvalidArgument("'text' has {} examples; at most 4294967295 can be used",
                           windows.size());
  }
  return std::shared_ptr<const Dataset>(
      std::make_shared<SequenceDataset>(std::move(stream), std::move(windows), length));
}

}  // namespace fedge::data
