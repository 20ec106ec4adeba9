#include <attn/io/crc32.hpp>
#include <attn/io/stored_entries.hpp>

#include <cstring>
#include <string_view>

// Records and their fields as in PKWARE's APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16.
namespace attn::io {
namespace {

constexpr std::string_view local_mark = "PK\x03\x04", directory_mark = "PK\x01\x02", end_mark = "PK\x05\x06";
constexpr std::size_t local_size = 30, directory_size = 46, end_size = 22;
constexpr std::uint16_t encrypted = 1, is_stored = 0;

// A record of fixed size at a place of the archive; the size must have been checked.
class Fields {
 public:
  explicit Fields(std::string_view record) : record_(record) {}
  template <class T>
  T get(std::size_t offset) const {
    T value;
    std::memcpy(&value, record_.data() + offset, sizeof value);  // little-endian, as everywhere in this folder
    return value;
  }

 private:
  std::string_view record_;
};

// `size` bytes from `offset` on that begin with the mark.
std::optional<Fields> record_at(std::string_view archive, std::size_t offset, std::size_t size, std::string_view mark) {
  if (offset > archive.size() || size > archive.size() - offset) return std::nullopt;
  const std::string_view record = archive.substr(offset, size);
  if (record.substr(0, mark.size()) != mark) return std::nullopt;
  return Fields(record);
}

// The entry of one record of the directory. A size or an offset of 2³² − 1 says that ZIP64 has the number; as a
// number it lies outside every archive that gets here.
std::optional<StoredEntry> entry_of(const Bytes& archive, const Fields& record, std::size_t directory) {
  const auto size = record.get<std::uint32_t>(24), packed = record.get<std::uint32_t>(20);
  const auto offset = record.get<std::uint32_t>(42);
  const bool plain = (record.get<std::uint16_t>(8) & encrypted) == 0 && record.get<std::uint16_t>(10) == is_stored;
  const std::optional<Fields> local = record_at(archive.text(), offset, local_size, local_mark);
  if (!plain || size != packed || !local) return std::nullopt;
  const std::size_t begin = offset + local_size + local->get<std::uint16_t>(26) + local->get<std::uint16_t>(28);
  if (begin > directory || size > directory - begin) return std::nullopt;
  return StoredEntry{archive.slice(begin, size), record.get<std::uint32_t>(16)};
}

}  // namespace

bool StoredEntry::sound() const { return crc32(0, content.text()) == crc; }

std::vector<std::optional<StoredEntry>> stored_entries(const Bytes& archive) {
  const std::string_view text = archive.text();
  if (text.size() < end_size) return {};
  const std::optional<Fields> end = record_at(text, text.size() - end_size, end_size, end_mark);
  if (!end) return {};
  const auto count = end->get<std::uint16_t>(10);
  const auto directory = end->get<std::uint32_t>(16);
  std::vector<std::optional<StoredEntry>> entries;
  std::size_t at = directory;
  for (std::size_t i = 0; i < count; ++i) {
    const std::optional<Fields> record = record_at(text, at, directory_size, directory_mark);
    if (!record) return {};
    entries.push_back(entry_of(archive, *record, directory));
    at += directory_size + record->get<std::uint16_t>(28) + record->get<std::uint16_t>(30) + record->get<std::uint16_t>(32);
  }
  return entries;
}

}  // namespace attn::io
