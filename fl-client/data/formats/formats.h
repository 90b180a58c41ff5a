#pragma once

#include "fedge/data/dataset_registry.h"

namespace fedge::data {

// The data sets of this library. A new one is a file that defines a constant, a line here and a
// line in BuiltinDatasets().
extern const DatasetFormat kDigits;
extern const DatasetFormat kMnist;
extern const DatasetFormat kCifar10;
extern const DatasetFormat kText;
extern const DatasetFormat kCsv;
extern const DatasetFormat kPt;

}  // namespace fedge::data
