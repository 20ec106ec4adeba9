#include <attn/io/file_sink.hpp>

#include "io_testing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

using namespace attn::io;
namespace fs = std::filesystem;

namespace {

int syncs = 0;       // calls of fsync
int sync_error = 0;  // what the next ones meet

}  // namespace

// In the place of the C library's, also for the library under test.
extern "C" int fsync(int descriptor) {
  ++syncs;
  errno = sync_error;
  return sync_error != 0 ? -1 : static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace {

void write_file(const std::string& path, const std::string& content, Overwrite overwrite = Overwrite::no) {
  const auto sink = open_sink(path, overwrite);
  sink->write(content);
  sink->finish();
}

extern "C" void remove_and_raise(int signal) {
  remove_temporaries();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

TEST_CASE("the file appears complete at the end, with the permissions of the umask") {
  const TemporaryFolder folder;
  const std::string path = folder / "out.csv";
  const mode_t before = ::umask(027);
  {
    FileSink sink(path, Overwrite::no);
    sink.write("1,2\n");
    CHECK_FALSE(fs::exists(path));
    sink.finish();
  }
  ::umask(before);
  CHECK(content_of(path) == "1,2\n");
  CHECK(fs::status(path).permissions() == static_cast<fs::perms>(0640));
  CHECK(folder.file_count() == 1);
}

TEST_CASE("without finish nothing remains, and an old file stays as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.write("out", "old");
  {
    FileSink sink(path, Overwrite::yes);
    sink.write("new");
    CHECK(folder.file_count() == 2);
  }
  CHECK(content_of(path) == "old");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("an existing file is replaced only when that was asked for") {
  const TemporaryFolder folder;
  const std::string path = folder.write("out", "old");
  CHECK(error_of([&] { write_file(path, "new"); }) ==
        "usage: " + path + ": exists; add --force to replace it");
  CHECK(content_of(path) == "old");
  write_file(path, "new", Overwrite::yes);
  CHECK(content_of(path) == "new");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("a file is synced to the disk before it replaces another, and a new one is not waited for") {
  const TemporaryFolder folder;
  const auto syncs_of = [&](const std::string& name, Overwrite overwrite) {
    syncs = 0;
    write_file(folder / name, "numbers", overwrite);
    return syncs;
  };
  CHECK(syncs_of("new", Overwrite::no) == 0);
  CHECK(syncs_of("with_force", Overwrite::yes) == 0);
  CHECK(syncs_of("new", Overwrite::yes) == 1);
}

TEST_CASE("a disk that fails while it syncs leaves the old file, and one that cannot sync is no failure") {
  const TemporaryFolder folder;
  const std::string path = folder.write("out", "old");
  sync_error = EIO;
  CHECK(error_of([&] { write_file(path, "new", Overwrite::yes); }) == "system: " + path + ": Input/output error");
  CHECK(content_of(path) == "old");
  CHECK(folder.file_count() == 1);
  sync_error = EINVAL;
  CHECK(error_of([&] { write_file(path, "new", Overwrite::yes); }) == "nothing was thrown");
  CHECK(content_of(path) == "new");
  sync_error = 0;
}

TEST_CASE("a file that appears in the meantime is not replaced") {
  const TemporaryFolder folder;
  const std::string path = folder / "out";
  {
    FileSink sink(path, Overwrite::no);
    sink.write("mine");
    folder.write("out", "theirs");
    CHECK(contains(error_of([&] { sink.finish(); }), "exists; add --force"));
  }
  CHECK(content_of(path) == "theirs");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("a symbolic link is followed, also to a file that does not exist yet") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_symlink("real/out", folder / "link");
  fs::create_symlink("link", folder / "second");
  write_file(folder / "second", "one");
  CHECK(content_of(folder / "real/out") == "one");
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(contains(error_of([&] { write_file(folder / "link", "two"); }), "usage: "));
  write_file(folder / "link", "two", Overwrite::yes);
  CHECK(content_of(folder / "real/out") == "two");
  CHECK(fs::is_symlink(folder / "link"));
  fs::create_symlink("loop", folder / "loop");
  CHECK(contains(error_of([&] { write_file(folder / "loop", "x"); }), "system: "));
}

TEST_CASE("what the system refuses names the target as it was written") {
  const TemporaryFolder folder;
  CHECK(error_of([&] { write_file(folder / "no/such/out", "x"); }) ==
        "system: " + folder / "no/such/out" + ": No such file or directory");
  CHECK(error_of([&] { write_file(folder / "", "x"); }) == "system: " + folder / "" + ": Is a directory");
}

TEST_CASE("a target is checked without a trace") {
  const TemporaryFolder folder;
  CHECK(error_of([&] { check_target(folder / "new", Overwrite::no); }) == "nothing was thrown");
  CHECK(folder.file_count() == 0);
  CHECK(error_of([&] { check_target(folder / "no/such/out", Overwrite::no); }) == "system: " + folder / "no/such/out" + ": No such file or directory");
  write_file(folder / "old", "x");
  CHECK(error_of([&] { check_target(folder / "old", Overwrite::no); }) == "usage: " + folder / "old" + ": exists; add --force to replace it");
  CHECK(error_of([&] { check_target(folder / "old", Overwrite::yes); }) == "nothing was thrown");
  CHECK(content_of(folder / "old") == "x");
  // A pipe without a reader would be waited for.
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  for (const std::string& target : {folder / "fifo", std::string("-"), std::string("/dev/full")}) check_target(target, Overwrite::no);
}

TEST_CASE("devices and pipes are written directly") {
  CHECK(error_of([] { write_file("/dev/full", "x"); }) == "system: /dev/full: No space left on device");
  CHECK(error_of([] { write_file("/dev/null", "x"); }) == "nothing was thrown");
  const TemporaryFolder folder;
  const std::string fifo = folder / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::string received;
  std::thread reader([&] { received = content_of(fifo); });
  write_file(fifo, "through the pipe");
  reader.join();
  CHECK(received == "through the pipe");
  CHECK(folder.file_count() == 1);
}

TEST_CASE("a path that means an open descriptor continues where the descriptor is") {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "");
  const int fd = ::open(path.c_str(), O_WRONLY);
  REQUIRE(::write(fd, "one ", 4) == 4);
  write_file("/dev/fd/" + std::to_string(fd), "two ");
  REQUIRE(::write(fd, "three", 5) == 5);
  ::close(fd);
  CHECK(content_of(path) == "one two three");
  CHECK(contains(error_of([&] { write_file("/proc/self/fd/" + std::to_string(fd), "x"); }),
                 "Bad file descriptor"));
}

TEST_CASE("a signal leaves no temporary file behind") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    std::signal(SIGTERM, remove_and_raise);
    FileSink sink(folder / "out", Overwrite::no);
    sink.write("half");
    ::raise(SIGTERM);
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  CHECK(folder.file_count() == 0);
}

TEST_CASE("a result never takes the place of a closed standard stream") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(STDERR_FILENO);
    FileSink sink(folder / "out", Overwrite::no);
    const ssize_t lost = ::write(STDERR_FILENO, "message", 7);
    sink.write("result");
    sink.finish();
    ::_exit(lost < 0 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(content_of(folder / "out") == "result");
}
