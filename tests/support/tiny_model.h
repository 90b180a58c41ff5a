#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fedge/common/hash.h"
#include "fedge/tensor/dtype.h"

// TorchScript files made without LibTorch: one module whose attributes are tensors, for tests of
// what works on any model.
namespace fedge::testing {

struct TinyTensor {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::string bytes;  // little-endian elements
  bool parameter = true;
  bool requires_grad = true;
};

namespace internal {

template <typename T>
std::string LittleEndian(T value, std::size_t num_bytes = sizeof(T)) {
  std::string bytes;
  for (std::size_t i = 0; i < num_bytes; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

inline std::string PickledInt(std::int64_t value) {
  return std::string("J").append(LittleEndian(static_cast<std::uint32_t>(value)));
}

inline std::string PickledText(std::string_view text) {
  return std::string("X")
      .append(LittleEndian(static_cast<std::uint32_t>(text.size())))
      .append(text);
}

inline std::string StorageClass(DType dtype) {
  static constexpr std::array<const char*, 10> kNames = {
      "Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool"};
  return std::string(kNames[static_cast<std::size_t>(dtype)]) + "Storage";
}

inline std::string PickledTensor(const TinyTensor& tensor, std::size_t storage) {
  std::int64_t num_elements = 1;
  std::string strides;
  for (auto it = tensor.shape.rbegin(); it != tensor.shape.rend(); ++it) {
    strides.insert(0, PickledInt(num_elements));
    num_elements *= *it;
  }
  std::string shape;
  for (const std::int64_t size : tensor.shape) shape += PickledInt(size);
  return fmt::format(
      "ctorch._utils\n_rebuild_tensor_v2\n(({}ctorch\n{}\n{}{}{}tQ{}({}t({}t{}ccollections\n"
      "OrderedDict\n)RtR",
      PickledText("storage"), StorageClass(tensor.dtype), PickledText(fmt::format("{}", storage)),
      PickledText("cpu"), PickledInt(num_elements), PickledInt(0), shape, strides,
      tensor.requires_grad ? "\x88" : "\x89");
}

inline std::string PickledModule(const std::vector<TinyTensor>& tensors) {
  std::string pickle =
      "\x80\x02"
      "c__torch__\nM\n)\x81}(" +
      PickledText("training") + "\x88";
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    pickle += PickledText(tensors[i].name) + PickledTensor(tensors[i], i);
  }
  return pickle + "ub.";
}

inline std::string Code(const std::vector<TinyTensor>& tensors) {
  std::string parameters;
  std::string buffers;
  std::string attributes = "  training : bool\n";
  for (const TinyTensor& tensor : tensors) {
    (tensor.parameter ? parameters : buffers) += fmt::format("\"{}\", ", tensor.name);
    attributes += fmt::format("  {} : Tensor\n", tensor.name);
  }
  return fmt::format(
      "class M(Module):\n  __parameters__ = [{}]\n  __buffers__ = [{}]\n{}"
      "  def forward(self: __torch__.M,\n    x: Tensor) -> Tensor:\n    return x\n",
      parameters, buffers, attributes);
}

// A zip file of stored records, their data at multiples of 64 bytes.
class Zip {
 public:
  void Add(const std::string& name, std::string_view data) {
    const std::string common = LittleEndian(Crc32(AsBytes(data))) + Size(data) + Size(data) +
                               LittleEndian(static_cast<std::uint16_t>(name.size()));
    const std::size_t header = file_.size();
    const std::size_t padding = 64 - (header + 30 + name.size() + 4) % 64;
    file_ += "PK\3\4" + std::string("\0\0\0\0\0\0\0\0\0\0", 10) + common +
             LittleEndian(static_cast<std::uint16_t>(padding + 4)) + name + "FB" +
             LittleEndian(static_cast<std::uint16_t>(padding)) + std::string(padding, 'Z');
    file_ += data;
    directory_ += "PK\1\2" + std::string(12, '\0') + common + std::string(12, '\0') +
                  LittleEndian(static_cast<std::uint32_t>(header)) + name;
    ++num_records_;
  }
  std::string Finish() {
    const std::string num_records = LittleEndian(num_records_);
    return file_ + directory_ + "PK\5\6" + std::string(4, '\0') + num_records + num_records +
           Size(directory_) + Size(file_) + std::string(2, '\0');
  }

 private:
  static std::string Size(std::string_view data) {
    return LittleEndian(static_cast<std::uint32_t>(data.size()));
  }

  std::string file_;
  std::string directory_;
  std::uint16_t num_records_ = 0;
};

}  // namespace internal

// An `extra/` record: its name without "extra/", its content.
using TinyExtra = std::pair<std::string, std::string>;

// The file's bytes. Tensor i has a storage of its own, record "data/i".
inline std::string TinyModel(const std::vector<TinyTensor>& tensors,
                             const std::vector<TinyExtra>& extras = {}) {
  internal::Zip zip;
  for (const auto& [name, content] : extras) zip.Add("m/extra/" + name, content);
  zip.Add("m/data.pkl", internal::PickledModule(tensors));
  zip.Add("m/code/__torch__.py", internal::Code(tensors));
  zip.Add("m/constants.pkl", "\x80\x02).");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    zip.Add(fmt::format("m/data/{}", i), tensors[i].bytes);
  }
  zip.Add("m/version", "3\n");
  return zip.Finish();
}

}  // namespace fedge::testing
