#include "fedge/lower/operators.h"

namespace fedge::lower {

const OperatorTable& Operators() {
  static const OperatorTable kTable = [] {
    OperatorTable table;
    AddActivations(table);
    AddArithmetic(table);
    AddAttention(table);
    AddConvolutions(table);
    AddCreation(table);
    AddIndexing(table);
    AddJoining(table);
    AddLinear(table);
    AddNormalizations(table);
    AddPadding(table);
    AddParts(table);
    AddPooling(table);
    AddRecurrent(table);
    AddReductions(table);
    AddResizing(table);
    AddViews(table);
    return table;
  }();
  return kTable;
}

}  // namespace fedge::lower
