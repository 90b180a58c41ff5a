#include "fedge/http/router.h"

#include <utility>

#include <gtest/gtest.h>

namespace fedge::http {
namespace {

Response Ask(const Router& router, const std::string& method, const std::string& path) {
  Response answer;
  Request request;
  request.method = method;
  request.path = path;
  router.Handle(std::move(request),
                Responder([&answer](Response response) { answer = std::move(response); }));
  return answer;
}

std::function<Response(const Request&)> Saying(const std::string& text) {
  return [text](const Request&) { return Response{.body = text}; };
}

TEST(RouterTest, ExactPathsGoBeforePrefixesAndLongPrefixesBeforeShort) {
  Router router;
  router.Add("GET", "/v2/models/*", Saying("any model"));
  router.Add("GET", "/v2/*", Saying("anything"));
  router.Add("GET", "/v2/models/list", Saying("the list"));
  EXPECT_EQ(Ask(router, "GET", "/v2/models/list").body, "the list");
  EXPECT_EQ(Ask(router, "GET", "/v2/models/digits/infer").body, "any model");
  EXPECT_EQ(Ask(router, "GET", "/v2/health").body, "anything");
  EXPECT_EQ(Ask(router, "GET", "/v2").status, 404);
  EXPECT_EQ(Ask(router, "GET", "").status, 404);
}

TEST(RouterTest, HeadIsAnsweredAsGetAndOtherMethodsAreNamed) {
  Router router;
  router.Add("GET", "/", Saying("root")).Add("POST", "/", Saying("posted"));
  EXPECT_EQ(Ask(router, "HEAD", "/").body, "root");
  EXPECT_EQ(Ask(router, "POST", "/").body, "posted");
  const Response refused = Ask(router, "DELETE", "/");
  EXPECT_EQ(refused.status, 405);
  ASSERT_EQ(refused.headers.size(), 1U);
  EXPECT_EQ(refused.headers[0].value, "GET, HEAD, POST");
}

TEST(ResponderTest, OneThatIsDroppedAnswers500) {
  Router router;
  router.Add("GET", "/", Handler([](const Request&, const Responder&) {}));
  EXPECT_EQ(Ask(router, "GET", "/").status, 500);
}

TEST(RequestTest, FindsHeadersWhateverTheirCase) {
  Request request;
  request.headers = {{"Content-Type", "text/plain"}, {"X", ""}};
  EXPECT_EQ(request.FindHeader("content-type"), "text/plain");
  EXPECT_EQ(request.FindHeader("content"), "");
}

}  // namespace
}  // namespace fedge::http
