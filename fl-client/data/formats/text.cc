#include <memory>
#include <utility>

#include "fedge/data/byte_source.h"
#include "fedge/data/formats/formats.h"
#include "fedge/data/formats/text_corpus.h"
#include "fedge/data/formats/vocabulary.h"
#include "fedge/data/sequence_dataset.h"

namespace fedge::data {
namespace {

Result<std::string> ReadText(const std::string& path, const DatasetOptions& options) {
  FEDGE_ASSIGN_OR_RETURN(ByteSource source, ByteSource::Open(path));
  source.set_limit(options.max_bytes);
  FEDGE_ASSIGN_OR_RETURN(std::string text, source.ReadAll());
  const std::size_t zero = text.find('\0');
  if (zero == std::string::npos) return text;
  return InvalidArgument("{}: is no text: byte {} is zero", path, zero);
}

struct Windows {
  std::vector<Window> train;
  std::vector<Window> test;
};

// Cuts [begin, end) of a stream into windows that follow each other, the last `test_fraction` of
// them for testing.
void CutWindows(std::size_t begin, std::size_t end, std::uint32_t key,
                const DatasetOptions& options, Windows& out) {
  const std::size_t length = options.sequence_length;
  const std::size_t count = end - begin == 0 ? 0 : (end - begin - 1) / length;
  const auto num_test =
      static_cast<std::size_t>(static_cast<double>(count) * options.test_fraction + 0.5);
  for (std::size_t i = 0; i < count; ++i) {
    auto& part = i < count - num_test ? out.train : out.test;
    part.push_back({.start = begin + i * length, .key = key});
  }
}

// Every speaker's text after the other's, and its windows, which never cross speakers.
std::pair<std::shared_ptr<const TokenStream>, Windows> Tokenize(std::string_view text,
                                                                const Vocabulary& vocabulary,
                                                                const DatasetOptions& options) {
  auto stream = std::make_shared<TokenStream>();
  stream->vocabulary = vocabulary.names();
  stream->tokens.reserve(text.size());
  Windows windows;
  std::uint32_t key = 0;
  for (const SpeakerText& speaker : SplitSpeakers(text)) {
    const std::size_t begin = stream->tokens.size();
    vocabulary.Encode(speaker.text, stream->tokens);
    CutWindows(begin, stream->tokens.size(), key++, options, windows);
    if (!speaker.name.empty()) stream->key_names.push_back(speaker.name);
  }
  return {std::move(stream), std::move(windows)};
}

Result<Vocabulary> LoadVocabulary(std::string_view text, const DatasetOptions& options) {
  if (options.vocabulary_file.empty()) return Vocabulary::Build(text, options.file);
  FEDGE_ASSIGN_OR_RETURN(const std::string source, ReadText(options.vocabulary_file, options));
  FEDGE_ASSIGN_OR_RETURN(Vocabulary vocabulary, Vocabulary::Build(source, options.vocabulary_file));
  FEDGE_RETURN_IF_ERROR(vocabulary.Check(text, options.file));
  return vocabulary;
}

Status TooShort(const std::string& path, const DatasetOptions& options) {
  return InvalidArgument(
      "{}: is too short: an example takes {} characters in a row, of one speaker where the text "
      "has "
      "speakers; give a longer text, or a sequence length below {}",
      path, options.sequence_length + 1, options.sequence_length);
}

Result<std::shared_ptr<const Dataset>> LoadTestFile(const Vocabulary& vocabulary,
                                                    DatasetOptions options) {
  FEDGE_ASSIGN_OR_RETURN(const std::string text, ReadText(options.test_file, options));
  FEDGE_RETURN_IF_ERROR(vocabulary.Check(text, options.test_file));
  options.test_fraction = 0;
  auto [stream, windows] = Tokenize(text, vocabulary, options);
  if (windows.train.empty()) return TooShort(options.test_file, options);
  return MakeSequenceDataset(std::move(stream), std::move(windows.train), options.sequence_length);
}

Result<DatasetSplits> Load(const DatasetOptions& given, Split split) {
  DatasetOptions options = given;
  if (!options.test_file.empty()) options.test_fraction = 0;
  FEDGE_ASSIGN_OR_RETURN(const std::string text, ReadText(options.file, options));
  FEDGE_ASSIGN_OR_RETURN(const Vocabulary vocabulary, LoadVocabulary(text, options));
  auto [stream, windows] = Tokenize(text, vocabulary, options);
  if (windows.train.empty() && windows.test.empty()) return TooShort(options.file, options);
  if (WantsTest(split) && windows.test.empty() && options.test_file.empty()) {
    return InvalidArgument(
        "{}: has no test part; give a test file, or a test fraction that holds out {} characters",
        options.file, options.sequence_length + 1);
  }
  DatasetSplits splits;
  if (WantsTrain(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.train, MakeSequenceDataset(stream, std::move(windows.train),
                                                             options.sequence_length));
  }
  if (WantsTest(split)) {
    FEDGE_ASSIGN_OR_RETURN(splits.test, options.test_file.empty()
                                            ? MakeSequenceDataset(stream, std::move(windows.test),
                                                                  options.sequence_length)
                                            : LoadTestFile(vocabulary, options));
  }
  return splits;
}

}  // namespace

// The next character at every position of windows of sequence_length characters. Windows follow
// each other within a speaker's text; what is left at its end, and speakers with less than a
// window, are not used.
const DatasetFormat kText{
    .name = "text",
    .summary = "characters of a text, each to predict the next; \"Speaker:\" lines give by-key",
    .place = DatasetFormat::Place::kFile,
    .load = Load};

}  // namespace fedge::data
