// How wide a page of text is: as wide as the terminal, or the same everywhere.
#pragma once

#include "output_options.hpp"

#include <cstddef>

namespace attn::tools {

/// The columns of standard output, from 40 to 160: of the terminal if it is one, else of the environment
/// variable COLUMNS if that is a number, else 100.
std::size_t width_of_standard_output();

/// The columns of the page that the options ask for: --width, else those of standard output. A file given
/// with --output is 100 columns wide whatever the terminal.
std::size_t page_width(const OutputOptions& options);

}  // namespace attn::tools
