// The text of many rows, made by several threads and written in order.
#pragma once

#include <attn/render/output.hpp>

#include <cstddef>
#include <functional>

namespace attn::render {

/// Appends the text of rows first … last − 1 to `text`. Several calls may run at the same time.
using MakeRows = std::function<void(Buffer& text, std::size_t first, std::size_t last)>;

/// Appends rows 0 … rows − 1 to `text`, each of which takes about `row_size` bytes. Few are made by the calling
/// thread. Many are made in blocks by several threads (`threads`; 0: one for each processor, up to 8), which
/// write one after the other: the text does not depend on their number, and the memory, a buffer for each
/// thread, does not grow with the rows. A wrong `row_size` costs time only.
/// What `make` or the output throws reaches the caller; of the blocks after it nothing is written.
void append_rows(Buffer& text, std::size_t rows, std::size_t row_size, const MakeRows& make, std::size_t threads = 0);

}  // namespace attn::render
