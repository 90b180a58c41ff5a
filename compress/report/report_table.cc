#include <algorithm>
#include <array>
#include <cmath>

#include "fedge/compress_report/report.h"

namespace fedge {
namespace {

using Row = std::array<std::string, 7>;

std::string Bytes(std::uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} B", bytes);
  if (bytes < 10'000'000) return fmt::format("{:.1f} KB", static_cast<double>(bytes) / 1e3);
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

Row ToRow(const LayerReport& layer) {
  Row row = {layer.name.empty() ? "-" : layer.name,
             layer.type,
             layer.shape,
             Bytes(layer.bytes_before),
             Bytes(layer.bytes_after),
             "",
             ""};
  if (layer.error) {
    row[5] =
        std::isinf(layer.error->sqnr_db) ? "exact" : fmt::format("{:.1f} dB", layer.error->sqnr_db);
    row[6] = fmt::format("{:.2g}", layer.error->largest_error);
  }
  return row;
}

std::string Table(const std::vector<LayerReport>& layers) {
  std::vector<Row> rows = {{"LAYER", "TYPE", "OUTPUT", "BEFORE", "AFTER", "SQNR", "ERROR"}};
  for (const LayerReport& layer : layers) rows.push_back(ToRow(layer));
  std::array<std::size_t, 7> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < 3 ? fmt::format("{:<{}}  ", row[i], widths[i])
                    : fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string ToText(const AccuracyReport& accuracy) {
  const Interval interval = ConfidenceInterval(accuracy);
  return fmt::format("accuracy {:.2f} % in {}, {} ({} of {}; 95 % interval {:.2f} to {:.2f} %)\n",
                     100 * accuracy.accuracy(), accuracy.runtime, accuracy.model, accuracy.correct,
                     accuracy.samples, 100 * interval.low, 100 * interval.high);
}

}  // namespace

std::string ReportToText(const CompressReport& report) {
  std::string text = report.layers.empty() ? "" : Table(report.layers) + "\n";
  for (const std::string& kept : report.kept) text += "kept     " + kept + "\n";
  text += fmt::format("weights  {} -> {}\n", Bytes(report.weight_bytes_before),
                      Bytes(report.weight_bytes_after));
  text += fmt::format("file     {}", Bytes(report.file_bytes_before));
  if (report.file_bytes_after) text += " -> " + Bytes(*report.file_bytes_after);
  text += "\n";
  if (report.output_difference) {
    text += fmt::format("outputs  differ by {:.2g} of the largest, on random inputs\n",
                        *report.output_difference);
  }
  if (report.engine_difference) {
    text += fmt::format("engine   differs from LibTorch by {:.2g} of the largest output\n",
                        *report.engine_difference);
  }
  for (const LatencyReport& latency : report.latencies) {
    text += fmt::format("latency  {:.3g} ms in {}, {} (median of {}, batch {}, {} thread{})\n",
                        latency.median_ms, latency.runtime, latency.model, latency.runs,
                        latency.batch, latency.threads, latency.threads == 1 ? "" : "s");
  }
  for (const MemoryReport& memory : report.memories) {
    text += fmt::format("memory   {} at the peak in {}, {} (batch 1)\n", Bytes(memory.peak_bytes),
                        memory.runtime, memory.model);
  }
  for (const AccuracyReport& accuracy : report.accuracies) text += ToText(accuracy);
  if (report.disagreements)
    text +=
        fmt::format("         they choose another class for {} samples\n", *report.disagreements);
  if (!report.cpu.empty() && !report.latencies.empty()) text += "cpu      " + report.cpu + "\n";
  text += fmt::format("opens in LibTorch {} and newer\n", report.oldest_libtorch);
  text += report.output.empty() ? "nothing was written (--dry-run)\n"
                                : fmt::format("wrote {}\n", report.output);
  return text;
}

}  // namespace fedge
