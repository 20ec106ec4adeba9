// show(x) in a cell: in Jupyter with all its colours, in a plain interpreter as text.
#pragma once

#include <attn/notebook/bundle.hpp>

#if __has_include(<xcpp/xdisplay.hpp>)
#include <attn/notebook/display.hpp>

#include <xcpp/xdisplay.hpp>
#endif

#include <cstdio>
#include <string>

namespace attn::notebook {

inline void show(const Bundle& bundle) {
#if __has_include(<xcpp/xdisplay.hpp>)
  xcpp::display(bundle);
#else
  std::fputs(bundle.text.c_str(), stdout);
#endif
}

inline void show(const TensorView& tensor, const Labels& labels = {}) { show(bundle_of(tensor, labels)); }
inline void show(const std::string& name, const TensorView& tensor, const std::string& axes = {}) { show(bundle_of(tensor, {name, axes, {}, {}})); }
inline void show(const Trace& trace) { show(bundle_of(trace)); }
inline void show(const Difference& found) { show(bundle_of(found)); }
inline void show(const Verification& found) { show(bundle_of(found)); }
inline void show(const render::Table& table) { show(bundle_of(table)); }

/// One line of text.
inline void say(const std::string& line) { std::puts(line.c_str()); }

/// The end of an exercise: says whether an answer is the right one.
inline void check(const char* what, bool right) { std::printf("%s %s\n", right ? "✓" : "✗", what); }

}  // namespace attn::notebook
