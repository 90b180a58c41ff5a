#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/data/dataset_registry.h"
#include "fedge/data/formats/text_corpus.h"
#include "fedge/testing/temp_directory.h"
#include "test_files.h"

namespace fedge::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TextDatasetTest : public ::testing::Test {
 protected:
  DatasetOptions Options(std::string_view text, std::size_t length, double test_fraction = 0) {
    WriteTo(folder_.File("t.txt"), text);
    return {.name = "text",
            .file = folder_.File("t.txt"),
            .test_fraction = test_fraction,
            .sequence_length = length};
  }
  std::shared_ptr<const Dataset> Load(std::string_view text, std::size_t length) {
    return BuiltinDatasets().Load(Options(text, length)).value();
  }
  // The characters that tokens stand for.
  static std::string Decode(const Dataset& data, const std::vector<std::int64_t>& tokens) {
    std::string text;
    for (const std::int64_t token : tokens)
      text += data.info().class_names[static_cast<std::size_t>(token)];
    return text;
  }

  fedge::testing::TempDirectory folder_;
};

TEST_F(TextDatasetTest, PredictsTheNextCharacterAtEveryPosition) {
  const auto data = Load("hello world", 3);
  EXPECT_THAT(data->info().class_names, ElementsAre(" ", "d", "e", "h", "l", "o", "r", "w"));
  EXPECT_EQ(data->info().num_classes, 8);
  EXPECT_EQ(data->info().target_type, TargetType::kSequence);
  EXPECT_EQ(data->info().feature_type, FeatureType::kToken);
  EXPECT_EQ(data->info().target_shape, (std::vector<std::int64_t>{3}));
  ASSERT_EQ(data->size(), 3U);  // hel lo_ wor; the last character of each target begins the next
  EXPECT_EQ(Decode(*data, Tokens(*data, {0, 2, 1})), "helworlo ");
  EXPECT_EQ(Decode(*data, Classes(*data, {0, 2, 1})), "ellorlo w");
  EXPECT_TRUE(data->keys().empty());
  EXPECT_TRUE(data->Labels().empty());
}

TEST_F(TextDatasetTest, ExamplesNeverCrossSpeakers) {
  const auto data = Load("ANN:\naaaa\n\nBOB:\nbbb\nbb\n\nANN:\naa\n\nCY:\nc\n", 3);
  EXPECT_THAT(data->key_names(), ElementsAre("ANN", "BOB", "CY"));
  EXPECT_THAT(data->keys(), ElementsAre(0, 0, 1, 1));  // CY has no three characters and a next one
  EXPECT_EQ(Decode(*data, Tokens(*data, {0, 1, 2, 3})), "aaaa\\nabbb\\nbb");
  EXPECT_EQ(Decode(*data, Classes(*data, {0, 1, 2, 3})), "aaa\\naabb\\nbb\\n");
}

TEST_F(TextDatasetTest, HoldsOutTheEndOfEachSpeakersText) {
  const auto options = Options("A:\n0123456789\n\nB:\nabcdefghij\n", 2, 0.4);
  const DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(Decode(*splits.train, Tokens(*splits.train, AllOf(*splits.train))), "012345abcdef");
  EXPECT_EQ(Decode(*splits.test, Tokens(*splits.test, AllOf(*splits.test))), "6789ghij");
  EXPECT_THAT(splits.test->keys(), ElementsAre(0, 0, 1, 1));
}

TEST_F(TextDatasetTest, AVocabularyFileKeepsTokensTheSameForEveryClient) {
  DatasetOptions options = Options("bad", 2);
  WriteTo(folder_.File("v.txt"), "abcd");
  options.vocabulary_file = folder_.File("v.txt");
  const auto data = BuiltinDatasets().Load(options).value();
  EXPECT_EQ(data->info().num_classes, 4);
  EXPECT_THAT(Tokens(*data, {0}), ElementsAre(1, 0));

  WriteTo(folder_.File("t.txt"), "ab\nb\xC3\xA9");
  WriteTo(folder_.File("v.txt"), "ab\n");
  EXPECT_EQ(BuiltinDatasets().Load(options).status().message(),
            "data: text: " + folder_.File("t.txt") +
                ":2: '\xC3\xA9' is none of the 3 characters of " + folder_.File("v.txt") +
                "; remove it or give a vocabulary that has it");
  WriteTo(folder_.File("t.txt"), "ab\xFF");
  EXPECT_THAT(BuiltinDatasets().Load(options).status().message(),
              HasSubstr("t.txt: is not valid UTF-8, but"));
}

