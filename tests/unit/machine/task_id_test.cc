#include "fedge/coordinator/task_id.h"

#include <gtest/gtest.h>

namespace fedge {
namespace {

TEST(TaskIdTest, NamesTheRoundAndTheClient) {
  TaskRecord task;
  task.round = 12;
  task.client = "a:b@c";
  EXPECT_EQ(task.id(), "12:a:b@c");
  const TaskId evaluate{.kind = TaskId::Kind::kEvaluate, .round = 3, .client = "e"};
  EXPECT_EQ(evaluate.ToString(), "eval:3:e");
}

TEST(TaskIdTest, IsReadAgainAsItWasWritten) {
  for (const char* text : {"1:a", "18446744073709551615:a", "7:a:b:c", "eval:1:e",
                           "eval:2:eval:3:x", "5:eval:5:x", "1: "}) {
    const std::optional<TaskId> id = TaskId::Parse(text);
    ASSERT_TRUE(id.has_value()) << text;
    EXPECT_EQ(id->ToString(), text);
  }
  EXPECT_EQ(TaskId::Parse("eval:4:x")->kind, TaskId::Kind::kEvaluate);
  EXPECT_EQ(TaskId::Parse("4:x")->kind, TaskId::Kind::kTrain);
  EXPECT_EQ(TaskId::Parse("4:x:y")->client, "x:y");
}

TEST(TaskIdTest, RefusesEveryOtherText) {
  for (const char* text :
       {"",      ":",      "1",      "1:",      ":a",       "0:a",
        "01:a",  "+1:a",   "-1:a",   " 1:a",    "1 :a",     "18446744073709551616:a",
        "eval:", "eval:a", "eval:1", "eval:1:", "Eval:1:a", "eval::a",
        "0x1:a", "1.5:a"}) {
    EXPECT_FALSE(TaskId::Parse(text).has_value()) << text;
  }
  // A NUL in the middle is a character like others; nothing behind it is lost.
  const std::string_view with_nul("1:a\0b", 5);
  EXPECT_EQ(TaskId::Parse(with_nul)->client.size(), 3U);
}

}  // namespace
}  // namespace fedge
