// Pictures of results: files drawn by gnuplot, its script, and drawings on a terminal.
#pragma once

#include "output_options.hpp"

#include <attn/render/plot.hpp>

#include <string>
#include <vector>

namespace attn::tools {

struct PictureOptions {
  std::string file;      ///< --plot
  bool heatmap = false;  ///< text: draw the matrix with blocks
  bool curves = false;   ///< text: draw the curves with Braille dots
};

/// What a subcommand can draw with characters in its text.
enum class Drawings { none, curves, heatmap_and_curves };

/// --plot, and --heatmap and --curves where there is something for them to draw. Tells `output`, whose options are
/// added afterwards, that there is a picture (--format gnuplot) and whether text can hold a drawing (--color).
void add_picture_options(CLI::App& app, PictureOptions& picture, OutputOptions& output, Drawings drawings);

/// Throws, before something that takes long, what write_picture, or writing the numbers to --output, would throw for
/// the place, the format or a gnuplot that is missing.
void check_destination(const PictureOptions& picture, const OutputOptions& output);

/// True if a picture was asked for instead of the numbers: --plot FILE (drawn by gnuplot) or
/// --format gnuplot. It has been written then. Throws UsageError for an extension that is none of
/// .svg, .png, .pdf; SystemError if gnuplot is missing or fails.
bool write_picture(const std::vector<render::Plot>& plots, const PictureOptions& picture, const OutputOptions& output);

/// What --heatmap and --curves add to the text: of the plots that are matrices, and of those that are curves.
std::string drawings_of(const std::vector<render::Plot>& plots, const PictureOptions& picture, const OutputOptions& output);

}  // namespace attn::tools
