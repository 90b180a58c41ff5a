#include "fedge/archive/schema.h"

#include <string>

#include <gmock/gmock.h>

#include "archive_files.h"
#include "fedge/common/hash.h"

namespace fedge {
namespace {

using ::fedge::testing::BuildZip;
using ::fedge::testing::SmallModule;
using ::testing::HasSubstr;

TEST(SchemaTest, SurvivesBeingWritten) {
  const ModelSchema schema{
      .architecture = "mlp:64,\"32\"",
      .loss = "cross-entropy",
      .inputs = {{.name = "x", .dtype = DType::kFloat32, .shape = {-1, 1, 28, 28}},
                 {.name = "h", .dtype = DType::kBFloat16, .shape = {}}},
      .outputs = {{.name = "y", .dtype = DType::kInt64, .shape = {-1, 0}}}};
  const auto read = SchemaFromJson(SchemaToJson(schema));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, schema);
  EXPECT_EQ(*SchemaFromJson(SchemaToJson({})), ModelSchema{});
}

TEST(SchemaTest, TakesMembersThatItDoesNotKnow) {
  const auto schema = SchemaFromJson(R"({"schema_version":1,"labels":["a"],"loss":"mse"})");
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ(schema->loss, "mse");
}

TEST(SchemaTest, NamesTheMemberThatIsWrong) {
  const auto message = [](const std::string& json) {
    const auto schema = SchemaFromJson(json);
    EXPECT_EQ(schema.status().code(), StatusCode::kInvalidArgument) << json;
    return schema.status().message();
  };
  const auto input = [&](const std::string& tensor) {
    return message(R"({"schema_version":1,"inputs":[)" + tensor + "]}");
  };
  EXPECT_THAT(message(""), HasSubstr("is no JSON"));
  EXPECT_THAT(message("{\"schema_version\":1"), HasSubstr("is no JSON at byte"));
  EXPECT_THAT(message("[1]"), HasSubstr("is no JSON object"));
  EXPECT_THAT(message("{}"), HasSubstr("'schema_version' is missing"));
  EXPECT_THAT(message(R"({"schema_version":"1"})"), HasSubstr("'schema_version' is no integer"));
  EXPECT_THAT(message(R"({"schema_version":2})"),
              HasSubstr("'schema_version' is 2; this program reads 1"));
  EXPECT_THAT(message(R"({"schema_version":1,"loss":5})"), HasSubstr("'loss' is no string"));
  EXPECT_THAT(message(R"({"schema_version":1,"inputs":5})"), HasSubstr("'inputs' is no array"));
  EXPECT_THAT(message("{\"schema_version\":1,\"loss\":\"\xff\"}"), HasSubstr("is no JSON"));
  EXPECT_THAT(message(std::string(1'000'000, '[')), HasSubstr("nested deeper than 16"));
  EXPECT_THAT(input("5"), HasSubstr("'inputs[0]' is no object"));
  EXPECT_THAT(input("{}"), HasSubstr("'inputs[0].dtype' is ''"));
  EXPECT_THAT(input(R"({"dtype":"float31"})"), HasSubstr("'inputs[0].dtype' is 'float31'"));
  EXPECT_THAT(input(R"({"dtype":"bool","name":[]})"), HasSubstr("'inputs[0].name' is no string"));
  EXPECT_THAT(input(R"({"dtype":"bool","shape":{}})"), HasSubstr("'inputs[0].shape' is no array"));
  EXPECT_THAT(input(R"({"dtype":"bool","shape":[1,-2]})"),
              HasSubstr("'inputs[0].shape[1]' is no size"));
  EXPECT_THAT(input(R"({"dtype":"bool","shape":[1.5]})"),
              HasSubstr("'inputs[0].shape[0]' is no size"));
}

TEST(SchemaTest, IsReadFromAnArchive) {
  auto records = SmallModule();
  const std::string without = BuildZip(records);
  EXPECT_EQ(*ReadSchema(*Archive::FromBytes(AsBytes(without), "m.pt")), std::nullopt);
  records.push_back(
      {.name = "m/extra/fedge/schema.json", .content = SchemaToJson({.architecture = "cnn"})});
  const std::string with = BuildZip(records);
  EXPECT_EQ((*ReadSchema(*Archive::FromBytes(AsBytes(with), "m.pt")))->architecture, "cnn");
  records.back().content = "{";
  const std::string broken = BuildZip(records);
  EXPECT_THAT(ReadSchema(*Archive::FromBytes(AsBytes(broken), "m.pt")).status().message(),
              HasSubstr("m.pt: record 'extra/fedge/schema.json': is no JSON"));
}

}  // namespace
}  // namespace fedge
