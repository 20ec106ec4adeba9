#include <attn/error.hpp>
#include <attn/io/block.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npy_header.hpp>

#include <fmt/format.h>

namespace attn::io {

Array read_npy(const Bytes& file, const std::string& subject, const MemoryLimit& limit) {
  NpyHeader header = parse_npy_header(file.text(), subject);
  const std::size_t expected = declared_bytes(header.dtype, header.shape, subject);
  const std::size_t found = file.size - header.data_offset;
  if (found != expected) {
    throw InputError(subject,
                     fmt::format("declares shape {} of {}, which takes {} bytes, but {} follow the header",
                                 to_string(header.shape), name_of(header.dtype), expected, found));
  }
  limit.check(subject, expected);
  Array array{header.dtype, std::move(header.shape), file.slice(header.data_offset, expected),
              header.byte_order, header.layout};
  require_booleans(array, subject);
  return array;
}

void write_npy(Sink& sink, const TensorView& tensor) {
  sink.write(format_npy_header(dtype_of(tensor.precision()), tensor.shape()));
  sink.write({static_cast<const char*>(tensor.data()), tensor.bytes()});
}

void write_npy(Sink& sink, const Array& array) {
  const Block block = blocks_of({{"", array}}).front();
  sink.write(format_npy_header(block.dtype, block.shape));
  sink.write(block.data);
}

}  // namespace attn::io
