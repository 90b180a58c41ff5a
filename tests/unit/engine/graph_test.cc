#include "fedge/engine/graph.h"

#include <gtest/gtest.h>

namespace fedge::internal {
namespace {

// a -> relu -> b -> relu -> c -> relu -> d, and b -> relu -> e that nobody uses.
Graph Chain() {
  Graph graph;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    graph.AddValue({.name = name, .dtype = DType::kFloat32, .shape = {1}, .constant = {}});
  }
  const auto relu = [](ValueId from, ValueId to) {
    return GraphNode{{op::Unary{}, {from}, {to}, "", ""}, {}, false};
  };
  graph.nodes = {relu(0, 1), relu(1, 2), relu(1, 4), relu(2, 3)};
  graph.inputs = {{"a", 0}};
  graph.outputs = {{"d", 3}};
  return graph;
}

TEST(GraphEditorTest, KnowsWhoMakesAndWhoUses) {
  Graph graph = Chain();
  const GraphEditor editor(graph);
  EXPECT_EQ(editor.producer(0), GraphEditor::kNoNode);
  EXPECT_EQ(editor.producer(2), 1u);
  EXPECT_EQ(editor.uses(1), 2u);
  EXPECT_EQ(editor.uses(3), 1u);
  EXPECT_EQ(editor.uses(4), 0u);
  EXPECT_NE(editor.ProducedBy<op::Unary>(2), nullptr);
  EXPECT_EQ(editor.ProducedBy<op::Binary>(2), nullptr);
}

TEST(GraphEditorTest, WhatNobodyUsesIsDropped) {
  Graph graph = Chain();
  { GraphEditor editor(graph); }
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[2].node.outputs[0], 3u);
}

TEST(GraphEditorTest, ReplacementsReachUsersAndOutputs) {
  Graph graph = Chain();
  {
    GraphEditor editor(graph);
    editor.Replace(2, 1);  // c is b
    editor.Replace(1, 0);  // b is a
    EXPECT_EQ(editor.uses(0), 1u + 3u);
  }
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].node.inputs[0], 0u);

  Graph all = Chain();
  {
    GraphEditor editor(all);
    editor.Replace(3, 0);
  }
  EXPECT_TRUE(all.nodes.empty());
  EXPECT_EQ(all.outputs[0].value, 0u);
}

TEST(GraphEditorTest, ANodeMovesIntoItsUser) {
  Graph graph = Chain();
  {
    GraphEditor editor(graph);
    editor.MoveInto(1, 3);  // d is what c was
    EXPECT_EQ(editor.Visit(1), nullptr);
    EXPECT_EQ(editor.uses(1), 2u);
  }
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[1].node.inputs[0], 1u);
  EXPECT_EQ(graph.nodes[1].node.outputs[0], 3u);
}

TEST(GraphEditorTest, InsertedNodesStandWhereTheyWereAskedFor) {
  Graph graph = Chain();
  {
    GraphEditor editor(graph);
    const ValueId between = editor.AddValue(
        {.name = "between", .dtype = DType::kFloat32, .shape = {1}, .constant = {}});
    editor.InsertBefore(3, {op::Cast{}, {2}, {between}, "", ""});
    editor.SetInput(3, 0, between);
  }
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<op::Cast>(graph.nodes[2].node.op));
}

}  // namespace
}  // namespace fedge::internal
