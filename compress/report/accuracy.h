#pragma once

#include <cstdint>
#include <string>

namespace fedge {

// Of a model on labelled data.
struct AccuracyReport {
  std::string runtime;  // "LibTorch", "edge engine"
  std::string model;    // "before", "after"
  std::uint64_t correct = 0;
  std::uint64_t samples = 0;  // targets: of a text, its characters

  double accuracy() const;  // 0 to 1
};

// Where the true accuracy lies in 95 of 100 cases if samples are independent, by Wilson's score
// (E. B. Wilson, 1927): it stays in [0, 1] and is right near the ends too.
struct Interval {
  double low = 0;
  double high = 1;
};
Interval ConfidenceInterval(const AccuracyReport& accuracy);

}  // namespace fedge
