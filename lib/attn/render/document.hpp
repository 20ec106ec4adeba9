// What the document renderers (text, Markdown, LaTeX) print: plain data, filled in by whoever knows what
// the numbers mean. A document does not own its tensors; they must outlive it.
#pragma once

#include <attn/tensor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace attn::render {

/// How the values of a panel are spread over a colour scale, where there is colour.
enum class Shading {
  none,
  unit,       ///< 0 … 1, light to dark: weights
  diverging,  ///< −m … 0 … m, m the largest magnitude shown: scores, projections
};

/// One tensor, printed as matrices: its last two axes are rows and columns.
struct Panel {
  TensorView tensor;
  std::vector<std::string> axes;             ///< letters of shape.hpp, {"B", "H", "Lq", "Lk"}
  std::vector<std::string> row_labels{};     ///< a word for each row (tokens); empty: none
  std::vector<std::string> column_labels{};  ///< a word for each column; empty: none
  Shading shading = Shading::none;
  bool blank = false;  ///< a worksheet: the cells are left for the reader to fill in
};

/// A statement about a result, and whether it held.
struct Check {
  std::string text;
  bool passed = true;
};

/// One step of a computation. Empty fields print nothing.
struct Section {
  int number = 0;          ///< counts from 1; 0: not numbered
  std::string name{};      ///< "scores_raw"
  std::string symbol{};    ///< "S"
  std::string formula{};   ///< "Q·Kᵀ"
  std::string latex{};     ///< "Q K^{\top}", or with its left side "Z = A V"
  std::string instance{};  ///< this run's shapes: "(2, 1, 3, 4) · (2, 1, 4, 5) → (2, 1, 3, 5)"
  std::string meaning{};   ///< one line
  std::optional<Panel> panel{};
  std::string stand_in{};  ///< shown instead of the numbers: "equal to scores_raw, element for element"
  std::vector<std::string> notes{};
  std::vector<Check> checks{};
};

struct Document {
  std::string title{};
  std::vector<std::string> introduction{};  ///< paragraphs
  std::vector<Section> sections{};
  std::vector<std::string> closing{};  ///< paragraphs
  int section_count = 0;               ///< the 8 of "[3/8]"; 0: the number of sections
};

/// The few words renderers print themselves; {shown} and {total} are numbers filled in by the renderer.
struct Words {
  std::string batch = "batch";
  std::string head = "head";
  std::string kv_head = "key/value head";
  std::string list_separator = ", ";
  std::string no_elements = "no elements: an axis has size 0";
  std::string shown_in_part = "shown in part: ";
  std::string some_matrices = "{shown} of {total} matrices";
  std::string some_rows = "{shown} of {total} rows";
  std::string some_columns = "{shown} of {total} columns";
  // Of a page that is opened in a browser.
  std::string language = "English";  ///< its own name, on the switch between languages
  std::string contents = "Contents";
  std::string theme = "light or dark";
  std::string every = "all";              ///< a choice of the selectors
  std::string left_out = "this matrix was left out";
  std::string keyboard_help = "Point at a number, or press Tab and the arrow keys.";
};

/// How much of a large tensor is shown. The middle is left out, the edges stay.
struct Extent {
  bool all = false;  ///< leave nothing out
  std::size_t matrices = 8;
  std::size_t rows = 12;
  std::size_t columns = 12;  ///< text shows fewer where the page is too narrow
};

}  // namespace attn::render
