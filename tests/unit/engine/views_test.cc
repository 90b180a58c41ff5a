#include "fedge/engine/views.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace fedge::internal {
namespace {

// Offsets of a region's elements, in row-major order of their indices.
std::vector<std::int64_t> Offsets(const Region& region) {
  std::vector<std::int64_t> offsets = {region.offset};
  for (std::size_t d = 0; d < region.dims.size(); ++d) {
    std::vector<std::int64_t> next;
    for (const std::int64_t offset : offsets) {
      for (std::int64_t i = 0; i < region.dims[d]; ++i) {
        next.push_back(offset + i * region.strides[d]);
      }
    }
    offsets = std::move(next);
  }
  return offsets;
}

TEST(ViewsTest, ChannelsLastHasTheChannelsFastest) {
  EXPECT_EQ(StridesOf(Dims{2, 3, 4, 5}, Layout::kChannelsLast), (Dims{60, 1, 15, 3}));
  EXPECT_TRUE(IsDense({0, {2, 1, 4, 5}, {20, 20, 5, 1}}, Layout::kChannelsLast));
  EXPECT_FALSE(IsDense({0, {2, 2, 4, 5}, {40, 20, 5, 1}}, Layout::kChannelsLast));
}

TEST(ViewsTest, ReshapeIsAViewWhereStridesCanSayIt) {
  const Region dense = DenseRegion({2, 3, 4}, Layout::kRowMajor);
  EXPECT_EQ(ReshapeView(dense, {6, 4})->strides, (Dims{4, 1}));
  EXPECT_EQ(ReshapeView(dense, {2, 1, 12})->strides, (Dims{12, 12, 1}));
  const Region last = DenseRegion({2, 6, 4, 5}, Layout::kChannelsLast);
  EXPECT_EQ(ReshapeView(last, {2, 6, 20})->strides, (Dims{120, 1, 6}));
  EXPECT_EQ(ReshapeView(last, {2, 2, 3, 4, 5})->strides, (Dims{120, 3, 1, 30, 6}));
  EXPECT_EQ(ReshapeView(last, {2, 120}), std::nullopt);
  EXPECT_TRUE(ReshapeView({7, {}, {}}, {1, 1}).has_value());
  EXPECT_TRUE(ReshapeView({7, {1, 1}, {5, 3}}, {}).has_value());
  EXPECT_EQ(NumElements(ReshapeView({0, {0, 3}, {3, 1}}, {3, 0})->dims), 0);
}

TEST(ViewsTest, AReshapedViewHasTheSameElements) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 5000; ++trial) {
    // A view of something dense: permuted, with gaps, with dimensions of 1 and of stride 0.
    Region region;
    region.offset = static_cast<std::int64_t>(random() % 5);
    std::vector<std::int64_t> sizes = {1, 2, 3, 4, 2, 1};
    std::shuffle(sizes.begin(), sizes.end(), random);
    sizes.resize(random() % 5);
    std::int64_t stride = 1 + static_cast<std::int64_t>(random() % 2);
    for (const std::int64_t size : sizes) {
      region.dims.insert(region.dims.begin(), size);
      region.strides.insert(region.strides.begin(), random() % 8 == 0 ? 0 : stride);
      if (random() % 4 != 0) stride *= size;
    }
    std::vector<std::int64_t> factors;
    for (const std::int64_t size : sizes) factors.insert(factors.end(), {size, 1});
    std::shuffle(factors.begin(), factors.end(), random);
    Dims dims;
    for (const std::int64_t factor : factors) {
      if (!dims.empty() && random() % 2 == 0) {
        dims.back() *= factor;
      } else {
        dims.push_back(factor);
      }
    }
    const auto view = ReshapeView(region, dims);
    if (!view.has_value()) continue;
    ASSERT_EQ(view->dims, dims);
    ASSERT_EQ(Offsets(*view), Offsets(region)) << "trial " << trial;
  }
}

TEST(ViewsTest, LookingElsewhereMovesNothing) {
  const Region x = DenseRegion({2, 6}, Layout::kRowMajor);
  EXPECT_EQ(ViewOf(op::Slice{1, 1, 2}, x, {2, 3}), (Region{1, {2, 3}, {6, 2}}));
  EXPECT_EQ(ViewOf(op::Permute{{1, 0}}, x, {6, 2}), (Region{0, {6, 2}, {1, 6}}));
  EXPECT_EQ(ViewOf(op::Expand{}, {0, {1, 6}, {6, 1}}, {3, 4, 6}),
            (Region{0, {3, 4, 6}, {0, 0, 1}}));
  EXPECT_EQ(ViewOf(op::Linear{}, x, {2, 6}), std::nullopt);
}

}  // namespace
}  // namespace fedge::internal
