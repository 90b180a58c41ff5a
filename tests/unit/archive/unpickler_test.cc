#include "fedge/archive/unpickler.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "fedge/archive/module_tree.h"
#include "pickle_builder.h"

namespace fedge::internal {
namespace {

namespace p = ::fedge::testing::pickle;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string FloatStorage(std::int64_t num_elements) {
  return p::Storage("FloatStorage", "0", num_elements);
}

Result<std::string> NoCode(const std::string& record) { return NotFound("{}", record); }

// The names of the tensors in a pickle, or the error.
Result<std::vector<std::string>> Names(const std::string& bytes, const ReadCode& code = NoCode) {
  FEDGE_ASSIGN_OR_RETURN(const Pickle pickle, Unpickle(bytes));
  FEDGE_ASSIGN_OR_RETURN(const auto tensors, ListTensors(pickle, code));
  std::vector<std::string> names;
  for (const TensorInfo& tensor : tensors) names.push_back(tensor.name);
  return names;
}

TEST(UnpicklerTest, ReadsATensor) {
  const std::string bytes = p::Whole(p::Tensor(
      FloatStorage(12), {.offset = 2, .shape = {2, 3}, .strides = {4, 1}, .requires_grad = true}));
  const auto pickle = Unpickle(bytes);
  ASSERT_TRUE(pickle.ok()) << pickle.status().ToString();
  ASSERT_EQ(pickle->storages.size(), 1U);
  EXPECT_EQ(pickle->storages[0].key, "0");
  EXPECT_EQ(pickle->storages[0].num_elements, 12U);
  ASSERT_EQ(pickle->root.kind, PickleKind::kTensor);
  const PickleTensor& tensor = pickle->tensors[pickle->root.index];
  EXPECT_EQ(tensor.offset, 2U);
  EXPECT_THAT(tensor.shape, ElementsAre(2, 3));
  EXPECT_THAT(tensor.strides, ElementsAre(4, 1));
  EXPECT_TRUE(tensor.requires_grad);
}

TEST(UnpicklerTest, ReadsNumbersOfEveryWidth) {
  using std::string_literals::operator""s;
  const std::string bytes =
      p::Whole("(K\xff"s + "M\x01\x02"s + "J\xff\xff\xff\xff"s + "\x8a\x00"s + "\x8a\x01\xff"s +
               "\x8a\x02\x00\x01"s + "\x8a\x08"s + p::Little(1ULL << 40, 8) + "t"s);
  const auto pickle = Unpickle(bytes);
  ASSERT_TRUE(pickle.ok()) << pickle.status().ToString();
  std::vector<std::int64_t> numbers;
  for (const PickleValue& value : pickle->containers[pickle->root.index])
    numbers.push_back(value.number);
  EXPECT_THAT(numbers, ElementsAre(255, 513, -1, 0, -1, 256, std::int64_t{1} << 40));
}

TEST(UnpicklerTest, NamesTensorsByPositionAndKey) {
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  EXPECT_THAT(*Names(p::Whole(tensor)), ElementsAre("0"));
  EXPECT_THAT(*Names(p::Whole(p::Tuple({tensor, p::Int(3), tensor}))), ElementsAre("0", "2"));
  EXPECT_THAT(
      *Names(p::Whole(p::Dict({p::Text("x"), tensor, p::Int(7), p::List({tensor, tensor})}))),
      ElementsAre("x", "7.0", "7.1"));
}

TEST(UnpicklerTest, ReadsWhatNewerPickleProtocolsWrite) {
  using std::string_literals::operator""s;
  // FRAME, SHORT_BINUNICODE, MEMOIZE, STACK_GLOBAL, SETITEM, APPEND.
  const std::string global = "\x8c\x05torch\x94\x8c\x0c"s + "FloatStorage\x94\x93\x94";
  const std::string storage =
      p::Tuple({p::Text("storage"), global, p::Text("0"), p::Text("cpu"), p::Int(1)}).append("Q");
  const std::string tensor = p::Tensor(storage, {.shape = {1}, .strides = {1}});
  const std::string bytes =
      "\x80\x04\x95"s + p::Little(100, 8) + "}" + p::Text("x") + "]" + tensor + "as.";
  const auto names = Names(bytes);
  ASSERT_TRUE(names.ok()) << names.status().ToString();
  EXPECT_THAT(*names, ElementsAre("x.0"));
}

TEST(UnpicklerTest, EveryPrefixIsAnError) {
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  const std::string bytes = p::Whole(p::Dict({p::Text("x"), p::List({tensor, p::Text("y")})}));
  ASSERT_TRUE(Unpickle(bytes).ok());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(Unpickle(bytes.substr(0, size)).status().code(), StatusCode::kDataLoss) << size;
  }
}

struct BadView {
  std::int64_t num_elements;
  p::View view;
};

TEST(UnpicklerTest, RefusesViewsThatLeaveTheirStorage) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::vector<BadView> bad = {
      {5, {.offset = 0, .shape = {6}, .strides = {1}}},
      {5, {.offset = 5, .shape = {1}, .strides = {1}}},
      {5, {.offset = 0, .shape = {2}, .strides = {5}}},
      {5, {.offset = 6, .shape = {0}, .strides = {1}}},
      {5, {.offset = -1, .shape = {1}, .strides = {1}}},
      {5, {.offset = 0, .shape = {-1}, .strides = {1}}},
      {5, {.offset = 4, .shape = {2}, .strides = {-1}}},
      {5, {.offset = 0, .shape = {2, 2}, .strides = {1}}},
      {5, {.offset = kHuge, .shape = {2, 2, 2, 2}, .strides = {kHuge, kHuge, kHuge, kHuge}}},
      {5, {.offset = 0, .shape = {kHuge, 16}, .strides = {0, 0}}},
      {5, {.offset = 0, .shape = {kHuge}, .strides = {kHuge}}},
      {0, {.offset = 0, .shape = {}, .strides = {}}},
  };
  for (const BadView& item : bad) {
    EXPECT_EQ(
        Unpickle(p::Whole(p::Tensor(FloatStorage(item.num_elements), item.view))).status().code(),
        StatusCode::kDataLoss);
  }
}

