#include <attn/shapes/quiz.hpp>
#include <attn/shapes/trace.hpp>

#include <random>

namespace attn::shapes {
namespace {

/// The standard fixes the numbers of this engine but not those of its distributions.
std::size_t draw(std::mt19937_64& engine, std::size_t count) { return static_cast<std::size_t>(engine() % count); }

Exercise make_exercise(std::mt19937_64& engine) {
  static constexpr Impl impls[] = {Impl::torch, Impl::d2l, Impl::linear, Impl::shared_head};
  Exercise exercise;
  exercise.config.impl = impls[draw(engine, 4)];
  exercise.config.heads = 2 + draw(engine, 4);
  exercise.config.d_model = exercise.config.heads * (6 + draw(engine, 5));
  exercise.config.batch_first = true;
  exercise.call.query = {2 + draw(engine, 2), 7 + draw(engine, 4), exercise.config.d_model};
  exercise.call.key = {exercise.call.query[0], 11 + draw(engine, 4), exercise.config.d_model};
  std::vector<ShapeRow> rows;
  for (ShapeRow& row : trace_shapes(exercise.config, exercise.call)) {
    if (row.operation != "input") rows.push_back(std::move(row));
  }
  exercise.row = rows[draw(engine, rows.size())];
  exercise.blank = draw(engine, exercise.row.axes.size());
  exercise.answer = exercise.row.axes[exercise.blank].size;
  return exercise;
}

}  // namespace

std::vector<Exercise> make_quiz(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 engine(seed);
  std::vector<Exercise> exercises;
  for (std::size_t i = 0; i < count; ++i) exercises.push_back(make_exercise(engine));
  return exercises;
}

std::string with_blank(const Exercise& exercise) {
  std::string text = "(";
  for (std::size_t a = 0; a < exercise.row.axes.size(); ++a) {
    text += (a > 0 ? ", " : "") + (a == exercise.blank ? std::string("____") : std::to_string(exercise.row.axes[a].size));
  }
  return text + ")";
}

}  // namespace attn::shapes
