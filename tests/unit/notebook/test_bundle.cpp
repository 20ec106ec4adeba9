#include <attn/notebook/display.hpp>

#include <attn/ops/dot_product.hpp>

#include <doctest/doctest.h>

using namespace attn;
using namespace attn::notebook;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Two keys, scores 0 and log 3: weights 1/4 and 3/4, output 1/4·4 + 3/4·8 = 7 and 0.
DotProductSteps<double> small_run() {
  AttentionOptions<double> options;
  options.scale = 1.0;
  const Tensor<double> q = {{1.0, 0.0}}, k = {{0.0, 0.0}, {1.0986122886681098, 0.0}}, v = {{4.0, 0.0}, {8.0, 0.0}};
  return dot_product_attention(q, k, v, 1, 1, options);
}

}  // namespace

TEST_CASE("a tensor is text, a shaded table and LaTeX") {
  const Tensor<double> weights = {{0.25, 0.75}};
  const Bundle bundle = bundle_of(weights, {"weights", "Lq, Lk", {"cat"}, {"sat", "<b>"}});
  CHECK(holds(bundle.text, "0.2500  0.7500"));
  CHECK(holds(bundle.html, "<td class=u3 data-v=0.25>0.2500"));
  CHECK(holds(bundle.html, "<b>cat</b>"));
  CHECK(holds(bundle.html, "<b>&lt;b&gt;</b>"));
  CHECK(holds(bundle.html, "(Lq, Lk) = (1, 2)"));
  CHECK(holds(bundle.latex, "0.2500 & 0.7500"));
}

TEST_CASE("HTML has its style with it, and asks nothing of a network or a script") {
  const Tensor<double> tensor = {{-1.0, 2.0}};
  const std::string html = bundle_of(tensor).html;
  CHECK(html.rfind("<style>", 0) == 0);
  CHECK(holds(html, "prefers-color-scheme: dark"));
  for (const char* elsewhere : {"http", "<script", "@import", "url("}) CHECK_FALSE(holds(html, elsewhere));
}

TEST_CASE("the steps of a trace fold, in the order of the computation") {
  const DotProductSteps<double> run = small_run();
  Trace trace;
  trace.sizes = run.attention.sizes;
  append_to(trace, run);
  const Bundle bundle = bundle_of(trace);
  CHECK(holds(bundle.html, "<details open><summary><code>q</code>"));
  CHECK(bundle.html.find("<code>scores_raw</code>") < bundle.html.find("<code>weights</code>"));
  CHECK(bundle.text.find("scores_raw") < bundle.text.find("weights"));
  CHECK(holds(bundle.html, ">7"));
}

TEST_CASE("a comparison says how far apart two tensors are") {
  const Tensor<double> ours = {1.0, 2.0}, theirs = {1.0, 2.5};
  const Bundle bundle = bundle_of(compare(ours, theirs, {}));
  CHECK(holds(bundle.text, "mismatch"));
  CHECK(holds(bundle.html, "<td class=right>0.5</td>"));
}

TEST_CASE("a verification names the first wrong step and the mistake") {
  Problem<double> problem;
  problem.inputs = {{Step::q, {{{{1.0, 0.0}}}}}, {Step::k, {{{{0.0, 0.0}, {1.0, 0.0}}}}}, {Step::v, {{{{4.0, 0.0}, {8.0, 0.0}}}}}};
  problem.steps = {Step::scores_raw, Step::scores_scaled, Step::scores_masked, Step::weights, Step::heads, Step::output};
  problem.output_shape = {1, 1, 1, 2};
  problem.sizes = attention_sizes(problem.inputs.at(Step::q), problem.inputs.at(Step::k), problem.inputs.at(Step::v), problem.options.attention);
  Submission theirs;
  theirs.tensors.emplace(Step::scores_raw, Tensor<double>({{{{0.0, 1.0}}}}));
  theirs.tensors.emplace(Step::scores_scaled, Tensor<double>({{{{0.0, 1.0}}}}));  // not divided by √2
  const Bundle bundle = bundle_of(verify(problem, theirs, {}));
  CHECK(holds(bundle.text, "first wrong step: scores_scaled"));
  CHECK(holds(bundle.html, "<b>mismatch</b>"));
}

TEST_CASE("Jupyter gets every form of a result under its media type") {
  const Tensor<double> tensor = filled<double>({1, 1}, 0.5);
  const nlohmann::json bundle = mime_bundle_repr(tensor);
  CHECK(bundle.size() == 3);
  for (const char* type : {"text/plain", "text/html", "text/latex"}) CHECK(bundle.contains(type));
  render::Table table;
  table.columns = {{"name"}};
  table.rows = {{std::string("a")}};
  CHECK(holds(mime_bundle_repr(table).at("text/html").get<std::string>(), "<td>a</td>"));
}
