#include "fedge/common/json.h"
#include "fedge/compress_report/report.h"

namespace fedge {
namespace {

void WriteLayer(JsonWriter& json, const LayerReport& layer) {
  json.BeginObject()
      .Member("name", layer.name)
      .Member("type", layer.type)
      .Member("shape", layer.shape)
      .Member("bytes_before", layer.bytes_before)
      .Member("bytes_after", layer.bytes_after);
  if (layer.error) {
    json.Member("sqnr_db", layer.error->sqnr_db)
        .Member("largest_error", layer.error->largest_error);
  }
  json.EndObject();
}

void WriteLatency(JsonWriter& json, const LatencyReport& latency) {
  json.BeginObject()
      .Member("runtime", latency.runtime)
      .Member("model", latency.model)
      .Member("median_ms", latency.median_ms)
      .Member("runs", latency.runs)
      .Member("threads", latency.threads)
      .Member("batch", latency.batch)
      .EndObject();
}

void WriteMemory(JsonWriter& json, const MemoryReport& memory) {
  json.BeginObject()
      .Member("runtime", memory.runtime)
      .Member("model", memory.model)
      .Member("peak_bytes", memory.peak_bytes)
      .EndObject();
}

void WriteAccuracy(JsonWriter& json, const AccuracyReport& accuracy) {
  const Interval interval = ConfidenceInterval(accuracy);
  json.BeginObject()
      .Member("runtime", accuracy.runtime)
      .Member("model", accuracy.model)
      .Member("accuracy", accuracy.accuracy())
      .Member("correct", accuracy.correct)
      .Member("samples", accuracy.samples);
  json.Key("interval_95").BeginArray().Value(interval.low).Value(interval.high).EndArray();
  json.EndObject();
}

}  // namespace

std::string ReportToJson(const CompressReport& report) {
  JsonWriter json;
  json.BeginObject().Member("schema_version", 1).Member("input", report.input).Key("output");
  if (report.output.empty()) {
    json.Null();
  } else {
    json.Value(report.output);
  }
  json.Member("method", report.method)
      .Member("file_bytes_before", report.file_bytes_before)
      .Member("file_bytes_after", report.file_bytes_after)
      .Member("weight_bytes_before", report.weight_bytes_before)
      .Member("weight_bytes_after", report.weight_bytes_after)
      .Member("output_difference", report.output_difference)
      .Member("engine_difference", report.engine_difference)
      .Member("oldest_libtorch", report.oldest_libtorch)
      .Member("cpu", report.cpu);
  json.Key("layers").BeginArray();
  for (const LayerReport& layer : report.layers) WriteLayer(json, layer);
  json.EndArray().Key("kept").BeginArray();
  for (const std::string& kept : report.kept) json.Value(kept);
  json.EndArray().Key("latencies").BeginArray();
  for (const LatencyReport& latency : report.latencies) WriteLatency(json, latency);
  json.EndArray().Key("memories").BeginArray();
  for (const MemoryReport& memory : report.memories) WriteMemory(json, memory);
  json.EndArray().Key("accuracies").BeginArray();
  for (const AccuracyReport& accuracy : report.accuracies) WriteAccuracy(json, accuracy);
  json.EndArray().Member("disagreements", report.disagreements);
  return json.EndObject().Take();
}

}  // namespace fedge
