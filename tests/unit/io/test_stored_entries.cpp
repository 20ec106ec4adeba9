#include <attn/io/crc32.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/stored_entries.hpp>
#include <attn/io/zip_writer.hpp>

#include "io_testing.hpp"

using namespace attn;
using namespace attn::io;

namespace {

std::string archive_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  StringSink sink;
  ZipWriter zip(sink);
  for (const auto& [name, content] : entries) zip.add(name, content, "");
  zip.finish();
  return sink.text();
}

std::size_t found_in(const std::string& file) {
  std::size_t found = 0;
  for (const auto& entry : stored_entries(make_bytes(file))) found += entry.has_value();
  return found;
}

// The bytes with a number written over them at `position` after the last `mark`.
std::string patched(std::string file, const std::string& mark, std::size_t position, std::uint64_t value, int count) {
  return file.replace(file.rfind(mark) + position, static_cast<std::size_t>(count), little_endian(value, count));
}

const std::string directory = "PK\x01\x02", local = "PK\x03\x04";

}  // namespace

TEST_CASE("stored entries are found where they lie, without a copy") {
  const Bytes file = make_bytes(archive_of({{"a.npy", "first"}, {"b.npy", ""}, {"c.npy", "third"}}));
  const auto entries = stored_entries(file);
  REQUIRE(entries.size() == 3);
  CHECK(entries[0]->content.text() == "first");
  CHECK(entries[1]->content.text() == "");
  CHECK(entries[2]->content.text() == "third");
  CHECK(entries[2]->content.data == file.data + file.text().find("third"));
  for (const auto& entry : entries) CHECK(entry->sound());
}

TEST_CASE("what numpy.savez writes is found, what numpy.savez_compressed writes must be unpacked") {
  const auto stored = stored_entries(make_bytes(content_of(fixture("stored.npz"))));
  REQUIRE(stored.size() == 3);
  for (const auto& entry : stored) CHECK((entry && entry->sound() && entry->content.text().substr(1, 5) == "NUMPY"));
  CHECK(stored_entries(make_bytes(content_of(fixture("deflated.npz")))).size() == 2);
  CHECK(found_in(content_of(fixture("deflated.npz"))) == 0);
}

TEST_CASE("a changed byte of the content is told by the checksum") {
  std::string file = archive_of({{"a", "content"}});
  file[file.find("content")] = 'k';
  const auto entries = stored_entries(make_bytes(file));
  REQUIRE(entries[0].has_value());
  CHECK_FALSE(entries[0]->sound());
}

TEST_CASE("an entry that is out of the ordinary is left to libzip") {
  const std::string file = archive_of({{"a", "content"}});
  REQUIRE(found_in(file) == 1);
  CHECK(found_in(patched(file, directory, 8, 1, 2)) == 0);           // encrypted
  CHECK(found_in(patched(file, directory, 10, 8, 2)) == 0);          // deflated
  CHECK(found_in(patched(file, directory, 20, 6, 4)) == 0);          // packed and unpacked size differ
  CHECK(found_in(patched(file, directory, 42, 3, 4)) == 0);          // no local header there
  CHECK(found_in(patched(file, directory, 42, 0xffffffff, 4)) == 0);  // ZIP64
  CHECK(found_in(patched(file, local, 28, 0xffff, 2)) == 0);         // content beyond the directory
  CHECK(found_in(patched(patched(file, directory, 20, 0xffffffff, 4), directory, 24, 0xffffffff, 4)) == 0);
}

TEST_CASE("an archive with a comment, or without a sound end, is left to libzip") {
  const std::string file = archive_of({{"a", "content"}});
  CHECK(stored_entries(make_bytes(file + "comment")).empty());
  CHECK(stored_entries(make_bytes(patched(file, "PK\x05\x06", 16, 5, 4))).empty());
  CHECK(stored_entries(make_bytes(patched(file, "PK\x05\x06", 10, 2, 2))).empty());
  for (std::size_t size = 0; size < file.size(); ++size) CHECK(stored_entries(make_bytes(file.substr(0, size))).empty());
}

TEST_CASE("no changed byte leads outside the archive") {
  const std::string file = archive_of({{"a", "content"}, {"b", "more"}});
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const Bytes bytes = make_bytes(changed);
      for (const auto& entry : stored_entries(bytes)) {
        if (!entry) continue;
        CHECK(entry->content.data >= bytes.data);
        CHECK(entry->content.data + entry->content.size <= bytes.data + bytes.size);
      }
    }
  }
}