TEST(UnpicklerTest, TakesViewsThatJustFit) {
  const std::vector<BadView> good = {
      {5, {.offset = 0, .shape = {5}, .strides = {1}}},
      {5, {.offset = 4, .shape = {}, .strides = {}}},
      {5, {.offset = 0, .shape = {3}, .strides = {2}}},
      {5, {.offset = 5, .shape = {0, 7}, .strides = {7, 1}}},
      {1, {.offset = 0, .shape = {1000}, .strides = {0}}},
      {5, {.offset = 0, .shape = {1, 5}, .strides = {99, 1}}},
      {0, {.offset = 0, .shape = {0}, .strides = {1}}},
  };
  for (const BadView& item : good) {
    const auto pickle = Unpickle(p::Whole(p::Tensor(FloatStorage(item.num_elements), item.view)));
    EXPECT_TRUE(pickle.ok()) << pickle.status().ToString();
  }
}

struct BadPickle {
  std::string name;
  std::string bytes;
  StatusCode code;
  std::string message;

  friend void PrintTo(const BadPickle& self, std::ostream* out) { *out << self.name; }
};

std::vector<BadPickle> BadPickles() {
  using std::string_literals::operator""s;
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  const std::string other_type =
      p::Tensor(p::Storage("DoubleStorage", "0", 1), {.shape = {1}, .strides = {1}});
  const auto whole = [](const std::string& value) { return p::Whole(value); };
  std::string many_dimensions;
  for (int i = 0; i < 65; ++i) many_dimensions += "K\x01";
  return {
      {"RunsAProgram", whole(p::Call(p::Global("os", "system"), {p::Text("true")})),
       StatusCode::kInvalidArgument, "byte 2: the global 'os.system' is not one"},
      {"ReachesThroughAModule", whole(p::Global("torch", "load")), StatusCode::kInvalidArgument,
       "'torch.load'"},
      {"Evaluates", whole(p::Global("builtins", "eval")), StatusCode::kInvalidArgument,
       "'builtins.eval'"},
      {"PythonModule", whole(p::Global("torch.nn.modules.linear", "Linear")),
       StatusCode::kInvalidArgument, "torch.jit.script(model).save"},
      {"Quantized", whole(p::Global("torch._utils", "_rebuild_qtensor")),
       StatusCode::kUnimplemented, "quantized"},
      {"ComplexStorage",
       whole(p::Tensor(p::Storage("ComplexFloatStorage", "0", 1), {.shape = {}, .strides = {}})),
       StatusCode::kUnimplemented, "'torch.ComplexFloatStorage'"},
      {"StorageOfTwoTypes", whole(p::Tuple({tensor, other_type})), StatusCode::kUnimplemented,
       "1 float32 and as 1 float64"},
      {"OldProtocol", "\x80\x01N.", StatusCode::kInvalidArgument, "protocol 1"},
      {"UnknownOpcode", whole("\x82"), StatusCode::kInvalidArgument, "opcode 0x82"},
      {"InstanceOpcode", whole("(ios\nsystem\n"), StatusCode::kInvalidArgument, "opcode 0x69"},
      {"CallsAString", whole(p::Call(p::Text("x"), {})), StatusCode::kInvalidArgument,
       "no function"},
      {"CallsAStorageType", whole(p::Call(p::Global("torch", "FloatStorage"), {})),
       StatusCode::kInvalidArgument, "no function"},
      {"NewOfAFunction", whole(p::Global("torch", "device") + ")\x81"),
       StatusCode::kInvalidArgument, "no class"},
      {"FillsANumber", whole("K\x01}b"), StatusCode::kDataLoss, "no object to fill"},
      {"FillsTwice", whole(p::Global("__torch__", "M") + ")\x81}b}b"), StatusCode::kDataLoss,
       "filled twice"},
      {"MemoMissing", whole("h\x05"), StatusCode::kDataLoss, "memo entry 5 is not there"},
      {"MemoFarAway", whole("Nr\xff\xff\xff\x7f"), StatusCode::kDataLoss, "out of order"},
      {"MemoOfNothing", "\x80\x02q\x01.", StatusCode::kDataLoss, "nothing to memoize"},
      {"MarkMissing", whole("Nt"), StatusCode::kDataLoss, "mark is missing"},
      {"MarkIsNoValue", whole("(\x85"), StatusCode::kDataLoss, "a value is missing"},
      {"MarkIsLeft", "\x80\x02(.", StatusCode::kDataLoss, "instead of one"},
      {"KeyWithoutValue", whole("}(Nu"), StatusCode::kDataLoss, "a key has no value"},
      {"AppendsToATuple", whole(")(Ne"), StatusCode::kDataLoss, "no container"},
      {"TwoValues", whole("NN"), StatusCode::kDataLoss, "2 values are left"},
      {"StringPastTheEnd", whole("X\xff\xff\xff\xff"), StatusCode::kDataLoss,
       "more bytes are needed"},
      {"GlobalWithoutEnd",
       "\x80\x02"
       "ctorch",
       StatusCode::kDataLoss, "no end"},
      {"PersistentNumber", whole("K\x01Q"), StatusCode::kDataLoss, "no storage"},
      {"NegativeStorage", whole(FloatStorage(-1)), StatusCode::kDataLoss, "no storage"},
      {"TensorOfNothing",
       whole(p::Call(p::Global("torch._utils", "_rebuild_tensor_v2"), {p::Int(1)})),
       StatusCode::kDataLoss, "malformed"},
      {"TooManyArguments", whole(p::Global("torch", "device") + "(" + many_dimensions + "tR"),
       StatusCode::kDataLoss, "too many arguments"},
      {"TooManyDimensions",
       whole(p::Global("torch._utils", "_rebuild_tensor_v2") + "(" + FloatStorage(1) + "K\x00("s +
             many_dimensions + "t(" + many_dimensions + "t\x89Nt" + "R"),
       StatusCode::kDataLoss, "65 dimensions"},
      {"SizesAreNoIntegers",
       whole(p::Global("torch._utils", "_rebuild_tensor_v2") + "(" + FloatStorage(1) +
             "K\x00(N)t\x85\x85\x89Nt"s + "R"),
       StatusCode::kDataLoss, "byte"},
      {"LazyNegation",
       whole(p::Global("torch._utils", "_rebuild_tensor_v2") + "(" + FloatStorage(1) +
             "K\x00))\x89N"s + p::Dict({p::Text("neg"), "\x88"}) + "tR"),
       StatusCode::kUnimplemented, "negation"},
      {"ParameterOfNothing",
       whole(p::Call(p::Global("torch._utils", "_rebuild_parameter"), {"N", "\x88", "N"})),
       StatusCode::kDataLoss, "parameter"},
      {"SubclassOfNothing",
       whole(p::Call(p::Global("torch._tensor", "_rebuild_from_type_v2"), {"N", "N", "N", "N"})),
       StatusCode::kDataLoss, "malformed"},
  };
}

