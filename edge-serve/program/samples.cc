#include "fedge/program/samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "fedge/archive/derived.h"
#include "fedge/common/hash.h"
#include "fedge/program/codec_ops.h"
#include "fedge/program/program.h"
#include "fedge/program/wire_scan.h"
#include "fedge/tensor/number.h"

namespace fedge {
namespace {

constexpr std::uint32_t kSchemaVersion = 1;
constexpr int kMaxTensors = 256;  // per sample and direction
constexpr std::size_t kMaxFields = std::size_t{1} << 16;

void ToProto(const std::vector<SampleTensor>& tensors,
             google::protobuf::RepeatedPtrField<v1::SampleTensor>* out) {
  for (const SampleTensor& tensor : tensors) {
    v1::SampleTensor& added = *out->Add();
    added.set_name(tensor.name);
    added.set_dtype(internal::ToProto(tensor.dtype));
    added.mutable_shape()->Assign(tensor.shape.begin(), tensor.shape.end());
    added.set_data(tensor.data);
  }
}

Status CheckSize(const SampleTensor& tensor) {
  if (tensor.shape.size() > kMaxRank) {
    return InvalidArgument("has {} dimensions; {} are possible", tensor.shape.size(), kMaxRank);
  }
  std::int64_t bytes = static_cast<std::int64_t>(DTypeSize(tensor.dtype));
  for (const std::int64_t size : tensor.shape) {
    if (size < 0 || __builtin_mul_overflow(bytes, size, &bytes)) {
      return InvalidArgument("has a size of {}", size);
    }
  }
  if (static_cast<std::uint64_t>(bytes) == tensor.data.size()) return OkStatus();
  return InvalidArgument("has {} bytes of data, but its shape needs {}", tensor.data.size(), bytes);
}

Result<std::vector<SampleTensor>> FromProto(
    google::protobuf::RepeatedPtrField<v1::SampleTensor>& tensors) {
  if (tensors.size() > kMaxTensors) {
    return ResourceExhausted("has {} tensors; at most {} are read", tensors.size(), kMaxTensors);
  }
  std::vector<SampleTensor> out;
  for (v1::SampleTensor& tensor : tensors) {
    SampleTensor read{tensor.name(), {}, {tensor.shape().begin(), tensor.shape().end()}, {}};
    FEDGE_ASSIGN_OR_RETURN(read.dtype, internal::FromProto(tensor.dtype()));
    read.data = std::move(*tensor.mutable_data());
    if (const Status status = CheckSize(read); !status.ok()) {
      return status.WithContext(fmt::format("tensor {}", out.size()));
    }
    out.push_back(std::move(read));
  }
  return out;
}

Result<Sample> FromProto(v1::Sample& sample) {
  Sample out;
  FEDGE_ASSIGN_OR_RETURN(out.inputs, FromProto(*sample.mutable_inputs()));
  FEDGE_ASSIGN_OR_RETURN(out.outputs, FromProto(*sample.mutable_outputs()));
  out.tolerance = sample.tolerance();
  if (std::isfinite(out.tolerance) && out.tolerance >= 0) return out;
  return InvalidArgument("tolerance is {}", out.tolerance);
}

}  // namespace

double LargestDifference(const SampleTensor& expected, const SampleTensor& answer) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (expected.dtype != answer.dtype || expected.shape != answer.shape) return kInfinity;
  const std::span<const std::byte> wanted = AsBytes(expected.data);
  const std::span<const std::byte> given = AsBytes(answer.data);
  double largest = 0;
  double difference = 0;
  for (std::size_t i = 0; i < wanted.size() / DTypeSize(expected.dtype); ++i) {
    const double want = NumberAt(expected.dtype, wanted, i);
    const double got = NumberAt(answer.dtype, given, i);
    if (std::isfinite(want)) largest = std::max(largest, std::abs(want));
    if (want == got || (std::isnan(want) && std::isnan(got))) continue;
    if (!std::isfinite(want) || !std::isfinite(got)) return kInfinity;
    difference = std::max(difference, std::abs(want - got));
  }
  return largest > 0 ? difference / largest : difference;
}

std::string SamplesToBytes(const std::vector<Sample>& samples) {
  v1::Samples out;
  out.set_schema_version(kSchemaVersion);
  for (const Sample& sample : samples) {
    v1::Sample& added = *out.add_samples();
    ToProto(sample.inputs, added.mutable_inputs());
    ToProto(sample.outputs, added.mutable_outputs());
    added.set_tolerance(sample.tolerance);
  }
  return out.SerializeAsString();
}

Result<std::vector<Sample>> SamplesFromBytes(std::string_view bytes) {
  if (bytes.size() > kMaxSamplesBytes) {
    return ResourceExhausted("has {} bytes; at most {} are read", bytes.size(), kMaxSamplesBytes);
  }
  // Two levels hold repeated messages: samples, and tensors in them.
  const auto fields = internal::CountFields(bytes, 2);
  if (!fields.has_value()) return InvalidArgument("holds no samples");
  if (*fields > kMaxFields) {
    return ResourceExhausted("has {} tensors; at most {} are read", *fields, kMaxFields);
  }
  v1::Samples samples;
  if (!samples.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return InvalidArgument("holds no samples");
  }
  if (samples.schema_version() != kSchemaVersion) {
    return Unimplemented("is of schema version {}; this program reads {}", samples.schema_version(),
                         kSchemaVersion);
  }
  if (static_cast<std::size_t>(samples.samples_size()) > kMaxSamples) {
    return ResourceExhausted("has {} samples; at most {} are read", samples.samples_size(),
                             kMaxSamples);
  }
  std::vector<Sample> out;
  for (v1::Sample& sample : *samples.mutable_samples()) {
    auto read = FromProto(sample);
    if (!read.ok()) {
      return std::move(read).status().WithContext(fmt::format("sample {}", out.size()));
    }
    out.push_back(std::move(read).value());
  }
  return out;
}

Result<std::vector<Sample>> ReadSamples(const Archive& archive) {
  const RecordInfo* record = archive.FindRecord(fmt::format("extra/{}", kSamplesRecord));
  if (record == nullptr) return std::vector<Sample>();
  const std::string where = fmt::format("{}: golden samples", archive.path());
  if (record->size > kMaxSamplesBytes) {
    return ResourceExhausted("{}: have {} bytes; at most {} are read", where, record->size,
                             kMaxSamplesBytes);
  }
  // A model without tensors has nothing that samples could go stale of.
  if (!archive.storages().empty()) FEDGE_RETURN_IF_ERROR(CheckDerived(archive, kSamplesRecord));
  FEDGE_ASSIGN_OR_RETURN(const std::string bytes, archive.ReadExtra(kSamplesRecord));
  auto samples = SamplesFromBytes(bytes);
  if (!samples.ok()) return std::move(samples).status().WithContext(where);
  return samples;
}

}  // namespace fedge
