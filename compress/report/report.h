#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fedge/compress_report/accuracy.h"
#include "fedge/program/program.h"

namespace fedge {

// What rounding did to the weights of one layer. Nothing that was not measured is in a report.
struct WeightError {
  double sqnr_db = 0;        // 10 log10(sum of squares / sum of squared errors); infinite if exact
  double largest_error = 0;  // absolute
};

struct LayerReport {
  std::string name;                // "layer1.0.conv1"
  std::string type;                // "conv"
  std::string shape;               // of what it gives: "[N, 64, 56, 56]"
  std::uint64_t bytes_before = 0;  // of its weights
  std::uint64_t bytes_after = 0;
  std::optional<WeightError> error = {};
};

struct LatencyReport {
  std::string runtime;  // "LibTorch", "edge engine"
  std::string model;    // "before", "after"
  double median_ms = 0;
  std::uint32_t runs = 0;
  std::uint32_t threads = 1;
  std::int64_t batch = 1;
};

// The peak of what one process has resident for a model that it runs once, at batch 1, beyond what
// it had before.
struct MemoryReport {
  std::string runtime;
  std::string model;
  std::uint64_t peak_bytes = 0;
};

struct CompressReport {
  std::string input;
  std::string output;  // empty: nothing was written
  std::string method;  // "lower", "fp16", "bf16"
  std::uint64_t file_bytes_before = 0;
  std::optional<std::uint64_t> file_bytes_after = {};
  std::uint64_t weight_bytes_before = 0;
  std::uint64_t weight_bytes_after = 0;
  std::vector<LayerReport> layers = {};  // weights that layers share stand in each
  std::vector<std::string> kept = {};    // weights left as they were, and why
  // Of the outputs on the golden sample, before and after, by the largest magnitude.
  std::optional<double> output_difference = {};
  // Of what the edge engine answers to the golden samples, by the largest magnitude.
  std::optional<double> engine_difference = {};
  std::vector<LatencyReport> latencies = {};
  std::vector<MemoryReport> memories = {};
  std::vector<AccuracyReport> accuracies = {};
  // Samples for which not all of those chose the same class.
  std::optional<std::uint64_t> disagreements = {};
  std::string cpu = {};
  std::string oldest_libtorch = {};
};

// Fills in layers, a row for each node with weights, and the bytes of all weights. Bytes and errors
// by value of the program; `after` has as many bytes as `before` where it is empty.
struct WeightChange {
  std::uint64_t bytes_after = 0;
  double signal = 0;  // sum of squares
  double noise = 0;   // sum of squared errors
  double largest_error = 0;
};
void DescribeWeights(const Program& program,
                     const std::vector<std::optional<WeightChange>>& changes,
                     CompressReport& report);

// "Intel(R) Xeon(R) ...", from /proc/cpuinfo; empty if it is not said there.
std::string CpuName();

std::string ReportToJson(const CompressReport& report);
// A table, then the totals, for a person.
std::string ReportToText(const CompressReport& report);

}  // namespace fedge
