#include "fedge/data/dense_dataset.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "fedge/common/check.h"

namespace fedge::data {
namespace {

void Convert(std::span<const std::uint8_t> row, std::span<const ByteFeatures::Channel> channels,
             float* out) {
  const std::size_t plane = row.size() / channels.size();
  const std::uint8_t* in = row.data();
  for (const ByteFeatures::Channel channel : channels) {
    for (std::size_t i = 0; i < plane; ++i)
      out[i] = static_cast<float>(in[i]) * channel.scale + channel.offset;
    in += plane;
    out += plane;
  }
}

void Prefetch(const std::uint8_t* row, std::size_t size) {
  constexpr std::size_t kCacheLine = 64;
  for (std::size_t i = 0; i < size; i += kCacheLine) __builtin_prefetch(row + i);
}

class DenseDataset final : public Dataset {
 public:
  DenseDataset(std::shared_ptr<const DenseTable> table, std::vector<std::uint32_t> rows)
      : table_(std::move(table)),
        rows_(std::move(rows)),
        size_(rows_.empty() ? table_->num_rows() : rows_.size()),
        feature_size_(table_->info.feature_size()),
        target_size_(table_->info.target_size()) {
    if (table_->keys.empty() || rows_.empty()) return;
    keys_.reserve(rows_.size());
    for (const std::uint32_t row : rows_) keys_.push_back(table_->keys[row]);
  }

  const DatasetInfo& info() const override { return table_->info; }
  std::size_t size() const override { return size_; }

  void GatherFloats(Indices indices, std::span<float> out) const override {
    FEDGE_CHECK(out.size() == indices.size() * feature_size_);
    if (const auto* bytes = std::get_if<ByteFeatures>(&table_->features)) {
      const std::span<const std::uint8_t> values = bytes->values.values();
      for (std::size_t i = 0; i < indices.size(); ++i) {
        if (i + 1 < indices.size())
          Prefetch(values.data() + Row(indices[i + 1]) * feature_size_, feature_size_);
        Convert(values.subspan(Row(indices[i]) * feature_size_, feature_size_), bytes->channels,
                out.data() + i * feature_size_);
      }
      return;
    }
    const auto* floats = std::get_if<Column<float>>(&table_->features);
    FEDGE_CHECK(floats != nullptr);
    Copy(floats->values(), feature_size_, indices, out);
  }

  void GatherTokens(Indices indices, std::span<std::int64_t> out) const override {
    const auto* tokens = std::get_if<Column<std::int64_t>>(&table_->features);
    FEDGE_CHECK(tokens != nullptr && out.size() == indices.size() * feature_size_);
    Copy(tokens->values(), feature_size_, indices, out);
  }

  void GatherClasses(Indices indices, std::span<std::int64_t> out) const override {
    const auto* classes = std::get_if<Column<std::int32_t>>(&table_->targets);
    FEDGE_CHECK(classes != nullptr && out.size() == indices.size() * target_size_);
    Copy(classes->values(), target_size_, indices, out);
  }

  void GatherReals(Indices indices, std::span<float> out) const override {
    const auto* reals = std::get_if<Column<float>>(&table_->targets);
    FEDGE_CHECK(reals != nullptr && out.size() == indices.size() * target_size_);
    Copy(reals->values(), target_size_, indices, out);
  }

  std::span<const std::uint32_t> keys() const override {
    return rows_.empty() ? table_->keys : keys_;
  }
  std::vector<std::string> key_names() const override { return table_->key_names; }

  std::vector<std::int64_t> Labels() const override {
    if (table_->info.target_type != TargetType::kClass) return {};
    const auto classes = std::get<Column<std::int32_t>>(table_->targets).values();
    std::vector<std::int64_t> labels(size_);
    for (std::size_t i = 0; i < size_; ++i) labels[i] = classes[Row(static_cast<std::uint32_t>(i))];
    return labels;
  }

 private:
  std::size_t Row(std::uint32_t index) const {
    FEDGE_CHECK(index < size_);
    return rows_.empty() ? index : rows_[index];
  }

  template <typename From, typename To>
  void Copy(std::span<const From> values, std::size_t width, Indices indices,
            std::span<To> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const auto row = values.subspan(Row(indices[i]) * width, width);
      std::copy(row.begin(), row.end(), out.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
  }

  std::shared_ptr<const DenseTable> table_;
  std::vector<std::uint32_t> rows_;  // empty: every row
  std::vector<std::uint32_t> keys_;  // of rows_
  std::size_t size_;
  std::size_t feature_size_;
  std::size_t target_size_;
};

Status CheckCount(const std::string& name, std::size_t rows) {
  if (rows == 0) return InvalidArgument("'{}' has no examples in the part asked for", name);
  if (rows > std::numeric_limits<std::uint32_t>::max()) {
    return InvalidArgument("'{}' has {} examples; at most 4294967295 can be used", name, rows);
  }
  return OkStatus();
}

}  // namespace

std::size_t DenseTable::num_rows() const {
  const std::size_t count = std::visit([](const auto& column) { return column.size(); }, targets);
  return count / info.target_size();
}

Result<std::shared_ptr<const Dataset>> MakeDenseDataset(std::shared_ptr<const DenseTable> table) {
  FEDGE_RETURN_IF_ERROR(CheckCount(table->info.name, table->num_rows()));
  return std::shared_ptr<const Dataset>(
      std::make_shared<DenseDataset>(std::move(table), std::vector<std::uint32_t>{}));
}

Result<std::shared_ptr<const Dataset>> MakeDenseDataset(std::shared_ptr<const DenseTable> table,
                                                        std::vector<std::uint32_t> rows) {
  FEDGE_RETURN_IF_ERROR(CheckCount(table->info.name, rows.size()));
  return std::shared_ptr<const Dataset>(
      std::make_shared<DenseDataset>(std::move(table), std::move(rows)));
}

}  // namespace fedge::data
