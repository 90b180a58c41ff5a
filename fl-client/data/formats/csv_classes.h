#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fedge/common/result.h"
#include "fedge/data/formats/csv_table.h"

namespace fedge::data {

// How the text of a label becomes a class.
class ClassMap {
 public:
  // From the labels of the training file. Integers from 0 to 65535 are the classes themselves; any
  // other labels are names, sorted (integers by value, else bytewise). `listed` names, if any, fix
  // the order instead. kInvalidArgument for labels like 3.7, which are no classes.
  static Result<ClassMap> Build(const CsvTable& table, const std::vector<std::string>& listed,
                                const std::string& file);

  // The classes of a file's rows. kInvalidArgument ("FILE:LINE: ...") for a label that is not in
  // the map.
  Result<std::vector<std::int32_t>> Map(const CsvTable& table, const std::string& file) const;

  std::int64_t num_classes() const { return num_classes_; }
  const std::vector<std::string>& names() const { return names_; }  // empty: plain numbers

 private:
  std::int64_t num_classes_ = 0;
  std::vector<std::string> names_;
};

}  // namespace fedge::data
