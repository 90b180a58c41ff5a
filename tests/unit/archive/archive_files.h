#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "fedge/archive/archive.h"
#include "fedge/archive/archive_writer.h"
#include "fedge/common/file.h"
#include "golden.h"
#include "pickle_builder.h"
#include "zip_builder.h"

namespace fedge::testing {

inline Archive OpenGolden(const std::string& name) {
  auto archive = Archive::Open(GoldenFolder() + "/" + name);
  EXPECT_TRUE(archive.ok()) << archive.status().ToString();
  return std::move(archive).value();
}

inline std::string Content(const Archive& archive, std::size_t storage) {
  const auto bytes = archive.StorageBytes(storage);
  EXPECT_TRUE(bytes.ok()) << bytes.status().ToString();
  return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

inline std::size_t StorageOf(const Archive& archive, const std::string& tensor) {
  const TensorInfo* info = archive.FindTensor(tensor);
  EXPECT_NE(info, nullptr) << tensor;
  return info == nullptr ? 0 : info->storage;
}

// The records of a module "M" with the parameter `w` and the buffer `b`, both float32, of two
// elements each.
inline std::vector<ZipRecord> SmallModule(bool deflate = false) {
  namespace p = pickle;
  const auto tensor = [](const char* key, bool requires_grad) {
    return p::Tensor(p::Storage("FloatStorage", key, 2),
                     {.offset = 0, .shape = {2}, .strides = {1}, .requires_grad = requires_grad});
  };
  const std::string state =
      p::Dict({p::Text("w"), tensor("0", true), p::Text("b"), tensor("1", false)});
  const float w[2] = {1, 2};
  const float b[2] = {3, 4};
  const auto text = [](const float* values) {
    return std::string(reinterpret_cast<const char*>(values), 8);
  };
  return {{.name = "m/data.pkl",
           .content = p::Whole(p::Object("__torch__", "M", state)),
           .deflate = deflate},
          {.name = "m/code/__torch__.py",
           .content = "class M(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = [\"b\", ]\n",
           .deflate = deflate},
          {.name = "m/constants.pkl", .content = "\x80\x02)."},
          {.name = "m/data/0", .content = text(w), .deflate = deflate},
          {.name = "m/data/1", .content = text(b), .deflate = deflate},
          {.name = "m/version", .content = "3\n"}};
}

}  // namespace fedge::testing
