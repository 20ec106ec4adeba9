#include <attn/error.hpp>
#include <attn/io/block.hpp>
#include <attn/io/names.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/io/strict_json.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace attn::io {
namespace {

using nlohmann::json;

constexpr std::size_t length_bytes = 8;
constexpr std::size_t max_header = 100'000'000;  // the reference reader's own limit
constexpr const char* metadata_key = "__metadata__";

struct TypeRow {
  std::string_view name;
  DType dtype;
};
constexpr TypeRow type_rows[] = {
    {"F64", DType::float64},  {"F32", DType::float32}, {"F16", DType::float16}, {"BF16", DType::bfloat16},
    {"I64", DType::int64},    {"I32", DType::int32},   {"I16", DType::int16},   {"I8", DType::int8},
    {"U64", DType::uint64},   {"U32", DType::uint32},  {"U16", DType::uint16},  {"U8", DType::uint8},
    {"BOOL", DType::boolean},
};

std::string_view type_name(DType dtype) {
  const auto row = std::find_if(std::begin(type_rows), std::end(type_rows), [dtype](const TypeRow& r) { return r.dtype == dtype; });
  return row->name;
}

std::uint64_t header_length(std::string_view file) {
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<unsigned char>(file[i]);
  return length;
}

std::string_view header_of(std::string_view file, const std::string& subject) {
  if (file.size() < length_bytes) {
    throw InputError(
        subject, fmt::format("is not a safetensors file: it has {} bytes, fewer than the {} of the header "
                             "length",
                             file.size(), length_bytes));
  }
  const std::uint64_t length = header_length(file);
  if (length > max_header) {
    throw InputError(
        subject, fmt::format("declares a header of {} bytes; at most {} are allowed", length, max_header));
  }
  if (length > file.size() - length_bytes) {
    throw InputError(subject, fmt::format("declares a header of {} bytes, but only {} follow", length,
                                          file.size() - length_bytes));
  }
  return file.substr(length_bytes, length);
}

DType parse_dtype(const json& value, const std::string& subject) {
  const std::string name = value.is_string() ? value.get<std::string>() : value.dump();
  for (const TypeRow& row : type_rows) {
    if (row.name == name) return row.dtype;
  }
  throw InputError(subject, "has element type " + in_quotes(name) +
                                "; expected F64, F32, F16, BF16, I64 to I8, U64 to U8, or BOOL");
}

// A list of sizes that fit std::size_t: "shape" and "data_offsets".
std::vector<std::size_t> parse_sizes(const json& value, const char* key, const std::string& subject) {
  std::vector<std::size_t> sizes;
  bool ok = value.is_array();
  for (std::size_t i = 0; ok && i < value.size(); ++i) {
    ok = value[i].is_number_unsigned();
    if (ok) sizes.push_back(value[i].get<std::size_t>());
  }
  if (!ok)
    throw InputError(subject,
                     fmt::format("malformed safetensors header: \"{}\" is not a list of sizes", key));
  return sizes;
}

struct Entry {
  NamedArray named;
  std::size_t begin = 0, end = 0;  // in the data after the header
};

Entry parse_entry(const std::string& name, const json& row, const Bytes& data, const std::string& file,
                  const MemoryLimit& limit) {
  const std::string subject = file + ":" + one_line(name);
  for (const char* key : {"dtype", "shape", "data_offsets"}) {
    if (!row.is_object() || !row.contains(key) || row.size() != 3) {
      throw InputError(
          subject,
          "malformed safetensors header: expected exactly \"dtype\", \"shape\" and \"data_offsets\"");
    }
  }
  Entry entry;
  Array& array = entry.named.array;
  entry.named.name = name;
  array.dtype = parse_dtype(row["dtype"], subject);
  array.shape = parse_sizes(row["shape"], "shape", subject);
  const std::vector<std::size_t> offsets = parse_sizes(row["data_offsets"], "data_offsets", subject);
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size) {
    throw InputError(subject, fmt::format("has data_offsets {} in {} bytes of data",
                                          row["data_offsets"].dump(), data.size));
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  const std::size_t expected = declared_bytes(array.dtype, array.shape, subject);
  if (expected != entry.end - entry.begin) {
    throw InputError(
        subject,
        fmt::format("declares shape {} of {}, which takes {} bytes, but its data_offsets hold {}",
                    to_string(array.shape), name_of(array.dtype), expected, entry.end - entry.begin));
  }
  limit.check(subject, expected);
  array.bytes = data.slice(entry.begin, expected);
  require_booleans(array, subject);
  return entry;
}

void check_metadata(const json& metadata, const std::string& subject) {
  const bool ok = metadata.is_object() && std::all_of(metadata.begin(), metadata.end(),
                                                      [](const json& value) { return value.is_string(); });
  if (!ok)
    throw InputError(subject, "malformed safetensors header: \"__metadata__\" is not an object of strings");
}

// Sorts by position and refuses holes, overlaps and trailing bytes.
void require_exact_cover(std::vector<Entry>& entries, std::size_t data_size, const std::string& subject) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::size_t covered = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != covered) {
      throw InputError(subject + ":" + one_line(entry.named.name),
                       fmt::format("begins at byte {} of the data, but the tensors before it end at {}",
                                   entry.begin, covered));
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw InputError(subject,
                     fmt::format("has {} bytes of data, but its tensors take {}", data_size, covered));
  }
}

}  // namespace

