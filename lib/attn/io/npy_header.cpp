#include <attn/error.hpp>
#include <attn/io/names.hpp>
#include <attn/io/npy_header.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace attn::io {
namespace {

constexpr std::string_view magic = "\x93NUMPY";

// The few Python literals that NumPy writes: strings without escapes, True and False, tuples of sizes.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, const std::string& subject) : text_(text), subject_(subject) {}

  [[noreturn]] void refuse(const std::string& expected) const {
    throw InputError(
        subject_,
        fmt::format("malformed NPY header: expected {} at byte {} of the dictionary, found {}", expected, at_,
                    at_ < text_.size() ? in_quotes(text_.substr(at_, 12)) : "its end"));
  }

  bool accept(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) refuse(fmt::format("'{}'", c));
  }

  std::string_view string() {
    skip_spaces();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') refuse("a string");
    const std::size_t end = text_.find(quote, at_ + 1);
    const std::string_view value = text_.substr(at_ + 1, end - at_ - 1);
    if (end == std::string_view::npos || value.find('\\') != std::string_view::npos) refuse("a plain string");
    at_ = end + 1;
    return value;
  }

  bool boolean() {
    skip_spaces();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return word == "True";
    }
    refuse("True or False");
  }

  Shape shape() {
    Shape sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(size());
      if (accept(',')) continue;
      // "(3)" is a number in Python, not a tuple.
      if (sizes.size() == 1) refuse("','");
      expect(')');
      break;
    }
    return sizes;
  }

  // A structured type is a list of fields, which is as far as it needs to be read.
  bool at_list() {
    skip_spaces();
    return at_ < text_.size() && text_[at_] == '[';
  }

  void expect_end() {
    skip_spaces();
    if (at_ < text_.size()) refuse("nothing more");
  }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  std::size_t size() {
    skip_spaces();
    std::size_t value = 0;
    const char* end = text_.data() + text_.size();
    const auto parsed = std::from_chars(text_.data() + at_, end, value);
    if (parsed.ec == std::errc::result_out_of_range) refuse("a size below 2^64");
    if (parsed.ec != std::errc{}) refuse("a size");
    // 010 is no number in Python 3, and was eight in Python 2.
    if (text_[at_] == '0' && parsed.ptr - text_.data() > static_cast<std::ptrdiff_t>(at_) + 1) refuse("a size without a leading zero");
    at_ = static_cast<std::size_t>(parsed.ptr - text_.data());
    // Python 2 wrote long integers as 3L.
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;
    return value;
  }

  std::string_view text_;
  const std::string& subject_;
  std::size_t at_ = 0;
};

struct TypeRow {
  std::string_view code;
  DType dtype;
};
constexpr TypeRow type_rows[] = {
    {"f8", DType::float64}, {"f4", DType::float32}, {"f2", DType::float16}, {"i8", DType::int64},
    {"i4", DType::int32},   {"i2", DType::int16},   {"i1", DType::int8},    {"u8", DType::uint64},
    {"u4", DType::uint32},  {"u2", DType::uint16},  {"u1", DType::uint8},   {"b1", DType::boolean},
};

// What NumPy calls the element types that are refused, by their letter.
std::string_view refused_type(char letter) {
  switch (letter) {
    case 'O':
      return "Python objects";
    case 'c':
      return "complex numbers";
    case 'S':
    case 'a':
      return "byte strings";
    case 'U':
      return "text";
    case 'M':
      return "dates";
    case 'm':
      return "time differences";
    case 'V':
      return "raw bytes or structures";
    default:
      return "an unknown or unsupported element type";
  }
}

