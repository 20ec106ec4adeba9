#include <attn/cost/quantities.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

using namespace attn::cost;

TEST_CASE("every quantity is computed with the sizes at hand, bytes with the width of a number") {
  Values values;
  for (Count& number : values.numbers) number = 2;
  values[Letter::n] = 10;
  values[Letter::d] = 4;
  values[Letter::k] = 3;
  values[Letter::a] = 3;
  const auto amount = [&](const std::string& key, Layer layer) {
    for (const Quantity& row : quantity_table()) {
      if (key == row.key) return row.amount(layer, values);
    }
    throw std::invalid_argument(key);
  };
  CHECK(amount("operations_order", Layer::convolution).value == 480);  // 3·10·16
  CHECK(amount("core_macs", Layer::self_attention).value == 800);      // 2·100·4
  CHECK(amount("projection_macs", Layer::self_attention).value == 640);  // 4·10·16
  CHECK(amount("macs", Layer::self_attention).value == 1440);
  CHECK(amount("macs", Layer::self_attention).text == "4·n·d² + 2·n²·d");
  CHECK(amount("parameter_bytes", Layer::rnn).value == 64);            // 2·16 numbers of 2 bytes
  CHECK(amount("parameter_bytes", Layer::rnn).text == "2·d²·s");
  CHECK(amount("cache_bytes", Layer::self_attention).value == 160);    // 2·10·4 numbers of 2 bytes
  CHECK(amount("maximum_path", Layer::dilated_convolution).value == 3);  // 3² < 10 ≤ 3³
  CHECK(amount("sequential_operations", Layer::rnn).value == 10);
  CHECK(amount("parallel_width", Layer::rnn).value == 1);
  // 640 + 800 + 2·100 (scale) multiplications
  CHECK(amount("multiplications", Layer::self_attention).value == 1640);
  CHECK(amount("additions", Layer::self_attention).value == 1840);  // 1440 + 2·200
  CHECK(amount("all_operations", Layer::self_attention).value == 1640 + 1840 + 3 * 200);
}
