#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "fedge/archive/pickle.h"
#include "fedge/common/result.h"

namespace fedge::internal {

inline constexpr std::size_t kMaxPickleBytes = 32u << 20;

// Reads a pickle (protocols 2 to 5) of what torch.save and torch.jit.save write: containers,
// numbers, strings, tensors and objects of the archive's own classes. A stack machine without
// recursion that executes nothing; every value costs at least a byte of the pickle, so memory stays
// within a constant factor of it. `bytes` outlives the result. Errors name the byte:
// kInvalidArgument for what is not allowed, kUnimplemented for tensors of kinds not supported,
// kDataLoss for a malformed one.
Result<Pickle> Unpickle(std::string_view bytes);

// The stack machine of Unpickle; one use. Thread-compatible.
class Unpickler {
 public:
  explicit Unpickler(std::string_view bytes) { pickle_.bytes = bytes; }
  Result<Pickle> Run();

 private:
  // One opcode.
  Status Step(std::uint8_t opcode);
  Status StepOther(std::uint8_t opcode);
  Status PushNumber(std::uint8_t opcode);
  Status PushText(std::size_t length_bytes, PickleKind kind);
  Status ReadGlobal();
  Status PopGlobal();
  Status PushGlobal(std::string_view module, std::string_view name);
  Status MemoPut(Result<std::uint64_t> index);
  Status MemoGet(Result<std::uint64_t> index);

  // Containers, calls and objects (unpickler_calls.cc).
  Result<PickleValue> Pop();
  Result<std::vector<PickleValue>> PopToMark();
  Result<std::vector<PickleValue>> PopLast(std::size_t count);
  void PushContainer(PickleKind kind, std::vector<PickleValue> items);
  Status TupleOf(std::size_t count);
  Status Append(const std::vector<PickleValue>& items, PickleKind kind);
  Status AppendMarked(PickleKind kind);
  Status AppendLast(std::size_t count, PickleKind kind);
  Status Reduce();
  Status NewObject();
  Status Build();
  Result<PickleValue> Call(const PickleValue& function, const std::vector<PickleValue>& arguments);

  // Storages and tensors (unpickler_tensors.cc).
  Status PersistentId();
  Result<PickleValue> RebuildTensor(const std::vector<PickleValue>& arguments);
  Result<PickleValue> RebuildParameter(const std::vector<PickleValue>& arguments);
  Result<PickleValue> RebuildFromType(const std::vector<PickleValue>& arguments);
  Result<std::vector<std::int64_t>> Integers(const PickleValue& tuple) const;
  Result<std::uint32_t> FindOrAddStorage(const PickleStorage& storage);

  // The next `count` bytes of the pickle, little-endian; kDataLoss at its end.
  Result<std::uint64_t> ReadNumber(std::size_t count);
  Result<std::string_view> ReadBytes(std::uint64_t count);
  Result<std::string_view> ReadLine();

  Pickle pickle_;
  std::size_t position_ = 0;
  std::vector<PickleValue> stack_;
  std::vector<PickleValue> memo_;
  std::map<std::string_view, std::uint32_t> storage_of_key_;
  bool stopped_ = false;
};

}  // namespace fedge::internal