class BadPickleTest : public ::testing::TestWithParam<BadPickle> {};

TEST_P(BadPickleTest, IsRefusedWithAMessage) {
  const auto pickle = Unpickle(GetParam().bytes);
  ASSERT_FALSE(pickle.ok());
  EXPECT_EQ(pickle.status().code(), GetParam().code) << pickle.status().ToString();
  EXPECT_THAT(pickle.status().message(), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(All, BadPickleTest, ::testing::ValuesIn(BadPickles()),
                         [](const auto& bad) { return bad.param.name; });

TEST(UnpicklerTest, ReadsTensorsWithAttributesOfTheirOwn) {
  const std::string arguments = p::Tuple(
      {FloatStorage(2), p::Int(0), p::Tuple({p::Int(2)}), p::Tuple({p::Int(1)}), "\x89", "N"});
  const std::string tensor =
      p::Call(p::Global("torch._tensor", "_rebuild_from_type_v2"),
              {p::Global("torch._utils", "_rebuild_tensor_v2"),
               p::Global("torch.nn.parameter", "Parameter"), arguments, p::Dict({})});
  EXPECT_THAT(*Names(p::Whole(p::Tuple({tensor}))), ElementsAre("0"));
}

TEST(ModuleTreeTest, SharingThatMultipliesWithoutEndIsRefused) {
  // Each list holds the one before twice, 60 times over.
  std::string bytes = "N";
  for (int i = 0; i < 60; ++i)
    bytes +=
        "q\x01"
        "0](h\x01h\x01"
        "e";
  const auto names = Names(p::Whole(bytes));
  ASSERT_FALSE(names.ok());
  EXPECT_EQ(names.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(names.status().message(), HasSubstr("shared too often"));
}

TEST(ModuleTreeTest, ValuesThatHoldThemselvesAreRefused) {
  const auto names =
      Names(p::Whole("]q\x01(h\x01"
                     "e"));
  ASSERT_FALSE(names.ok());
  EXPECT_THAT(names.status().message(), HasSubstr("nested more than"));
}

TEST(ModuleTreeTest, DeepNestingIsRefusedWithoutRecursion) {
  const auto names = Names(p::Whole(std::string(1'000'000, ']') + std::string(999'999, 'a')));
  ASSERT_FALSE(names.ok());
  EXPECT_THAT(names.status().message(), HasSubstr("nested more than"));
}

TEST(ModuleTreeTest, ClassHeadersTellParametersFromBuffers) {
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  const std::string inner =
      p::Object("__torch__.a.b", "Inner", p::Dict({p::Text("w"), tensor, p::Text("c"), tensor}));
  const std::string bytes = p::Whole(
      p::Object("__torch__", "M", p::Dict({p::Text("w"), tensor, p::Text("inner"), inner})));
  std::vector<std::string> read;
  const auto code = [&](const std::string& record) -> Result<std::string> {
    read.push_back(record);
    return record == "code/__torch__.py"
               ? std::string("class M(Module):\n  __parameters__ = []\n  __buffers__ = [\"w\", ]\n")
               : std::string(
                     "class Inner(Module):\n  __parameters__ = [\"w\", ]\n  __buffers__ = []\n");
  };
  const auto pickle = Unpickle(bytes);
  ASSERT_TRUE(pickle.ok());
  const auto tensors = ListTensors(*pickle, code);
  ASSERT_TRUE(tensors.ok()) << tensors.status().ToString();
  ASSERT_EQ(tensors->size(), 3U);
  EXPECT_EQ((*tensors)[0].kind, TensorKind::kBuffer);
  EXPECT_EQ((*tensors)[1].name, "inner.w");
  EXPECT_EQ((*tensors)[1].kind, TensorKind::kParameter);
  EXPECT_EQ((*tensors)[2].kind, TensorKind::kAttribute);
  EXPECT_THAT(read, ElementsAre("code/__torch__.py", "code/__torch__/a/b.py"));
}

TEST(ModuleTreeTest, AClassWithoutCodeIsAnError) {
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  const auto names = Names(p::Whole(p::Object("__torch__", "M", p::Dict({p::Text("w"), tensor}))));
  ASSERT_FALSE(names.ok());
  EXPECT_EQ(names.status().code(), StatusCode::kDataLoss);
  EXPECT_THAT(names.status().message(), HasSubstr("class '__torch__.M' has no code"));
}

TEST(ModuleTreeTest, ClassesBoundFromCppNeedNoCode) {
  const std::string tensor = p::Tensor(FloatStorage(1), {.shape = {1}, .strides = {1}});
  // Their state is whatever their __getstate__ gives.
  EXPECT_THAT(*Names(p::Whole(
                  p::Object("__torch__.torch.classes.quantized", "Packed", p::Tuple({tensor})))),
              ElementsAre("0"));
  EXPECT_THAT(*Names(p::Whole(
                  p::Object("__torch__.torch.classes.x", "Y", p::Dict({p::Text("w"), tensor})))),
              ElementsAre("w"));
}

}  // namespace
}  // namespace fedge::internal
