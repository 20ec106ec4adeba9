// How Jupyter shows the results of this library: xeus-cling and xeus-cpp call mime_bundle_repr on what a cell
// ends with. The one header that needs nlohmann-json.
#pragma once

#include <attn/notebook/bundle.hpp>

#include <nlohmann/json.hpp>

#include <string>

namespace attn::notebook {

inline nlohmann::json mime_bundle_repr(const Bundle& bundle) {
  return {{"text/plain", bundle.text}, {"text/html", bundle.html}, {"text/latex", bundle.latex}};
}

}  // namespace attn::notebook

namespace attn {

inline nlohmann::json mime_bundle_repr(const Trace& trace) { return mime_bundle_repr(notebook::bundle_of(trace)); }
inline nlohmann::json mime_bundle_repr(const Difference& found) { return mime_bundle_repr(notebook::bundle_of(found)); }
inline nlohmann::json mime_bundle_repr(const Verification& found) { return mime_bundle_repr(notebook::bundle_of(found)); }

}  // namespace attn

namespace attn::render {

inline nlohmann::json mime_bundle_repr(const Table& table) { return mime_bundle_repr(notebook::bundle_of(table)); }

}  // namespace attn::render

// A tensor is a type of xtensor, and is looked for there.
namespace xt {

inline nlohmann::json mime_bundle_repr(const attn::Tensor<double>& tensor) { return mime_bundle_repr(attn::notebook::bundle_of(tensor)); }
inline nlohmann::json mime_bundle_repr(const attn::Tensor<float>& tensor) { return mime_bundle_repr(attn::notebook::bundle_of(tensor)); }

}  // namespace xt
