// What configs/monitoring asks for exists, and promtool has nothing against it.
#include <cstdlib>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "fedge/testing/process.h"
#include "harness.h"

namespace fedge::testing {
namespace {

const std::string kFolder = FEDGE_SOURCE_DIR "/configs/monitoring/";

std::set<std::string> MetricsIn(const std::string& text) {
  static const std::regex kName("\\b(fedge|process)_[a-z_]+");
  std::set<std::string> names;
  for (std::sregex_iterator hit(text.begin(), text.end(), kName), end; hit != end; ++hit) {
    names.insert(std::regex_replace(hit->str(), std::regex("_(bucket|sum|count)$"), ""));
  }
  return names;
}

// Has seen an event, a call, an update of each kind that the files ask for.
std::string PageAfterARound() {
  Harness harness;
  const auto a = harness.Join("a");
  const auto evaluator = harness.Join("e", v1::ROLE_EVALUATOR);
  harness.StartRun(1);
  const v1::TrainTask task = a->Poll().train();
  UploadSpec update = a->MakeUpload(task, harness.Payload({1, 0, 0, 0}, {0, 0}));
  update.header.mutable_result()->mutable_after()->set_num_examples(10);
  v1::SubmitResponse answer;
  EXPECT_TRUE(a->Submit(update, answer).ok());
  const std::string evaluation = evaluator->Poll().evaluate().task_id();
  EXPECT_TRUE(evaluator->ReportEvaluation(evaluation, 100, 0.5, 0.75).ok());
  harness.OnActor([](Actor&) {});
  return harness.Http("/metrics");
}

TEST(MonitoringConfigTest, DashboardAndRulesNameOnlyMetricsThatExist) {
  const std::string page = PageAfterARound();
  std::set<std::string> asked;
  for (const char* file : {"grafana-dashboard.json", "alerts.yml"})
    asked.merge(MetricsIn(ReadFile(kFolder + file).value()));
  EXPECT_GT(asked.size(), 20U);
  for (const std::string& name : asked)
    EXPECT_NE(page.find("# TYPE " + name + " "), std::string::npos) << name;
}

std::string FindPromtool() {
  for (const std::string folder : {FEDGE_SOURCE_DIR "/.deps/", "/usr/bin/", "/usr/local/bin/"}) {
    if (std::filesystem::exists(folder + "promtool")) return folder + "promtool";
  }
  return "";
}

class PromtoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    promtool_ = FindPromtool();
    if (promtool_.empty())
      GTEST_SKIP() << "promtool is not here; scripts/setup.sh --check-tools gets it";
  }
  void Expect(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {promtool_};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const Finished run = RunProgram(argv, {.folder = folder_.path(), .name = "promtool"});
    EXPECT_EQ(run.status, 0) << run.out << run.err;
  }
  std::string promtool_;
  TempDirectory folder_;
};

TEST_F(PromtoolTest, AcceptsRulesAndTheirTestsAndTheScrapeConfiguration) {
  Expect({"check", "rules", kFolder + "alerts.yml"});
  Expect({"check", "config", kFolder + "prometheus.yml"});
  Expect({"test", "rules", kFolder + "alerts_test.yml"});
}

// The dashboard's queries, as recording rules.
std::string RulesOf(const std::string& dashboard) {
  rapidjson::Document document;
  document.Parse(dashboard.c_str());
  std::string rules = "groups:\n- name: dashboard\n  rules:\n";
  int count = 0;
  for (const auto& panel : document["panels"].GetArray()) {
    if (!panel.HasMember("targets")) continue;
    for (const auto& target : panel["targets"].GetArray()) {
      const std::string query = std::regex_replace(std::string(target["expr"].GetString()),
                                                   std::regex("\\$__rate_interval"), "1m");
      rules += fmt::format("  - record: panel_{}\n    expr: |\n      {}\n", count++, query);
    }
  }
  return rules;
}

TEST_F(PromtoolTest, AcceptsTheDashboardsQueries) {
  const std::string rules = RulesOf(ReadFile(kFolder + "grafana-dashboard.json").value());
  const std::string path = folder_.File("rules.yml");
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), path, AsBytes(rules)).ok());
  Expect({"check", "rules", path});
}

TEST_F(PromtoolTest, AcceptsThePage) {
  const std::string page = folder_.File("page");
  ASSERT_TRUE(WriteFileAtomically(PosixFileSystem(), page, AsBytes(PageAfterARound())).ok());
  const Finished run =
      RunProgram({"/bin/sh", "-c", "exec \"$0\" check metrics < \"$1\"", promtool_, page},
                 {.folder = folder_.path(), .name = "promtool"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(run.out + run.err, "") << "it has remarks";
}

}  // namespace
}  // namespace fedge::testing
