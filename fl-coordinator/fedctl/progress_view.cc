#include "fedge/fedctl/progress_view.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include <fmt/format.h>

#include "fedge/fedctl/json_view.h"

namespace fedge::fedctl {
namespace {

// --quiet: notices only.
class SilentView : public ProgressView {
 public:
  explicit SilentView(const Console& console) : console_(console) {}
  bool Update(const RunProgress&, const std::vector<v1::RoundSummary>&) override { return true; }
  void Notice(std::string_view text) override {
    console_.Complain(text.empty() ? "connected again" : text);
  }
  void Close() override {}

 protected:
  const Console console_;
};

// One JSON document per finished round.
class JsonView final : public SilentView {
 public:
  using SilentView::SilentView;
  bool Update(const RunProgress&, const std::vector<v1::RoundSummary>& finished) override {
    for (const v1::RoundSummary& round : finished) {
      if (!console_.PrintLine(FollowedRoundJson(round))) return false;
    }
    return true;
  }
};

// For a pipe or a file: one line per finished round, and one when clients are missing.
class LineView final : public SilentView {
 public:
  LineView(const Console& console, const Clock& clock) : SilentView(console), clock_(clock) {}

  bool Update(const RunProgress& progress, const std::vector<v1::RoundSummary>& finished) override {
    for (const v1::RoundSummary& round : finished) {
      if (!console_.PrintLine(RoundLine(round, progress.status().run().plan()))) return false;
    }
    const std::string waiting = WaitingLine(progress.status());
    if (waiting == last_waiting_) return true;
    // Clients that arrive one by one are not worth a line each.
    const TimePoint now = clock_.Now();
    if (!waiting.empty() && now < next_waiting_) return true;
    last_waiting_ = waiting;
    if (waiting.empty()) return true;
    next_waiting_ = now + kWaitingInterval;
    return console_.PrintLine(waiting);
  }

 private:
  static constexpr Duration kWaitingInterval{10'000};
  const Clock& clock_;
  std::string last_waiting_;
  TimePoint next_waiting_{};
};

// For a terminal: a block that a thread of its own redraws, so that times go on while nothing
// arrives.
class BlockView final : public ProgressView {
 public:
  BlockView(const Console& console, const Clock& clock)
      : console_(console), clock_(clock), painter_([this](std::stop_token stop) { Paint(stop); }) {}
  ~BlockView() override { Close(); }

  bool Update(const RunProgress& progress, const std::vector<v1::RoundSummary>&) override {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
    return readable_;
  }
  void Notice(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    notice_ = text;
  }
  void Close() override {
    if (!painter_.joinable()) return;
    painter_.request_stop();
    painter_.join();
    Draw();
  }

 private:
  void Paint(const std::stop_token& stop) {
    constexpr std::chrono::milliseconds kFrame{100};
    std::mutex pause;
    std::condition_variable_any woken;
    std::unique_lock lock(pause);
    while (!stop.stop_requested()) {
      Draw();
      woken.wait_for(lock, stop, kFrame, [] { return false; });
    }
  }

  void Draw() {
    const std::lock_guard lock(mutex_);
    if (!progress_.has_value()) return;
    const std::vector<std::string> lines = ProgressBlock(*progress_, {.width = console_.Columns(),
                                                                      .height = console_.Lines(),
                                                                      .color = console_.color,
                                                                      .now = clock_.Now(),
                                                                      .notice = notice_});
    std::string frame = drawn_ > 0 ? fmt::format("\r\033[{}A", drawn_) : "";
    for (const std::string& line : lines) frame += line + "\033[K\n";
    frame += "\033[J";
    drawn_ = lines.size();
    readable_ = console_.Print(frame);
  }

  const Console console_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<RunProgress> progress_;
  std::string notice_;
  std::size_t drawn_ = 0;  // lines of the block that stands on the terminal
  bool readable_ = true;
  std::jthread painter_;  // last: it uses the rest
};

}  // namespace

std::unique_ptr<ProgressView> MakeProgressView(ViewKind kind, const Console& console,
                                               const Clock& clock) {
  switch (kind) {
    case ViewKind::kLines:
      return std::make_unique<LineView>(console, clock);
    case ViewKind::kBlock:
      return std::make_unique<BlockView>(console, clock);
    case ViewKind::kJson:
      return std::make_unique<JsonView>(console);
    case ViewKind::kNone:
      break;
  }
  return std::make_unique<SilentView>(console);
}

}  // namespace fedge::fedctl