TEST_F(TextDatasetTest, ATestFileUsesTheTrainingVocabulary) {
  DatasetOptions options = Options("abcabc", 2);
  options.test_file = folder_.File("test.txt");
  WriteTo(options.test_file, "cab");
  const DatasetSplits splits = BuiltinDatasets().LoadSplits(options, Split::kBoth).value();
  EXPECT_EQ(splits.train->size(), 2U);
  EXPECT_THAT(Tokens(*splits.test, {0}), ElementsAre(2, 0));
  WriteTo(options.test_file, "cad");
  EXPECT_THAT(BuiltinDatasets().Load(options, Split::kTest).status().message(),
              HasSubstr("test.txt:1: 'd' is none"));
}

TEST_F(TextDatasetTest, ReadsGzipAndCharactersBeyondAscii) {
  const auto data = Load(Gzip("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"), 3);
  EXPECT_EQ(data->info().num_classes, 4);
  EXPECT_EQ(Decode(*data, Tokens(*data, {0})), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_THAT(Tokens(*data, {0}), ElementsAre(1, 2, 3));
}

TEST_F(TextDatasetTest, SaysWhatIsMissing) {
  EXPECT_EQ(BuiltinDatasets().Load(Options("", 3)).status().message(),
            "data: text: " + folder_.File("t.txt") + ": is empty; expected text");
  EXPECT_THAT(BuiltinDatasets().Load(Options("abc", 3)).status().message(),
              HasSubstr("t.txt: is too short: an example takes 4 characters in a row, of one "
                        "speaker where the text has speakers; give a longer text, or a sequence "
                        "length below 3"));
}

TEST_F(TextDatasetTest, ATestPartThatIsAskedForMustBeThere) {
  EXPECT_THAT(
      BuiltinDatasets().Load(Options("hello world", 3, 0.1), Split::kTest).status().message(),
      HasSubstr("t.txt: has no test part; give a test file, or a test fraction that holds out 4"));
}

TEST(TextCorpusTest, TellsUtf8FromBytes) {
  for (const std::string_view good :
       {"", "abc", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(DetectEncoding(good), Encoding::kUtf8) << good;
  }
  // Stray and missing continuations, overlong forms, surrogates, beyond U+10FFFF.
  for (const std::string_view bad :
       {"\x80", "a\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(DetectEncoding(bad), Encoding::kBytes) << bad;
  }
  EXPECT_THAT(DecodeCharacters("\xC3\xA9", Encoding::kUtf8), ElementsAre(0xE9));
  EXPECT_THAT(DecodeCharacters("\xC3\xA9", Encoding::kBytes), ElementsAre(0xC3, 0xA9));
}

TEST(TextCorpusTest, FindsSpeakers) {
  const auto parts =
      SplitSpeakers("\nA B:\r\none:\r\n\r\ntwo\r\nC:\r\n\r\nC:\r\nthree\r\n\r\nA B:\r\nfour");
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].name, "A B");
  EXPECT_EQ(parts[0].text, "one:\r\ntwo\r\nC:\r\nfour");
  EXPECT_EQ(parts[1].name, "C");
  EXPECT_EQ(parts[1].text, "three\r\n");
}

TEST(TextCorpusTest, TextWithoutASpeakerIsOnePart) {
  const std::string text = "A line.\n\nNOTE:\nnot a speaker\n";
  const auto parts = SplitSpeakers(text);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_EQ(parts[0].name, "");
  EXPECT_EQ(parts[0].text, text);
}

TEST(TextCorpusTest, NamesCharactersForPeople) {
  EXPECT_EQ(CharacterName('\n', Encoding::kUtf8), "\\n");
  EXPECT_EQ(CharacterName(0x1B, Encoding::kUtf8), "0x1b");
  EXPECT_EQ(CharacterName(0xE9, Encoding::kBytes), "0xe9");
  EXPECT_EQ(CharacterName(0xE9, Encoding::kUtf8), "\xC3\xA9");
}

}  // namespace
}  // namespace fedge::data