void set_type(NpyHeader& header, std::string_view descr, const std::string& subject) {
  if (descr == "bfloat16") {
    header.dtype = DType::bfloat16;
    return;
  }
  const bool has_order =
      !descr.empty() && std::string_view("<>|=").find(descr.front()) != std::string_view::npos;
  const std::string_view code = descr.substr(has_order ? 1 : 0);
  for (const TypeRow& row : type_rows) {
    // Only a single byte has no byte order.
    if (!has_order || row.code != code || (descr.front() == '|' && size_of(row.dtype) > 1)) continue;
    header.dtype = row.dtype;
    header.byte_order = descr.front() == '>' ? ByteOrder::big : ByteOrder::little;
    return;
  }
  if (code == "V2") {
    throw InputError(subject,
                     "has element type " + in_quotes(descr) +
                         ", two raw bytes: bfloat16 is saved so, and other types too; save it as float32, or "
                         "as safetensors, which names the type");
  }
  throw InputError(subject, fmt::format("has element type {} ({}); expected real numbers or booleans",
                                        in_quotes(descr), refused_type(code.empty() ? '\0' : code.front())));
}

// The text of the dictionary, where it lies in the file.
std::string_view dictionary_of(std::string_view file, const std::string& subject) {
  if (file.substr(0, magic.size()) != magic)
    throw InputError(subject, "is not an NPY file: it does not begin with \\x93NUMPY");
  if (file.size() < magic.size() + 2) throw InputError(subject, "ends inside the NPY header");
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(file[i]));
  };
  const std::size_t major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0) {
    throw InputError(subject,
                     fmt::format("is NPY version {}.{}; versions 1.0, 2.0 and 3.0 are known", major, minor));
  }
  const std::size_t begin = major == 1 ? 10 : 12;
  if (file.size() < begin) throw InputError(subject, "ends inside the NPY header");
  std::size_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > file.size() - begin) {
    throw InputError(subject, fmt::format("declares an NPY header of {} bytes, but only {} follow", length,
                                          file.size() - begin));
  }
  return file.substr(begin, length);
}

}  // namespace

NpyHeader parse_npy_header(std::string_view file, const std::string& subject) {
  const std::string_view dictionary = dictionary_of(file, subject);
  LiteralParser parser(dictionary, subject);
  NpyHeader header;
  header.data_offset = static_cast<std::size_t>(dictionary.data() - file.data()) + dictionary.size();
  std::optional<std::string_view> descr;
  bool has_order = false, has_shape = false;
  parser.expect('{');
  while (!parser.accept('}')) {
    const std::string_view key = parser.string();
    parser.expect(':');
    if (key == "descr" && !descr) {
      if (parser.at_list())
        throw InputError(subject, "has a structured element type; expected plain numbers or booleans");
      descr = parser.string();
    } else if (key == "fortran_order" && !has_order) {
      header.layout = parser.boolean() ? Layout::column_major : Layout::row_major;
      has_order = true;
    } else if (key == "shape" && !has_shape) {
      header.shape = parser.shape();
      has_shape = true;
    } else {
      throw InputError(subject, "malformed NPY header: unexpected or repeated key " + in_quotes(key));
    }
    if (!parser.accept(',')) {
      parser.expect('}');
      break;
    }
  }
  parser.expect_end();
  if (!descr) throw InputError(subject, "malformed NPY header: no key 'descr'");
  if (!has_order) throw InputError(subject, "malformed NPY header: no key 'fortran_order'");
  if (!has_shape) throw InputError(subject, "malformed NPY header: no key 'shape'");
  set_type(header, *descr, subject);
  return header;
}

std::string format_npy_header(DType dtype, const Shape& shape) {
  constexpr std::size_t alignment = 64, fixed = 10;
  const auto row = std::find_if(std::begin(type_rows), std::end(type_rows), [dtype](const TypeRow& r) { return r.dtype == dtype; });
  if (row == std::end(type_rows)) throw std::invalid_argument("NPY has no element type for " + std::string(name_of(dtype)));
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': {}, }}",
                                 size_of(dtype) == 1 ? '|' : '<', row->code, to_string(shape));
  const std::size_t unpadded = fixed + text.size() + 1;
  text.append((alignment - unpadded % alignment) % alignment, ' ');
  text += '\n';
  std::string header(magic);
  header += {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace attn::io
