#include "mask_report.hpp"

#include "../common/formats.hpp"
#include "../common/page_report.hpp"
#include "report.hpp"

#include <attn/io/array.hpp>
#include <attn/io/npy.hpp>
#include <attn/io/npz.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/lessons/words.hpp>
#include <attn/render/csv.hpp>
#include <attn/render/latex.hpp>
#include <attn/render/markdown.hpp>
#include <attn/render/text.hpp>
#include <attn/steps.hpp>

namespace attn::tools {
namespace {

using shapes::MaskApi;
using shapes::MaskValues;

io::Array typed_array(const MaskApi& api, const MaskValues& mask) {
  const std::vector<double>& values = mask.values;
  if (api.dtype == DType::boolean) return io::make_array(std::vector<std::uint8_t>(values.begin(), values.end()), mask.shape);
  if (api.dtype == DType::int64) return io::make_array(std::vector<std::int64_t>(values.begin(), values.end()), mask.shape);
  const std::vector<float> rounded(values.begin(), values.end());
  return {DType::float32, mask.shape, io::make_bytes(rounded), io::ByteOrder::little, io::Layout::row_major};
}

Tensor<double> tensor_of(const MaskValues& mask) {
  Tensor<double> tensor = empty<double>(mask.shape);
  std::copy(mask.values.begin(), mask.values.end(), tensor.data());
  return tensor;
}

/// The values nested as deeply as the mask has axes, from axis `axis` on; `next` is the first value.
render::Json nested_truth(const MaskValues& mask, std::size_t axis, std::size_t& next) {
  if (axis == mask.shape.size()) return mask.values[next++] != 0;
  render::JsonArray array;
  for (std::size_t i = 0; i < mask.shape[axis]; ++i) array.push_back(nested_truth(mask, axis + 1, next));
  return array;
}

void write_json_mask(render::Output& output, const MaskApi& from, const MaskApi& to, const MaskValues& mask) {
  const render::JsonObject header = {{"tool", "mha-shapes masks"}, {"from", from.name}, {"to", to.name}};
  render::JsonArray axes;
  for (const std::string& axis : split_axes(to.axes)) axes.emplace_back(axis);
  render::JsonObject members = {{"step", name_of(Step::mask)}, {"axes", std::move(axes)}, {"shape", render::json_of(mask.shape)}, {"dtype", name_of(to.dtype)}};
  if (to.dtype == DType::boolean) {
    std::size_t next = 0;
    members.emplace_back("values", nested_truth(mask, 0, next));
    render::JsonObject whole = header;
    whole.emplace_back("steps", render::JsonArray{members});
    render::write_json(output, whole);
    return;
  }
  const Tensor<double> tensor = tensor_of(mask);
  render::JsonTrace json(output, header);
  json.add(members, tensor);
  json.finish();
}

template <class Style>
Style style_of(const OutputOptions& options) {
  Style style;
  style.decimals = 0;
  style.words = lessons::words(options.language);
  return style;
}

render::Document document_of(const MaskApi& from, const MaskApi& to, const Tensor<double>& tensor, lessons::Language language) {
  render::Document document;
  document.title = say(language, "masks.converted", {{"found", std::string(from.name)}, {"right", std::string(to.name)}});
  render::Section section{0, std::string(name_of(Step::mask)), "", std::string(to.argument)};
  section.panel = render::Panel{tensor, split_axes(to.axes), {}, {}, render::Shading::none, false};
  document.sections = {section};
  return document;
}

void write_document(const std::string& format, render::Output& output, const MaskApi& from, const MaskApi& to, const MaskValues& mask,
                    const OutputOptions& options) {
  const Tensor<double> tensor = tensor_of(mask);
  const auto make = [&]() { return document_of(from, to, tensor, options.language); };
  if (format == "html") return write_page(output, [&]() { return PageText{make().title, render::page_blocks(make())}; }, options);
  const render::Document document = make();
  if (format == "markdown") return render::write_markdown(output, document, style_of<render::MarkdownStyle>(options));
  if (format == "latex") return render::write_latex(output, document, style_of<render::LatexStyle>(options));
  render::TextStyle style = style_of<render::TextStyle>(options);
  style.color = wants_colour(options);
  render::write_text(output, document, style);
}

}  // namespace

void write_mask(const MaskApi& from, const MaskApi& to, const MaskValues& mask, const OutputOptions& options) {
  const std::string format = chosen_format(options).name, name(name_of(Step::mask));
  const auto sink = open_result(options);
  SinkOutput output(*sink);
  if (format == "npy") {
    io::write_npy(*sink, typed_array(to, mask));
  } else if (format == "npz") {
    io::write_npz_arrays(*sink, {{name, typed_array(to, mask)}});
  } else if (format == "safetensors") {
    io::write_safetensors_arrays(*sink, {{name, typed_array(to, mask)}});
  } else if (format == "json") {
    write_json_mask(output, from, to, mask);
  } else if (format == "csv") {
    const Tensor<double> tensor = tensor_of(mask);
    render::TidyCsv csv(output);
    csv.add(name, split_axes(to.axes), tensor);
    csv.finish();
  } else {
    write_document(format, output, from, to, mask, options);
  }
  sink->finish();
}

}  // namespace attn::tools
