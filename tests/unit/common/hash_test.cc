#include "fedge/common/hash.h"

#include <gtest/gtest.h>

namespace fedge {
namespace {

TEST(Crc32Test, MatchesThePublishedCheckValue) {
  EXPECT_EQ(Crc32(AsBytes("123456789")), 0xcbf43926U);  // the check value of CRC-32/ISO-HDLC
}

TEST(Crc32Test, ContinuesFromASeed) {
  EXPECT_EQ(Crc32(AsBytes("6789"), Crc32(AsBytes("12345"))), Crc32(AsBytes("123456789")));
  EXPECT_EQ(Crc32({}), 0U);
}

TEST(Sha256Test, MatchesFips180Examples) {
  EXPECT_EQ(Sha256::Of(AsBytes("abc")).Hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256::Of({}).Hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Test, BeginsAnewAfterFinish) {
  Sha256 hash;
  hash.Update(AsBytes("a"));
  hash.Update(AsBytes("bc"));
  const Digest first = hash.Finish();
  hash.Update(AsBytes("abc"));
  EXPECT_EQ(hash.Finish(), first);
}

TEST(DigestTest, RoundTripsThroughHexAndRefusesAnythingElse) {
  const Digest digest = Sha256::Of(AsBytes("abc"));
  Digest parsed;
  EXPECT_TRUE(Digest::FromHex(digest.Hex(), parsed));
  EXPECT_EQ(parsed, digest);
  EXPECT_FALSE(Digest::FromHex(digest.ShortHex(), parsed));
  EXPECT_FALSE(Digest::FromHex(std::string(64, 'g'), parsed));
  EXPECT_EQ(parsed, digest);
}

}  // namespace
}  // namespace fedge
