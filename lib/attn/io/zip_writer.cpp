#include <attn/io/crc32.hpp>
#include <attn/io/zip_writer.hpp>

#include <algorithm>
#include <limits>

namespace attn::io {
namespace {

constexpr std::uint32_t max32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint16_t max16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint16_t plain_version = 20, zip64_version = 45, utf8_names = 1u << 11, stored = 0;
constexpr std::uint16_t midnight = 0, first_of_january_1980 = 1u << 5 | 1u;
constexpr std::uint16_t zip64_tag = 1;

// A record of little-endian fields.
class Record {
 public:
  template <class T>
  Record& add(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) text_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  Record& add(const std::string& bytes) {
    text_ += bytes;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// What a 32-bit field holds when the value itself stands in the ZIP64 field: all ones.
std::uint32_t field32(std::uint64_t value) {
  return value < max32 ? static_cast<std::uint32_t>(value) : max32;
}

// The ZIP64 extra field with those values that need it; empty when none does.
std::string zip64_extra(std::initializer_list<std::uint64_t> values) {
  Record body;
  for (const std::uint64_t value : values) {
    if (value >= max32) body.add(value);
  }
  if (body.text().empty()) return {};
  return Record().add(zip64_tag).add(static_cast<std::uint16_t>(body.text().size())).add(body.text()).text();
}

// The fields that the local header and the central directory share, from "version needed" to
// "extra field length".
std::string common_fields(const std::string& name, std::uint32_t crc, std::uint64_t size,
                          const std::string& extra) {
  return Record()
      .add(extra.empty() ? plain_version : zip64_version)
      .add(utf8_names)
      .add(stored)
      .add(midnight)
      .add(first_of_january_1980)
      .add(crc)
      .add(field32(size))  // compressed
      .add(field32(size))
      .add(static_cast<std::uint16_t>(name.size()))
      .add(static_cast<std::uint16_t>(extra.size()))
      .text();
}

}  // namespace

void ZipWriter::write(std::string_view bytes) {
  sink_.write(bytes);
  position_ += bytes.size();
}

void ZipWriter::add(const std::string& name, std::string_view head, std::string_view body) {
  Entry entry{name, crc32(crc32(0, head), body), head.size() + body.size(), position_};
  const std::string extra = zip64_extra({entry.size, entry.size});
  write(Record()
            .add(std::uint32_t{0x04034b50})
            .add(common_fields(name, entry.crc, entry.size, extra))
            .add(name)
            .add(extra)
            .text());
  write(head);
  write(body);
  entries_.push_back(std::move(entry));
}

void ZipWriter::finish() {
  const std::uint64_t directory = position_;
  for (const Entry& entry : entries_) {
    const std::string extra = zip64_extra({entry.size, entry.size, entry.offset});
    write(
        Record()
            .add(std::uint32_t{0x02014b50})
            .add(extra.empty() ? plain_version : zip64_version)  // made by: MS-DOS, so no permissions follow
            .add(common_fields(entry.name, entry.crc, entry.size, extra))
            .add(std::uint16_t{0})  // comment length
            .add(std::uint16_t{0})  // disk
            .add(std::uint16_t{0})  // internal attributes
            .add(std::uint32_t{0})  // external attributes
            .add(field32(entry.offset))
            .add(entry.name)
            .add(extra)
            .text());
  }
  write_end(directory);
}

void ZipWriter::write_end(std::uint64_t directory) {
  const std::uint64_t size = position_ - directory, count = entries_.size();
  if (count >= max16 || size >= max32 || directory >= max32) {
    const std::uint64_t end64 = position_;
    constexpr std::uint64_t rest_of_record = 44;
    write(Record()
              .add(std::uint32_t{0x06064b50})
              .add(rest_of_record)
              .add(zip64_version)
              .add(zip64_version)
              .add(std::uint32_t{0})
              .add(std::uint32_t{0})
              .add(count)
              .add(count)
              .add(size)
              .add(directory)
              .text());
    write(Record()
              .add(std::uint32_t{0x07064b50})
              .add(std::uint32_t{0})
              .add(end64)
              .add(std::uint32_t{1})
              .text());
  }
  const auto count16 = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, max16));
  write(Record()
            .add(std::uint32_t{0x06054b50})
            .add(std::uint16_t{0})
            .add(std::uint16_t{0})
            .add(count16)
            .add(count16)
            .add(field32(size))
            .add(field32(directory))
            .add(std::uint16_t{0})
            .text());
}

}  // namespace attn::io
