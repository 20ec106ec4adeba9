// The module attnscope_npz: the only file that uses libzip.
#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/npz_module.hpp>

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>

namespace attn::io {
namespace {

// Deflate makes at most 258 bytes of 2 bits, which is 1032 bytes of one.
constexpr zip_uint64_t best_deflate_ratio = 1032;

const std::string not_sound = "is not a sound ZIP archive: ";

[[noreturn]] void refuse(const std::string& subject, zip_error_t* error) {
  throw InputError(subject, not_sound + zip_error_strerror(error));
}

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

class LibzipReader : public ZipReader {
 public:
  LibzipReader(const Bytes& file, const std::string& subject) : file_(file) {
    // libzip would take an empty file for an archive without entries.
    if (file.size == 0) throw InputError(subject, not_sound + "it is empty");
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(file.data, file.size, 0, &error);
    archive_.reset(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error));
    if (!archive_) {
      zip_source_free(source);
      const std::string problem = zip_error_strerror(&error);
      zip_error_fini(&error);
      throw InputError(subject, not_sound + problem);
    }
    const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
    for (zip_uint64_t i = 0; i < count; ++i) add_entry(i, file.size, subject);
  }

  const std::vector<ZipEntry>& entries() const override { return entries_; }

  std::string read_beginning(std::size_t position, std::size_t count, const std::string& subject) override {
    const std::unique_ptr<zip_file_t, CloseFile> entry(zip_fopen_index(archive_.get(), position, 0));
    if (!entry) refuse(subject, zip_get_error(archive_.get()));
    std::string beginning(std::min(count, entries_[position].size), '\0');
    std::size_t used = 0;
    while (used < beginning.size()) {
      const zip_int64_t got = zip_fread(entry.get(), beginning.data() + used, beginning.size() - used);
      if (got < 0) refuse(subject, zip_file_get_error(entry.get()));
      if (got == 0) break;
      used += static_cast<std::size_t>(got);
    }
    beginning.resize(used);
    return beginning;
  }

  std::string read(std::size_t position, const std::string& subject) override {
    const std::unique_ptr<zip_file_t, CloseFile> entry(zip_fopen_index(archive_.get(), position, 0));
    if (!entry) refuse(subject, zip_get_error(archive_.get()));
    std::string content(entries_[position].size, '\0');
    std::size_t used = 0;
    char beyond = 0;
    for (;;) {
      // One more read after the last byte is what makes libzip compare the checksum.
      const bool full = used == content.size();
      const zip_int64_t got =
          zip_fread(entry.get(), full ? &beyond : content.data() + used, full ? 1 : content.size() - used);
      if (got < 0) refuse(subject, zip_file_get_error(entry.get()));
      if (got == 0) break;
      if (full)
        throw InputError(subject,
                         fmt::format("holds more than the {} bytes that the archive declares", used));
      used += static_cast<std::size_t>(got);
    }
    if (used < content.size()) {
      throw InputError(subject, fmt::format("ends after {} of the {} bytes that the archive declares", used,
                                            content.size()));
    }
    return content;
  }

 private:
  void add_entry(zip_uint64_t position, std::size_t file_size, const std::string& file_subject) {
    zip_stat_t status;
    if (zip_stat_index(archive_.get(), position, 0, &status) != 0)
      refuse(file_subject, zip_get_error(archive_.get()));
    const std::string subject = file_subject + ":" + one_line(status.name);
    if (status.encryption_method != ZIP_EM_NONE) throw InputError(subject, "is encrypted");
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
      throw InputError(
          subject, fmt::format("is compressed by ZIP method {}; stored (0) and deflated (8) entries are read",
                               status.comp_method));
    }
    const zip_uint64_t ratio = status.comp_method == ZIP_CM_STORE ? 1 : best_deflate_ratio;
    if (status.comp_size > file_size || status.size / ratio > status.comp_size) {
      throw InputError(
          subject,
          fmt::format("declares {} bytes in {} compressed bytes of a file of {}, which is not possible",
                      status.size, status.comp_size, file_size));
    }
    entries_.push_back({status.name, static_cast<std::size_t>(status.size)});
  }

  Bytes file_;  // libzip reads from it as long as the archive is open
  std::unique_ptr<zip_t, DiscardArchive> archive_;
  std::vector<ZipEntry> entries_;
};

}  // namespace
}  // namespace attn::io

extern "C" std::unique_ptr<attn::io::ZipReader> attnscope_open_zip(const attn::io::Bytes& file,
                                                                   const std::string& subject) {
  return std::make_unique<attn::io::LibzipReader>(file, subject);
}
