#include "fedge/http/server.h"

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fedge/testing/connection.h"

namespace fedge::http {
namespace {

using ::testing::AnyOf;
using testing::BodyOf;
using testing::Connection;
using ::testing::EndsWith;
using testing::Get;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Router Echo() {
  Router router;
  router.Add("GET", "/hello", [](const Request& request) {
    return Response{.body = "hello " + request.query, .headers = {{"X-Test", "yes"}}};
  });
  router.Add("POST", "/echo", [](const Request& request) {
    return Response{.content_type = "application/octet-stream", .body = request.body};
  });
  return router;
}

std::unique_ptr<Server> Serve(ServerOptions options = {}, Router router = Echo()) {
  auto server =
      Server::Start({.host = "127.0.0.1", .port = 0}, std::move(router), std::move(options));
  EXPECT_TRUE(server.ok()) << server.status().ToString();
  return std::move(*server);
}

constexpr std::string_view kHello = "GET /hello?a=b HTTP/1.1\r\nHost: t\r\n\r\n";

TEST(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  const auto server = Serve();
  Connection connection(server->address());
  for (int i = 0; i < 3; ++i) {
    connection.Send(kHello);
    const std::string response = connection.ReadResponse();
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(response, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(response, HasSubstr("X-Test: yes\r\n"));
    EXPECT_EQ(BodyOf(response), "hello a=b");
  }
}

TEST(HttpServerTest, AnswersPipelinedRequestsInTheirOrder) {
  const auto server = Serve();
  Connection connection(server->address());
  std::string burst;
  for (int i = 0; i < 50; ++i)
    burst += "GET /hello?" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  connection.Send(burst);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello " + std::to_string(i));
}

TEST(HttpServerTest, ARequestMayComeByteByByte) {
  const auto server = Serve();
  Connection connection(server->address());
  for (const char byte : kHello) connection.Send({&byte, 1});
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "hello a=b");
}

TEST(HttpServerTest, HeadHasTheLengthButNotTheBody) {
  const auto server = Serve();
  Connection connection(server->address());
  connection.Send("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(true), HasSubstr("Content-Length: 6\r\n"));
  connection.Send(kHello);
  EXPECT_THAT(connection.ReadResponse(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerTest, ClosesWhenAskedToAndForHttp10) {
  const auto server = Serve();
  Connection connection(server->address());
  connection.Send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(connection.ReadAll(), EndsWith("hello "));
  EXPECT_THAT(Get(server->address(), "/hello"), HasSubstr("Connection: close\r\n"));
}

TEST(HttpServerTest, TakesBodiesWholeOrInChunks) {
  const auto server = Serve();
  Connection connection(server->address());
  connection.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nabcde");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "abcde");
  connection.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n"
      "0\r\n\r\n");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "abcde");
}

TEST(HttpServerTest, InvitesABodyThatIsHeldBack) {
  const auto server = Serve();
  Connection connection(server->address());
  connection.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(connection.ReadResponse(true), StartsWith("HTTP/1.1 100"));
  connection.Send("ok");
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "ok");
}

TEST(HttpServerTest, RefusesWhatIsTooLargeAndEndsTheConnection) {
  const auto server = Serve({.max_header_bytes = 1'000, .max_body_bytes = 100});
  Connection header(server->address());
  header.Send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(header.ReadAll(), HasSubstr("more than 1000 bytes"));
  Connection endless(server->address());
  while (endless.Send("X: " + std::string(1'000, 'x') + "\r\n")) {
  }
  Connection body(server->address());
  body.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\n\r\n");
  EXPECT_THAT(body.ReadAll(), StartsWith("HTTP/1.1 413"));
  Connection chunks(server->address());
  chunks.Send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
              std::string(101, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunks.ReadAll(), StartsWith("HTTP/1.1 413"));
}

TEST(HttpServerTest, RefusesWhatIsNotHttp) {
  const auto server = Serve();
  for (const std::string& bad :
       {std::string("\x16\x03\x01\x02\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET / HTTP/1.1\r\nno colon\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string(100, '\0') + "\r\n\r\n"}) {
    Connection connection(server->address());
    connection.Send(bad);
    EXPECT_THAT(connection.ReadAll(), AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 505")))
        << bad;
  }
  EXPECT_THAT(Get(server->address(), "/hello"), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerTest, CutsOffWhoeverIsSlow) {
  const auto server = Serve({.request_timeout = Duration(50), .idle_timeout = Duration(50)});
  Connection silent(server->address());
  Connection half(server->address());
  half.Send("GET /hello HTT");
  Connection body(server->address());
  body.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nab");
  Connection kept(server->address());
  kept.Send(kHello);
  EXPECT_NE(kept.ReadResponse(), "");
  for (Connection* connection : {&silent, &half, &body, &kept})
    EXPECT_EQ(connection->ReadAll(), "");
}

// The time for a request counts from its first byte: one byte more does not buy more of it.
TEST(HttpServerTest, ADripOfBytesDoesNotKeepAConnection) {
  const auto server = Serve({.request_timeout = Duration(50)});
  Connection connection(server->address());
  connection.Send("GET /hello HTTP/1.1\r\n");
  while (connection.Send("X: y\r\n")) std::this_thread::yield();
  SUCCEED() << "the server ended it";
}

TEST(HttpServerTest, CutsOffWhoeverDoesNotReadItsAnswer) {
  Router router;
  router.Add("GET", "/much",
             [](const Request&) { return Response{.body = std::string(64u << 20, 'x')}; });
  const auto server = Serve({.answer_timeout = Duration(50)}, router);
  Connection connection(server->address());
  connection.Send("GET /much HTTP/1.1\r\nHost: t\r\n\r\n");
  // Sending fails only once the server has ended the connection.
  while (connection.Send("x")) std::this_thread::yield();
  EXPECT_EQ(connection.ReadResponse(), "") << "and the answer is not whole";
}

TEST(HttpServerTest, TurnsConnectionsAwayBeyondTheLimit) {
  const auto server = Serve({.max_connections = 2});
  std::optional<Connection> first(std::in_place, server->address());
  Connection second(server->address());
  for (Connection* connection : {&*first, &second}) {
    connection->Send(kHello);
    EXPECT_NE(connection->ReadResponse(), "");
  }
  Connection third(server->address());
  EXPECT_THAT(third.ReadAll(), StartsWith("HTTP/1.1 503"));
  first.reset();
  // The place is free once the server has seen the end.
  while (Get(server->address(), "/hello").find("200 OK") == std::string::npos) {
  }
}

TEST(HttpServerTest, AnswersLaterFromAnotherThread) {
  std::promise<Responder> asked;
  Router router;
  router.Add("GET", "/later", Handler([&asked](const Request&, Responder responder) {
               asked.set_value(std::move(responder));
             }));
  const auto server = Serve({}, router);
  Connection connection(server->address());
  connection.Send("GET /later HTTP/1.1\r\nHost: t\r\n\r\n");
  asked.get_future().get()({.body = "done"});
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "done");
}

TEST(HttpServerTest, StopsWithIdleHalfAndUnansweredRequests) {
  std::promise<Responder> asked;
  Router router;
  router.Add("GET", "/never", Handler([&asked](const Request&, Responder responder) {
               asked.set_value(std::move(responder));
             }));
  auto server = Serve({.stop_grace = Duration(20)}, router);
  Connection idle(server->address());
  Connection half(server->address());
  half.Send("GET /nev");
  Connection unanswered(server->address());
  unanswered.Send("GET /never HTTP/1.1\r\nHost: t\r\n\r\n");
  Responder responder = asked.get_future().get();
  server->Stop();
  server->Stop();
  for (Connection* connection : {&idle, &half, &unanswered}) EXPECT_EQ(connection->ReadAll(), "");
  server.reset();
  std::move(responder)({.body = "too late, and no harm"});
}

TEST(HttpServerTest, AnAnswerUnderWayIsFinishedBeforeTheEnd) {
  std::promise<Responder> asked;
  Router router;
  router.Add("GET", "/slow", Handler([&asked](const Request&, Responder responder) {
               asked.set_value(std::move(responder));
             }));
  const auto server = Serve({.stop_grace = Duration(60'000)}, router);
  Connection connection(server->address());
  connection.Send("GET /slow HTTP/1.1\r\nHost: t\r\n\r\n");
  Responder responder = asked.get_future().get();
  std::thread stop([&server] { server->Stop(); });
  std::move(responder)({.body = "whole"});
  EXPECT_EQ(BodyOf(connection.ReadResponse()), "whole");
  EXPECT_EQ(connection.ReadAll(), "");
  stop.join();
}

TEST(HttpServerTest, NamesAnAddressThatIsInUse) {
  const auto server = Serve();
  const auto second = Server::Start(*ListenAddress::Parse(server->address()), Echo(),
                                    {.in_use_remedy = "take another"});
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(second.status().message(),
            server->address() + " is in use by another program; take another");
  EXPECT_THAT(Server::Start({.host = "192.0.2.1", .port = 0}, Echo()).status().message(),
              StartsWith("cannot listen on 192.0.2.1:0: "));
}

}  // namespace
}  // namespace fedge::http
