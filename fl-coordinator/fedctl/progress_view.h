#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fedge/common/clock.h"
#include "fedge/fedctl/console.h"
#include "fedge/fedctl/progress.h"

namespace fedge::fedctl {

// Shows a run while it is followed. Called from one thread.
class ProgressView {
 public:
  virtual ~ProgressView() = default;
  // Rounds that became final with the newest message, and everything known. False when nobody reads
  // any more.
  virtual bool Update(const RunProgress& progress,
                      const std::vector<v1::RoundSummary>& finished) = 0;
  // Something that the operator should know meanwhile, such as a lost connection; empty: it is
  // over.
  virtual void Notice(std::string_view text) = 0;
  // The run has ended, or is not followed any more: nothing is redrawn after it.
  virtual void Close() = 0;
};

enum class ViewKind { kNone, kLines, kBlock, kJson };

// The clock outlives the view.
std::unique_ptr<ProgressView> MakeProgressView(ViewKind kind, const Console& console,
                                               const Clock& clock);

}  // namespace fedge::fedctl
