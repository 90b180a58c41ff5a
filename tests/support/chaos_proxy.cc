#include "fedge/testing/chaos_proxy.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <limits>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fedge/common/check.h"
#include "fedge/common/random.h"

namespace fedge::testing {
namespace {

using Time = std::chrono::steady_clock::time_point;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kMaxBuffered = 64u << 10;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) { FEDGE_CHECK(fd >= 0); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(port);
  return address;
}

void Prepare(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// A sequence of points, on average `mean` apart.
class Points {
 public:
  Points(std::uint64_t mean, std::uint64_t seed) : mean_(mean), random_(seed) { Next(); }
  std::uint64_t next() const { return next_; }
  void Next() { next_ = mean_ == 0 ? kNever : next_ + 1 + random_.Below(2 * mean_); }
  Random& random() { return random_; }

 private:
  const std::uint64_t mean_;
  Random random_;
  std::uint64_t next_ = 0;
};

// One direction of a connection.
struct Flow {
  Flow(const ChaosOptions& options, std::uint64_t seed)
      : cut(options.bytes_per_cut, CombineSeeds(seed, 1)),
        flip(options.bytes_per_flip, CombineSeeds(seed, 2)),
        stall(options.bytes_per_stall, CombineSeeds(seed, 3)) {}

  int from = -1;
  int to = -1;
  std::string buffer;       // read and not yet written
  std::uint64_t moved = 0;  // bytes written
  Points cut;
  Points flip;
  Points stall;
  Time blocked_until{};
  bool ended = false;  // nothing more to read
};

struct Connection {
  Connection(int accepted, int connected, const ChaosOptions& options, std::uint64_t seed)
      : client(accepted),
        server(connected),
        up(options, CombineSeeds(seed, 10)),
        down(options, CombineSeeds(seed, 11)) {
    up.from = down.to = accepted;
    up.to = down.from = connected;
  }
  Descriptor client;
  Descriptor server;
  Flow up;
  Flow down;
};

}  // namespace

class ChaosProxy::Impl {
 public:
  Impl(const std::string& target, ChaosOptions options)
      : options_(std::move(options)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        random_(options_.seed) {
    const std::string_view port = std::string_view(target).substr(target.rfind(':') + 1);
    std::from_chars(port.data(), port.data() + port.size(), target_port_);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    FEDGE_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    FEDGE_CHECK(::listen(listener_.get(), 1024) == 0);
    FEDGE_CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    address_ = fmt::format("127.0.0.1:{}", ::ntohs(address.sin_port));
    thread_ = std::thread([this] { Loop(); });
  }
  ~Impl() {
    const std::uint64_t one = 1;
    FEDGE_CHECK(::write(stop_.get(), &one, sizeof one) == sizeof one);
    thread_.join();
  }

  const std::string& address() const { return address_; }
  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  void Loop() {
    while (true) {
      const Time now = std::chrono::steady_clock::now();
      std::vector<pollfd> waits = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      std::optional<Time> wake;
      for (Connection& connection : connections_) {
        AddWaits(connection.up, now, waits, wake);
        AddWaits(connection.down, now, waits, wake);
      }
      ::poll(waits.data(), waits.size(), Timeout(now, wake));
      if ((waits[0].revents & POLLIN) != 0) return;
      if ((waits[1].revents & POLLIN) != 0) Accept();
      const std::lock_guard lock(mutex_);
      connections_.remove_if([this](Connection& connection) {
        return !Move(connection.up, counts_.bytes_up, options_.cut_up_at, connection) ||
               !Move(connection.down, counts_.bytes_down, options_.cut_down_at, connection);
      });
    }
  }

  static void AddWaits(const Flow& flow, Time now, std::vector<pollfd>& waits,
                       std::optional<Time>& wake) {
    if (flow.blocked_until > now) {
      wake = wake ? std::min(*wake, flow.blocked_until) : flow.blocked_until;
      return;
    }
    if (!flow.ended && flow.buffer.size() < kMaxBuffered) waits.push_back({flow.from, POLLIN, 0});
    if (!flow.buffer.empty()) waits.push_back({flow.to, POLLOUT, 0});
  }

  static int Timeout(Time now, std::optional<Time> wake) {
    if (!wake) return -1;
    return static_cast<int>(
               std::chrono::duration_cast<std::chrono::milliseconds>(*wake - now).count()) +
           1;
  }

  void Accept() {
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(target_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(client);
      ::close(server);
      return;
    }
    Prepare(client);
    Prepare(server);
    const std::lock_guard lock(mutex_);
    const std::uint64_t seed = CombineSeeds(options_.seed, ++counts_.connections);
    Connection& connection = connections_.emplace_back(client, server, options_, seed);
    const auto delay =
        std::chrono::milliseconds(random_.Below(std::uint64_t{options_.max_connect_delay_ms} + 1));
    connection.up.blocked_until = std::chrono::steady_clock::now() + delay;
  }

  // False: the connection is over.
  bool Move(Flow& flow, std::uint64_t& total, std::vector<std::uint64_t>& cuts,
            Connection& connection) {
    if (flow.blocked_until > std::chrono::steady_clock::now()) return true;
    if (!Read(flow)) return false;
    while (!flow.buffer.empty()) {
      const std::optional<std::size_t> written = WritePiece(flow, total, cuts);
      if (!written) return Cut(connection);
      if (*written == 0) return true;
      if (flow.moved >= flow.stall.next()) {
        Stall(flow);
        return true;
      }
    }
    if (flow.ended) ::shutdown(flow.to, SHUT_WR);
    return !(connection.up.ended && connection.down.ended);
  }

  static bool Read(Flow& flow) {
    std::array<char, 16u << 10> bytes;
    while (!flow.ended && flow.buffer.size() < kMaxBuffered) {
      const ssize_t got = ::read(flow.from, bytes.data(), bytes.size());
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (got == 0) flow.ended = true;
      flow.buffer.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

  // How many bytes went; nullopt: here the connection is cut.
  std::optional<std::size_t> WritePiece(Flow& flow, std::uint64_t& total,
                                        std::vector<std::uint64_t>& cuts) {
    const std::uint64_t until_cut =
        std::min(flow.cut.next() - flow.moved, cuts.empty() ? kNever : cuts.front() - total);
    if (until_cut == 0) {
      if (!cuts.empty() && cuts.front() == total) cuts.erase(cuts.begin());
      return std::nullopt;
    }
    std::uint64_t size = std::min<std::uint64_t>(flow.buffer.size(), until_cut);
    if (options_.split_writes) size = std::min(size, 1 + random_.Below(1'500));
    size = std::min(size, std::max<std::uint64_t>(flow.stall.next() - flow.moved, 1));
    Flip(flow, size);
    const ssize_t put = ::send(flow.to, flow.buffer.data(), size, MSG_NOSIGNAL);
    if (put < 0)
      return errno == EAGAIN || errno == EINTR ? std::optional<std::size_t>(0) : std::nullopt;
    flow.buffer.erase(0, static_cast<std::size_t>(put));
    flow.moved += static_cast<std::uint64_t>(put);
    total += static_cast<std::uint64_t>(put);
    return static_cast<std::size_t>(put);
  }

  void Flip(Flow& flow, std::uint64_t size) {
    while (flow.flip.next() - flow.moved < size) {
      char& byte = flow.buffer[flow.flip.next() - flow.moved];
      byte = static_cast<char>(byte ^ (1 << flow.flip.random().Below(8)));
      flow.flip.Next();
      ++counts_.flips;
    }
  }

  void Stall(Flow& flow) {
    flow.stall.Next();
    flow.blocked_until =
        std::chrono::steady_clock::now() +
        std::chrono::milliseconds(random_.Below(std::uint64_t{options_.max_stall_ms} + 1));
    ++counts_.stalls;
  }

  // Every second cut is a reset, which drops what is on its way.
  bool Cut(Connection& connection) {
    if (++counts_.cuts % 2 == 0) {
      const linger reset = {.l_onoff = 1, .l_linger = 0};
      ::setsockopt(connection.client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      ::setsockopt(connection.server.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    return false;
  }

  ChaosOptions options_;
  std::uint16_t target_port_ = 0;
  std::string address_;
  Descriptor listener_;
  Descriptor stop_;
  Random random_;
  mutable std::mutex mutex_;
  Counts counts_;
  std::list<Connection> connections_;
  std::thread thread_;
};

ChaosProxy::ChaosProxy(const std::string& target, const ChaosOptions& options)
    : impl_(std::make_unique<Impl>(target, options)) {}
ChaosProxy::~ChaosProxy() = default;
const std::string& ChaosProxy::address() const { return impl_->address(); }
ChaosProxy::Counts ChaosProxy::counts() const { return impl_->counts(); }

}  // namespace fedge::testing
