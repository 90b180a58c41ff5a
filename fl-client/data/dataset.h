#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fedge/common/result.h"

namespace fedge::data {

enum class FeatureType : std::uint8_t {
  kFloat,  // Gather writes float32
  kToken,  // Gather writes int64 indices
};
enum class TargetType : std::uint8_t {
  kClass,     // int64, 0 <= y < num_classes
  kReal,      // float32
  kSequence,  // int64 class per position, the shape of the features
};

struct DatasetInfo {
  std::string name{};                         // "mnist"
  std::vector<std::int64_t> feature_shape{};  // of one example: {1, 28, 28}
  FeatureType feature_type = FeatureType::kFloat;
  TargetType target_type = TargetType::kClass;
  std::vector<std::int64_t> target_shape{};  // of one example: {} for a class or one number
  std::int64_t num_classes = 0;              // 0 for kReal
  std::vector<std::string> class_names{};  // [num_classes]; empty if the classes are plain numbers

  std::size_t feature_size() const;  // elements of one example; 1 for shape {}
  std::size_t target_size() const;
};

// Examples in memory or mapped, immutable, shared by every client of the process. Thread-safe.
// Gather's preconditions: the type matches info(), every index is below size(), `out` has exactly
// the room stated.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual const DatasetInfo& info() const = 0;
  virtual std::size_t size() const = 0;

  using Indices = std::span<const std::uint32_t>;

  // Features of the given examples, row after row, normalised: [indices, feature_shape].
  virtual void GatherFloats(Indices indices, std::span<float> out) const = 0;         // kFloat
  virtual void GatherTokens(Indices indices, std::span<std::int64_t> out) const = 0;  // kToken
  // Targets: [indices, target_shape].
  virtual void GatherClasses(Indices indices,
                             std::span<std::int64_t> out) const = 0;          // kClass, kSequence
  virtual void GatherReals(Indices indices, std::span<float> out) const = 0;  // kReal

  // Natural owner of each example (a speaker, a user), an index into key_names(); for the by-key
  // partition. Empty if the data have none.
  virtual std::span<const std::uint32_t> keys() const { return {}; }
  virtual std::vector<std::string> key_names() const { return {}; }
  // Class of each example for partitions by label; empty if the targets are not classes.
  virtual std::vector<std::int64_t> Labels() const = 0;
};

}  // namespace fedge::data
