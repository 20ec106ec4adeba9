#include "picture.hpp"

#include "choices.hpp"
#include "formats.hpp"

#include <attn/error.hpp>
#include <attn/io/sink.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <sys/wait.h>
#include <unistd.h>

namespace attn::tools {
namespace {

constexpr std::size_t drawing_width = 80, drawing_height = 20;

std::string extension_of(const std::string& path) {
  const std::size_t slash = path.rfind('/'), dot = path.rfind('.');
  return dot == std::string::npos || (slash != std::string::npos && dot < slash) ? "" : path.substr(dot);
}

// A file without a name, which the shell that starts gnuplot inherits as its standard input.
struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

SystemError failed(const std::string& what) { return SystemError("gnuplot", what + ": " + std::strerror(errno)); }

File script_file(const std::string& script) {
  File file(std::tmpfile());
  if (!file || std::fwrite(script.data(), 1, script.size(), file.get()) != script.size() || std::fflush(file.get()) != 0) {
    throw failed("cannot write its script");
  }
  std::rewind(file.get());
  return file;
}

// The labels of a picture, one after the other.
std::string labels_of(const std::vector<render::Plot>& plots) {
  std::string labels;
  for (const render::Plot& plot : plots) {
    labels += plot.title + plot.x_label + plot.y_label;
    for (const render::Curve& curve : plot.curves) labels += curve.title;
  }
  return labels;
}

// Chinese letters without a font that has them are drawn as boxes larger than the picture. An SVG leaves the
// choice of the font to whoever shows it.
void require_font(const std::vector<render::Plot>& plots, const std::string& extension) {
  const std::string labels = labels_of(plots);
  // From U+2E80 on, which is E2 BA 80 in UTF-8.
  const bool chinese = std::any_of(labels.begin(), labels.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xE3; });
  if (!chinese || extension == ".svg") return;
  if (std::system("command -v fc-list >/dev/null 2>&1 && ! fc-list :lang=zh 2>/dev/null | grep -q .") != 0) return;
  throw SystemError("--plot", "this machine has no font with Chinese letters for " + extension +
                                  "; install one (apt install fonts-noto-cjk), draw an .svg, or use --lang en");
}

void require_gnuplot() {
  if (std::system("command -v gnuplot >/dev/null 2>&1") == 0) return;
  throw SystemError("gnuplot", "not found on the PATH; install it (apt install gnuplot-nox) or write the script with --format gnuplot");
}

// The line of the script that says what kind of file is drawn.
std::string terminal_of(const PictureOptions& picture, const OutputOptions& output) {
  if (output.as_script) throw UsageError("--plot", "draws a file, and --format gnuplot prints the script instead; choose one of the two");
  const std::string extension = extension_of(picture.file), terminal = render::gnuplot_terminal(extension);
  if (!terminal.empty()) return terminal;
  throw UsageError("--plot " + picture.file, "expected a name ending in .svg, .png or .pdf, found '" + extension + "'");
}

// What gnuplot draws, as bytes.
std::string drawn(const std::string& script) {
  require_gnuplot();
  const File input = script_file(script);
  const std::string command = "exec gnuplot <&" + std::to_string(fileno(input.get())) + " 2>/dev/null";
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) throw failed("cannot start it");
  std::string bytes;
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) bytes.append(buffer.data(), count);
  const int status = pclose(pipe);
  if (status != 0 || bytes.empty()) {
    throw SystemError("gnuplot", "ended with status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : status) + " and " +
                                     std::to_string(bytes.size()) + " bytes drawn; --format gnuplot prints the script it was given");
  }
  return bytes;
}

}  // namespace

void add_picture_options(CLI::App& app, PictureOptions& picture, OutputOptions& output, Drawings drawings) {
  output.has_picture = true;
  output.has_drawing = drawings != Drawings::none;
  static const std::string group = "Pictures";
  app.add_option("--plot", picture.file, "Draw into FILE.svg, .png or .pdf instead of printing numbers (needs gnuplot)")
      ->type_name("FILE")
      ->group(group);
  if (drawings == Drawings::none) return;
  if (drawings == Drawings::heatmap_and_curves) {
    app.add_flag("--heatmap", picture.heatmap, "Text: draw the matrix with block characters")->group(group);
  }
  app.add_flag("--curves", picture.curves, "Text: draw the curves with Braille dots")->group(group);
}

void check_destination(const PictureOptions& picture, const OutputOptions& output) {
  if (picture.file.empty()) return check_result(output);
  terminal_of(picture, output);
  require_gnuplot();
  io::check_target(picture.file, output.force ? io::Overwrite::yes : io::Overwrite::no);
}

bool write_picture(const std::vector<render::Plot>& plots, const PictureOptions& picture, const OutputOptions& output) {
  if (picture.file.empty()) {
    if (output.as_script) write_text_result(render::gnuplot_script(plots), output);
    return output.as_script;
  }
  const std::string terminal = terminal_of(picture, output);
  require_font(plots, extension_of(picture.file));
  const auto sink = io::open_sink(picture.file, output.force ? io::Overwrite::yes : io::Overwrite::no);
  sink->write(drawn(render::gnuplot_script(plots, terminal)));
  sink->finish();
  return true;
}

std::string drawings_of(const std::vector<render::Plot>& plots, const PictureOptions& picture, const OutputOptions& output) {
  std::string text;
  for (const render::Plot& plot : plots) {
    if (!plot.matrix.empty() && picture.heatmap) {
      text += plot.title + "\n" + render::terminal_heatmap(plot.matrix.front(), drawing_width, drawing_height * 2, wants_colour(output));
    }
    if (!plot.curves.empty() && picture.curves) text += render::terminal_curves(plot, drawing_width, drawing_height, wants_colour(output));
  }
  return text;
}

}  // namespace attn::tools
