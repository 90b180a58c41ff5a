#include "fedge/rpc/convert.h"

#include <cmath>
#include <cstring>

#include "fedge/common/number_text.h"

namespace fedge {
namespace {

Status CheckRate(std::string_view field, double value) {
  if (std::isfinite(value) && value >= 0) return OkStatus();
  return InvalidArgument("{} is {}; it must be finite and at least 0", field, NumberText(value));
}

}  // namespace

v1::TrainConfig ToProto(const TrainConfig& config) {
  v1::TrainConfig proto;
  proto.set_epochs(config.epochs);
  proto.set_batch_size(config.batch_size);
  proto.set_optimizer(config.optimizer);
  proto.set_learning_rate(config.learning_rate);
  proto.set_momentum(config.momentum);
  proto.set_weight_decay(config.weight_decay);
  proto.set_prox_mu(config.prox_mu);
  proto.set_seed(config.seed);
  return proto;
}

v1::Metrics ToProto(const Metrics& metrics) {
  v1::Metrics proto;
  proto.set_num_examples(metrics.num_examples);
  proto.set_loss(metrics.loss);
  proto.set_accuracy(metrics.accuracy);
  return proto;
}

v1::TrainResult ToProto(const TrainResult& result) {
  v1::TrainResult proto;
  proto.set_num_examples(result.num_examples);
  *proto.mutable_before() = ToProto(result.before);
  *proto.mutable_after() = ToProto(result.after);
  proto.set_train_seconds(result.train_seconds);
  proto.set_num_steps(result.num_steps);
  return proto;
}

Result<TrainConfig> FromProto(const v1::TrainConfig& config) {
  FEDGE_RETURN_IF_ERROR(CheckRate("learning_rate", config.learning_rate()));
  FEDGE_RETURN_IF_ERROR(CheckRate("momentum", config.momentum()));
  FEDGE_RETURN_IF_ERROR(CheckRate("weight_decay", config.weight_decay()));
  FEDGE_RETURN_IF_ERROR(CheckRate("prox_mu", config.prox_mu()));
  return TrainConfig{.epochs = config.epochs(),
                     .batch_size = config.batch_size(),
                     .optimizer = config.optimizer(),
                     .learning_rate = config.learning_rate(),
                     .momentum = config.momentum(),
                     .weight_decay = config.weight_decay(),
                     .prox_mu = config.prox_mu(),
                     .seed = config.seed()};
}

Result<Metrics> FromProto(const v1::Metrics& metrics) {
  const double accuracy = metrics.accuracy();
  if (!std::isnan(accuracy) && !(accuracy >= 0 && accuracy <= 1)) {
    return InvalidArgument(
        "accuracy is {}; it must lie in [0, 1], or be NaN for a model without classes",
        NumberText(accuracy));
  }
  return Metrics{
      .num_examples = metrics.num_examples(), .loss = metrics.loss(), .accuracy = accuracy};
}

Result<TrainResult> FromProto(const v1::TrainResult& result) {
  if (result.num_examples() == 0 || result.num_examples() > kMaxWeight) {
    return InvalidArgument("num_examples is {}; an update's weight must lie in [1, {}]",
                           result.num_examples(), kMaxWeight);
  }
  FEDGE_RETURN_IF_ERROR(CheckRate("train_seconds", result.train_seconds()));
  FEDGE_ASSIGN_OR_RETURN(const Metrics before, FromProto(result.before()));
  FEDGE_ASSIGN_OR_RETURN(const Metrics after, FromProto(result.after()));
  return TrainResult{.num_examples = result.num_examples(),
                     .before = before,
                     .after = after,
                     .train_seconds = result.train_seconds(),
                     .num_steps = result.num_steps()};
}

std::string ToBytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

Result<Digest> DigestFromBytes(std::string_view bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return InvalidArgument("a digest has {} bytes; it must have {}", bytes.size(),
                           digest.bytes.size());
  }
  std::memcpy(digest.bytes.data(), bytes.data(), bytes.size());
  return digest;
}

std::string RefusalName(v1::Refusal refusal) {
  if (refusal == v1::REFUSAL_NONE) return "";
  constexpr std::string_view kPrefix = "REFUSAL_";
  const std::string& name = v1::Refusal_Name(refusal);
  if (name.empty()) return fmt::format("refusal-{}", static_cast<int>(refusal));
  std::string out = name.substr(kPrefix.size());
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c == '_' ? '-' : static_cast<char>(c - 'A' + 'a'); });
  return out;
}

v1::ContentRef ToContentRef(const Digest& digest, std::uint64_t size) {
  v1::ContentRef proto;
  proto.set_digest(ToBytes(digest));
  proto.set_size(size);
  return proto;
}

}  // namespace fedge
