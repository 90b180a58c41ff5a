#include "fedge/lower/operators/support.h"

namespace fedge::lower {
namespace {

using Mode = op::Pad::Mode;

// Pairs of what is added before and behind, from the last dimension on.
TensorValue EmitPad(const Call& call, Mode mode, const std::vector<std::int64_t>& pads,
                    double value) {
  const TensorValue x = call.Tensor("self");
  const std::size_t rank = x.shape.size();
  if (pads.size() % 2 != 0 || pads.size() > 2 * rank) {
    Refuse("has {} pads for {}", pads.size(), ToString(x.shape));
  }
  op::Pad pad{.mode = mode,
              .begin = std::vector<std::int64_t>(rank),
              .end = std::vector<std::int64_t>(rank),
              .value = value};
  for (std::size_t i = 0; i < pads.size() / 2; ++i) {
    pad.begin[rank - 1 - i] = pads[2 * i];
    pad.end[rank - 1 - i] = pads[2 * i + 1];
  }
  return call.builder().Emit(std::move(pad), {x});
}

Outputs Pad(const Call& call) {
  const std::string mode = call.String("mode");
  const std::vector<std::int64_t> pads = call.Ints("pad");
  if (mode == "constant") return EmitPad(call, Mode::kConstant, pads, call.Number("value", 0));
  if (mode == "reflect") return EmitPad(call, Mode::kReflect, pads, 0);
  if (mode == "replicate") return EmitPad(call, Mode::kReplicate, pads, 0);
  Refuse("pads '{}'; constant, reflect and replicate are supported", mode);
}

Outputs Constant(const Call& call) {
  return EmitPad(call, Mode::kConstant, call.Ints("pad"), call.Number("value", 0));
}

template <Mode mode>
Outputs OfMode(const Call& call) {
  return EmitPad(call, mode, call.Ints("padding"), 0);
}

}  // namespace

void AddPadding(OperatorTable& table) {
  table.Add({"pad"}, Pad);
  table.Add({"constant_pad_nd"}, Constant);
  table.Add({"reflection_pad1d", "reflection_pad2d"}, OfMode<Mode::kReflect>);
  table.Add({"replication_pad1d", "replication_pad2d"}, OfMode<Mode::kReplicate>);
}

}  // namespace fedge::lower
