#include <attn/io/sink.hpp>

#include "io_testing.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

using namespace attn::io;

namespace {

// Runs f in a child process whose stdout has been arranged by `arrange`, and returns how it ended:
// "exit 0", "exit 4" (the kind of the error thrown), "signal 13".
template <class Arrange, class F>
std::string outcome(Arrange&& arrange, F&& f) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    arrange();
    int code = 0;
    try {
      f();
    } catch (const attn::Error& error) {
      code = static_cast<int>(error.kind());
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit " + std::to_string(WEXITSTATUS(status));
}

void stdout_to(const char* path) {
  const int fd = ::open(path, O_WRONLY);
  ::dup2(fd, STDOUT_FILENO);
}

// A pipe whose reading end is closed.
void stdout_to_closed_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) ::_exit(99);
  ::close(ends[0]);
  ::dup2(ends[1], STDOUT_FILENO);
}

void write_to_stdout(std::size_t size) {
  StdoutSink sink;
  sink.write(std::string(size, 'x'));
  sink.finish();
}

}  // namespace

TEST_CASE("pieces small and large arrive in order") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT, 0600);
  DescriptorSink sink(fd, "out");
  std::string expected;
  for (const std::size_t size : {std::size_t{1}, std::size_t{131071}, std::size_t{0}, std::size_t{131072},
                                 std::size_t{7}, std::size_t{500000}, std::size_t{131070}, std::size_t{3}}) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    sink.write(piece);
    expected += piece;
  }
  sink.finish();
  ::close(fd);
  CHECK((content_of(path) == expected));
}

TEST_CASE("a full disk is an error, also when the buffer alone met it") {
  CHECK(outcome([] { stdout_to("/dev/full"); }, [] { write_to_stdout(1); }) == "exit 4");
  CHECK(outcome([] { stdout_to("/dev/full"); }, [] { write_to_stdout(1000000); }) == "exit 4");
  CHECK(outcome([] { stdout_to("/dev/null"); }, [] { write_to_stdout(1); }) == "exit 0");
}

TEST_CASE("a closed stdout is an error even when nothing is written") {
  CHECK(outcome([] { ::close(STDOUT_FILENO); }, [] { write_to_stdout(0); }) == "exit 4");
  CHECK(outcome([] { ::dup2(::open("/dev/null", O_RDONLY), STDOUT_FILENO); }, [] { write_to_stdout(0); }) ==
        "exit 4");
}

TEST_CASE("a closed pipe ends the process by SIGPIPE, or is an error where that signal is ignored") {
  CHECK(outcome(stdout_to_closed_pipe, [] { write_to_stdout(1); }) == "signal " + std::to_string(SIGPIPE));
  const auto ignored = [] {
    std::signal(SIGPIPE, SIG_IGN);
    stdout_to_closed_pipe();
  };
  CHECK(outcome(ignored, [] { write_to_stdout(1); }) == "exit 4");
}

TEST_CASE("the message names the target and the system's reason") {
  const int fd = ::open("/dev/full", O_WRONLY);
  DescriptorSink sink(fd, "result.csv");
  sink.write("x");
  CHECK(error_of([&] { sink.finish(); }) == "system: result.csv: No space left on device");
  ::close(fd);
}
