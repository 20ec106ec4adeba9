#include <attn/error.hpp>
#include <attn/io/block.hpp>
#include <attn/io/file.hpp>
#include <attn/io/names.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npy_header.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/npz_module.hpp>
#include <attn/io/stored_entries.hpp>
#include <attn/io/zip_writer.hpp>
#include <attn/module.hpp>
#include <attn/workers.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

namespace attn::io {
namespace {

constexpr std::string_view suffix = ".npy";
constexpr std::size_t longest_name = 65535;  // the length is a 16-bit field

// The longest header of an NPY file of version 1.0, which is what NumPy writes: magic, version and a length of 16
// bits, then as many bytes as that can say. (Longer ones belong to structured types, which are refused.)
constexpr std::size_t longest_header = 6 + 2 + 2 + 65535;

std::unique_ptr<ZipReader> open_zip(const Bytes& file, const std::string& subject) {
  static const auto open =
      reinterpret_cast<OpenZip*>(module_symbol(load_module("attnscope_npz"), "attnscope_open_zip"));
  return open(file, subject);
}

bool has_ending(std::string_view text, std::string_view ending) {
  return text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending;
}

std::string array_name(const std::string& entry) {
  return has_ending(entry, suffix) ? entry.substr(0, entry.size() - suffix.size()) : entry;
}

std::vector<std::string> array_names(const std::vector<ZipEntry>& entries, const std::string& subject) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const ZipEntry& entry : entries) {
    if (has_ending(entry.name, "/data.pkl")) {
      throw InputError(subject,
                       "is a PyTorch checkpoint, a Python pickle, which is not read; save the tensors with "
                       "safetensors.torch.save_file or numpy.savez");
    }
    names.push_back(array_name(entry.name));
    if (!seen.insert(names.back()).second)
      throw InputError(subject, "has two arrays named " + in_quotes(names.back()));
  }
  return names;
}

constexpr std::size_t few_bytes = std::size_t{1} << 20;  // below, one thread is done before others have begun

// An archive whose entries are read where they lie, if they are stored and sound, and else by libzip.
class Archive {
 public:
  Archive(const Bytes& file, const std::string& subject)
      : file_(file), subject_(subject), zip_(open_zip(file, subject)), stored_(stored_entries(file)) {
    if (stored_.size() != zip_->entries().size()) stored_.assign(zip_->entries().size(), std::nullopt);
  }

  const std::vector<ZipEntry>& entries() const { return zip_->entries(); }

  /// The checksums of all stored entries at once, on all processors: what read() does one by one.
  void check_stored() {
    for_each_piece(stored_.size(), worker_count(file_.size < few_bytes ? 1 : 0, stored_.size()), [this](std::size_t position, std::size_t) {
      std::optional<StoredEntry>& stored = stored_[position];
      if (stored && !stored->sound()) stored.reset();
    });
    checked_ = true;
  }

  Array read(std::size_t position, const std::string& name, const MemoryLimit& limit) {
    const std::string subject = subject_ + ":" + one_line(name);
    const std::optional<StoredEntry>& stored = stored_[position];
    if (stored && stored->content.size == entries()[position].size && (checked_ || stored->sound())) {
      return read_npy(stored->content, subject, limit);
    }
    Array array = read_npy(make_bytes(zip_->read(position, subject)), subject, limit);
    forget_pages(file_);  // the archive and all that it holds need not be in memory at once
    return array;
  }

 private:
  const Bytes& file_;
  const std::string& subject_;
  std::unique_ptr<ZipReader> zip_;
  std::vector<std::optional<StoredEntry>> stored_;
  bool checked_ = false;
};

}  // namespace

bool looks_like_npz(std::string_view file) {
  const std::string_view beginning = file.substr(0, 4);
  return beginning == "PK\x03\x04" || beginning == "PK\x05\x06";
}

std::vector<std::string> npz_names(const Bytes& file, const std::string& subject) {
  return array_names(open_zip(file, subject)->entries(), subject);
}

Array read_npz_entry(const Bytes& file, const std::string& name, const std::string& subject,
                     const MemoryLimit& limit) {
  Archive archive(file, subject);
  const std::vector<std::string> names = array_names(archive.entries(), subject);
  const auto position = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  if (position == names.size()) throw InputError(subject, "holds no array " + in_quotes(name));
  limit.check(subject + ":" + one_line(name), archive.entries()[position].size);
  return archive.read(position, name, limit);
}

std::vector<NamedArray> read_npz(const Bytes& file, const std::string& subject, const MemoryLimit& limit) {
  Archive archive(file, subject);
  const std::vector<std::string> names = array_names(archive.entries(), subject);
  std::size_t total = 0;
  for (const ZipEntry& entry : archive.entries()) {
    if (__builtin_add_overflow(total, entry.size, &total)) total = std::numeric_limits<std::size_t>::max();
  }
  limit.check(subject, total);
  archive.check_stored();
  std::vector<NamedArray> arrays;
  for (std::size_t i = 0; i < names.size(); ++i) arrays.push_back({names[i], archive.read(i, names[i], limit)});
  return arrays;
}

std::vector<ArrayHeader> read_npz_headers(const Bytes& file, const std::string& subject) {
  const auto zip = open_zip(file, subject);
  const std::vector<std::string> names = array_names(zip->entries(), subject);
  std::vector<ArrayHeader> headers;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string entry = subject + ":" + one_line(names[i]);
    const NpyHeader header = parse_npy_header(zip->read_beginning(i, longest_header, entry), entry);
    const std::size_t expected = header.data_offset + declared_bytes(header.dtype, header.shape, entry);
    if (expected != zip->entries()[i].size) {
      throw InputError(entry, "declares " + std::to_string(expected) + " bytes, but the archive holds " +
                                  std::to_string(zip->entries()[i].size));
    }
    headers.push_back({names[i], header.dtype, header.shape});
  }
  return headers;
}

namespace {

void write_blocks(Sink& sink, const std::vector<Block>& blocks) {
  ZipWriter zip(sink);
  std::set<std::string> names;
  for (const auto& [name, dtype, shape, data] : blocks) {
    if (name.empty() || name.size() + suffix.size() > longest_name || !names.insert(name).second) {
      throw UsageError(in_quotes(name),
                       "cannot name an array of an npz file: names are not empty, not repeated, and "
                       "shorter than 65532 bytes");
    }
    zip.add(name + std::string(suffix), format_npy_header(dtype, shape), data);
  }
  zip.finish();
}

}  // namespace

void write_npz(Sink& sink, const std::vector<NamedView>& tensors) { write_blocks(sink, blocks_of(tensors)); }

void write_npz_arrays(Sink& sink, const std::vector<NamedArray>& arrays) { write_blocks(sink, blocks_of(arrays)); }

}  // namespace attn::io
