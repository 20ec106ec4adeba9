// What every test of a part of the catalogue asks of it.
#pragma once

#include "verify/loops.hpp"

#include <attn/verify/mistakes.hpp>

#include <doctest/doctest.h>

#include <string>

namespace loops {

/// The rows of `table` with that id and variant (a variant may have a row for every step it acts on).
inline std::vector<const attn::Mistake*> rows_of(const std::vector<attn::Mistake>& table, const std::string& id, const std::string& variant) {
  std::vector<const attn::Mistake*> rows;
  for (const attn::Mistake& mistake : table) {
    if (mistake.id == id && mistake.variant == variant) rows.push_back(&mistake);
  }
  return rows;
}

/// The table's own run of each planted mistake has every tensor of the planted program.
template <class PlantedMistake>
void check_rows_compute(const std::vector<attn::Mistake>& table, const std::vector<PlantedMistake>& planted, bool fitted = false) {
  for (const PlantedMistake& mistake : planted) {
    CAPTURE(mistake.id);
    CAPTURE(mistake.variant);
    const Problem<double> problem = problem_of(mistake.made_in());
    const Tensors expected = mistake.program().run();
    const auto rows = rows_of(table, mistake.id, mistake.variant);
    REQUIRE_FALSE(rows.empty());
    bool reproduced = false;
    for (const attn::Mistake* row : rows) {
      attn::MistakenRun run(problem, {row}, fitted ? &expected : nullptr);
      bool same = true;
      for (const auto& [step, tensor] : expected) same = same && agree(tensor, run.shown(step));
      reproduced = reproduced || (same && run.applied());
    }
    CHECK(reproduced);
  }
}

/// Whether no row of that id and variant can be made in a run.
inline bool impossible(const std::vector<attn::Mistake>& table, const std::string& id, const std::string& variant, const Case& given) {
  const Problem<double> problem = problem_of(given);
  const auto rows = rows_of(table, id, variant);
  if (rows.empty()) return false;
  for (const attn::Mistake* row : rows) {
    attn::MistakenRun run(problem, {row});
    for (const Step step : problem.steps) run.shown(step);
    if (run.applied()) return false;
  }
  return true;
}

}  // namespace loops
