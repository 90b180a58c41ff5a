#include "fedge/archive/unpickler.h"

#include <utility>

#include "fedge/archive/opcodes.h"
#include "fedge/archive/pickle_globals.h"

namespace fedge::internal {
namespace {

constexpr std::uint64_t kNewestProtocol = 5;

PickleValue Number(PickleKind kind, std::int64_t number) {
  return {.kind = kind, .index = 0, .number = number};
}

}  // namespace

Result<Pickle> Unpickle(std::string_view bytes) {
  if (bytes.size() > kMaxPickleBytes) {
    return ResourceExhausted("is {} bytes long; at most {} are read", bytes.size(),
                             kMaxPickleBytes);
  }
  return Unpickler(bytes).Run();
}

Result<Pickle> Unpickler::Run() {
  while (!stopped_) {
    const std::size_t at = position_;
    const auto opcode = ReadNumber(1);
    const Status status = opcode.ok() ? Step(static_cast<std::uint8_t>(*opcode)) : opcode.status();
    if (!status.ok()) return status.WithContext(fmt::format("byte {}", at));
  }
  if (stack_.size() != 1 || stack_[0].kind == PickleKind::kMark) {
    return DataLoss("byte {}: {} values are left instead of one", position_, stack_.size());
  }
  pickle_.root = stack_[0];
  return std::move(pickle_);
}

Status Unpickler::Step(std::uint8_t opcode) {
  switch (opcode) {
    case kOpProto: {
      FEDGE_ASSIGN_OR_RETURN(const std::uint64_t protocol, ReadNumber(1));
      if (protocol >= 2 && protocol <= kNewestProtocol) return OkStatus();
      return InvalidArgument("pickle protocol {} is not supported", protocol);
    }
    case kOpFrame:
      return ReadNumber(8).status();
    case kOpStop:
      stopped_ = true;
      return OkStatus();
    case kOpMark:
      stack_.push_back({.kind = PickleKind::kMark, .index = 0, .number = 0});
      return OkStatus();
    case kOpPop:
      return Pop().status();
    case kOpNone:
    case kOpNewTrue:
    case kOpNewFalse:
    case kOpBinInt:
    case kOpBinInt1:
    case kOpBinInt2:
    case kOpLong1:
    case kOpBinFloat:
      return PushNumber(opcode);
    case kOpBinUnicode:
      return PushText(4, PickleKind::kString);
    case kOpShortBinUnicode:
      return PushText(1, PickleKind::kString);
    case kOpBinUnicode8:
      return PushText(8, PickleKind::kString);
    case kOpBinBytes:
      return PushText(4, PickleKind::kOpaque);
    case kOpShortBinBytes:
      return PushText(1, PickleKind::kOpaque);
    case kOpEmptyTuple:
      return TupleOf(0);
    case kOpTuple1:
      return TupleOf(1);
    case kOpTuple2:
      return TupleOf(2);
    case kOpTuple3:
      return TupleOf(3);
    default:
      return StepOther(opcode);
  }
}

Status Unpickler::StepOther(std::uint8_t opcode) {
  switch (opcode) {
    case kOpTuple: {
      FEDGE_ASSIGN_OR_RETURN(auto items, PopToMark());
      PushContainer(PickleKind::kTuple, std::move(items));
      return OkStatus();
    }
    case kOpEmptyList:
      PushContainer(PickleKind::kList, {});
      return OkStatus();
    case kOpEmptyDict:
      PushContainer(PickleKind::kDict, {});
      return OkStatus();
    case kOpEmptySet:
      PushContainer(PickleKind::kList, {});
      return OkStatus();
    case kOpAppend:
      return AppendLast(1, PickleKind::kList);
    case kOpSetItem:
      return AppendLast(2, PickleKind::kDict);
    case kOpAppends:
    case kOpAddItems:
      return AppendMarked(PickleKind::kList);
    case kOpSetItems:
      return AppendMarked(PickleKind::kDict);
    case kOpBinPut:
      return MemoPut(ReadNumber(1));
    case kOpLongBinPut:
      return MemoPut(ReadNumber(4));
    case kOpMemoize:
      return MemoPut(memo_.size());
    case kOpBinGet:
      return MemoGet(ReadNumber(1));
    case kOpLongBinGet:
      return MemoGet(ReadNumber(4));
    case kOpGlobal:
      return ReadGlobal();
    case kOpStackGlobal:
      return PopGlobal();
    case kOpReduce:
      return Reduce();
    case kOpNewObj:
      return NewObject();
    case kOpBuild:
      return Build();
    case kOpBinPersId:
      return PersistentId();
    default:
      return InvalidArgument("opcode 0x{:02x} is not one that a model needs", opcode);
  }
}

Status Unpickler::PushNumber(std::uint8_t opcode) {
  switch (opcode) {
    case kOpNone:
      stack_.push_back({});
      return OkStatus();
    case kOpNewTrue:
    case kOpNewFalse:
      stack_.push_back(Number(PickleKind::kBool, opcode == kOpNewTrue ? 1 : 0));
      return OkStatus();
    case kOpBinFloat:
      FEDGE_RETURN_IF_ERROR(ReadNumber(8).status());
      stack_.push_back(Number(PickleKind::kOpaque, 0));
      return OkStatus();
    case kOpLong1: {
      FEDGE_ASSIGN_OR_RETURN(const std::uint64_t size, ReadNumber(1));
      if (size > 8) {  // no size or offset is that long: a Python int of no interest
        FEDGE_RETURN_IF_ERROR(ReadBytes(size).status());
        stack_.push_back(Number(PickleKind::kOpaque, 0));
        return OkStatus();
      }
      FEDGE_ASSIGN_OR_RETURN(std::uint64_t number, ReadNumber(size));
      const bool negative = size > 0 && size < 8 && ((number >> (8 * size - 1)) & 1) != 0;
      if (negative) number |= ~std::uint64_t{0} << (8 * size);
      stack_.push_back(Number(PickleKind::kInt, static_cast<std::int64_t>(number)));
      return OkStatus();
    }
    default: {
      const std::size_t size = opcode == kOpBinInt1 ? 1 : opcode == kOpBinInt2 ? 2 : 4;
      FEDGE_ASSIGN_OR_RETURN(const std::uint64_t number, ReadNumber(size));
      stack_.push_back(Number(PickleKind::kInt, size == 4 ? static_cast<std::int32_t>(number)
                                                          : static_cast<std::int64_t>(number)));
      return OkStatus();
    }
  }
}

Status Unpickler::PushText(std::size_t length_bytes, PickleKind kind) {
  FEDGE_ASSIGN_OR_RETURN(const std::uint64_t length, ReadNumber(length_bytes));
  const std::size_t begin = position_;
  FEDGE_RETURN_IF_ERROR(ReadBytes(length).status());
  stack_.push_back({.kind = kind,
                    .index = static_cast<std::uint32_t>(length),
                    .number = static_cast<std::int64_t>(begin)});
  return OkStatus();
}

Status Unpickler::ReadGlobal() {
  FEDGE_ASSIGN_OR_RETURN(const std::string_view module, ReadLine());
  FEDGE_ASSIGN_OR_RETURN(const std::string_view name, ReadLine());
  return PushGlobal(module, name);
}

Status Unpickler::PopGlobal() {
  FEDGE_ASSIGN_OR_RETURN(const PickleValue name, Pop());
  FEDGE_ASSIGN_OR_RETURN(const PickleValue module, Pop());
  if (name.kind != PickleKind::kString || module.kind != PickleKind::kString) {
    return DataLoss("a global's name is no string");
  }
  return PushGlobal(pickle_.Text(module), pickle_.Text(name));
}

Status Unpickler::PushGlobal(std::string_view module, std::string_view name) {
  FEDGE_ASSIGN_OR_RETURN(PickleGlobal global, LookUpGlobal(module, name));
  stack_.push_back({.kind = PickleKind::kGlobal,
                    .index = static_cast<std::uint32_t>(pickle_.globals.size()),
                    .number = 0});
  pickle_.globals.push_back(global);
  return OkStatus();
}

// Writers number memo entries one by one, so that an index never exceeds the bytes read.
Status Unpickler::MemoPut(Result<std::uint64_t> index) {
  if (!index.ok()) return std::move(index).status();
  if (*index >= position_) return DataLoss("memo entry {} is out of order", *index);
  if (stack_.empty() || stack_.back().kind == PickleKind::kMark)
    return DataLoss("there is nothing to memoize");
  if (*index >= memo_.size()) memo_.resize(*index + 1, Number(PickleKind::kMark, 0));
  memo_[*index] = stack_.back();
  return OkStatus();
}

Status Unpickler::MemoGet(Result<std::uint64_t> index) {
  if (!index.ok()) return std::move(index).status();
  if (*index >= memo_.size() || memo_[*index].kind == PickleKind::kMark) {
    return DataLoss("memo entry {} is not there", *index);
  }
  stack_.push_back(memo_[*index]);
  return OkStatus();
}

Result<std::uint64_t> Unpickler::ReadNumber(std::size_t count) {
  FEDGE_ASSIGN_OR_RETURN(const std::string_view bytes, ReadBytes(count));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

Result<std::string_view> Unpickler::ReadBytes(std::uint64_t count) {
  if (count > pickle_.bytes.size() - position_) {
    return DataLoss("{} more bytes are needed, {} are left", count,
                    pickle_.bytes.size() - position_);
  }
  const std::string_view bytes = pickle_.bytes.substr(position_, count);
  position_ += count;
  return bytes;
}

Result<std::string_view> Unpickler::ReadLine() {
  const std::size_t end = pickle_.bytes.find('\n', position_);
  if (end == std::string_view::npos) return DataLoss("a name has no end");
  const std::string_view line = pickle_.bytes.substr(position_, end - position_);
  position_ = end + 1;
  return line;
}

}  // namespace fedge::internal
