#include "compress_options.h"

#include <filesystem>

#include <fmt/ranges.h>

#include "fedge/compress_main/input_spec.h"

namespace fedge {

std::string CompressOptions::method() const {
  if (fp16) return "fp16";
  return bf16 ? "bf16" : "lower";
}

std::string CompressOptions::DefaultOutput() const {
  std::filesystem::path path(model);
  const std::string suffix = fp16 || bf16 ? method() : "edge";
  return path.replace_extension("." + suffix + ".pt").string();
}

Status CompressOptions::Validate() const {
  std::vector<std::string> problems;
  if (fp16 && bf16)
    problems.emplace_back("--fp16 and --bf16 are two ways to store the same weights; give one");
  for (const std::string& input : inputs) {
    if (const auto spec = ParseInputSpec(input); !spec.ok()) {
      problems.push_back("--input: " + spec.status().message());
    }
  }
  if (const auto type = ParseComputeType(compute); !type.ok())
    problems.push_back("--compute: " + type.status().message());
  if (evaluates()) {
    if (const Status status = eval.Validate(); !status.ok())
      problems.push_back("--eval: " + status.message());
  } else if (!eval.label_column.empty() || !eval.classes.empty() || !eval.vocabulary.empty()) {
    problems.emplace_back(
        "--label-column, --classes and --vocabulary say how to read the data of --eval");
  }
  if (problems.empty()) return OkStatus();
  return InvalidArgument("{}", fmt::join(problems, "; "));
}

}  // namespace fedge