bool looks_like_safetensors(std::string_view file) {
  if (file.size() <= length_bytes || file[length_bytes] != '{') return false;
  return header_length(file) <= std::min<std::size_t>(max_header, file.size() - length_bytes);
}

std::vector<NamedArray> read_safetensors(const Bytes& file, const std::string& subject,
                                         const MemoryLimit& limit) {
  const std::string_view header = header_of(file.text(), subject);
  const std::size_t data_begin = length_bytes + header.size();
  const Bytes data = file.slice(data_begin, file.size - data_begin);
  if (header.substr(0, 1) != "{")
    throw InputError(subject, "malformed safetensors header: it does not begin with '{'");
  const json document = parse_strict_json(header, subject);
  std::vector<Entry> entries;
  for (const auto& [name, row] : document.items()) {
    if (name == metadata_key) {
      check_metadata(row, subject);
    } else {
      entries.push_back(parse_entry(name, row, data, subject, limit));
    }
  }
  require_exact_cover(entries, data.size, subject);
  std::vector<NamedArray> arrays;
  for (Entry& entry : entries) arrays.push_back(std::move(entry.named));
  return arrays;
}

namespace {

void write_blocks(Sink& sink, const std::vector<Block>& blocks, const Metadata& metadata) {
  const auto text = [](const std::string& s) {
    return json(s).dump(-1, ' ', false, json::error_handler_t::replace);
  };
  std::string header = "{";
  std::set<std::string> names{metadata_key};
  if (!metadata.empty()) {
    header += fmt::format("\"{}\":{{", metadata_key);
    for (const auto& [key, value] : metadata) header += fmt::format("{}:{},", text(key), text(value));
    header.back() = '}';
    header += ',';
  }
  std::size_t offset = 0;
  for (const auto& [name, dtype, shape, data] : blocks) {
    if (!names.insert(name).second)
      throw UsageError(in_quotes(name), "cannot name two tensors of one safetensors file");
    header += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}},", text(name),
                          type_name(dtype), fmt::join(shape, ","), offset, offset + data.size());
    offset += data.size();
  }
  if (header.back() == ',') header.pop_back();
  header += '}';
  header.append((length_bytes - header.size() % length_bytes) % length_bytes, ' ');
  for (std::size_t i = 0; i < length_bytes; ++i) {
    const char byte = static_cast<char>(header.size() >> (8 * i) & 0xff);
    sink.write({&byte, 1});
  }
  sink.write(header);
  for (const Block& block : blocks) sink.write(block.data);
}

}  // namespace

void write_safetensors(Sink& sink, const std::vector<NamedView>& tensors, const Metadata& metadata) {
  write_blocks(sink, blocks_of(tensors), metadata);
}

void write_safetensors_arrays(Sink& sink, const std::vector<NamedArray>& arrays, const Metadata& metadata) {
  write_blocks(sink, blocks_of(arrays), metadata);
}

}  // namespace attn::io
