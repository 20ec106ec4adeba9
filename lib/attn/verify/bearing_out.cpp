#include <attn/verify/bearing_out.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace attn {
namespace {

using Mistakes = std::vector<const Mistake*>;

Mistakes rows_of(const std::string& id, const std::string& variant) {
  Mistakes rows = mistakes_of(id);
  rows.erase(std::remove_if(rows.begin(), rows.end(), [&](const Mistake* row) { return row->variant != variant; }), rows.end());
  return rows;
}

// Every way to make what a diagnosis says, one mistake or a pair.
std::vector<Mistakes> readings_of(const Diagnosis& diagnosis, const std::vector<Diagnosis>& all) {
  std::vector<Mistakes> readings;
  for (const Mistake* row : rows_of(diagnosis.id, diagnosis.variant)) {
    if (diagnosis.with.empty()) readings.push_back({row});
    for (const Diagnosis& other : all) {
      if (diagnosis.with != other.id || other.with != diagnosis.id) continue;
      for (const Mistake* second : rows_of(other.id, other.variant)) readings.push_back({row, second});
    }
  }
  return readings;
}

// A slice that was not walked to the end does not show whether the result is kept.
bool is_convention(const Mistakes& mistakes) { return mistakes.size() == 1 && mistakes.front()->convention; }

class BearingOut {
 public:
  explicit BearingOut(const Confirmation& whole) : whole_(whole) {}

  void add(const Diagnosis& diagnosis, const std::vector<Diagnosis>& all) {
    Borne best{diagnosis, Extent::nothing};
    for (const Mistakes& mistakes : readings_of(diagnosis, all)) {
      const Extent extent = extent_of(mistakes);
      if (extent <= best.extent) continue;
      best.extent = extent;
      best.diagnosis.convention = is_convention(mistakes) && (read_cells(mistakes) || (extent == Extent::rest && whole_.keep_result(mistakes)));
      if (extent == Extent::rest) break;
    }
    if (best.extent != Extent::nothing) borne_.push_back(best);
  }

  bool empty() const { return borne_.empty(); }

  bool names(const std::string& id) const {
    return std::any_of(borne_.begin(), borne_.end(), [&](const Borne& borne) { return borne.diagnosis.id == id; });
  }

  /// The first mistakes that give all of theirs.
  const std::optional<Mistakes>& held() const { return held_; }

  Explained result() const {
    Explained explained;
    // That only padding differs excuses no mistake that shows there.
    const bool by_padding_alone = held_ && std::all_of(borne_.begin(), borne_.end(), [](const Borne& borne) { return borne.extent != Extent::rest || borne.diagnosis.id == "M17"; });
    explained.rest = held_.has_value();
    for (const Borne& borne : borne_) {
      if (!explained.rest || by_padding_alone || borne.extent == Extent::rest) explained.diagnosis.push_back(borne.diagnosis);
    }
    if (by_padding_alone && explained.diagnosis.size() > 1) explained.rest = false;
    add_precision_of_softmax(explained.diagnosis);
    return explained;
  }

 private:
  struct Borne {
    Diagnosis diagnosis;
    Extent extent;
  };

  Extent extent_of(const Mistakes& mistakes) {
    if (held_in_parts_ && whole_.are_one(*held_in_parts_, mistakes)) return Extent::rest;
    const Extent in_parts = whole_.in_parts(mistakes);
    if (in_parts == Extent::rest && !held_in_parts_) held_in_parts_ = mistakes;
    const bool told = in_parts != Extent::nothing || !whole_.only_whole_can_tell(mistakes);
    const Extent extent = told ? in_parts : whole_.in_whole(mistakes);
    if (extent == Extent::rest && !held_) held_ = mistakes;
    return extent;
  }

  const Confirmation& whole_;
  std::vector<Borne> borne_;
  std::optional<Mistakes> held_, held_in_parts_;
};

}  // namespace

Explained borne_out(const Explained& of_slice, const Confirmation& whole, const Ties& ties) {
  const std::vector<Diagnosis>& found = of_slice.diagnosis;
  BearingOut bearing_out(whole);
  for (const Diagnosis& diagnosis : found) bearing_out.add(diagnosis, found);
  if (bearing_out.empty()) {
    for (const Diagnosis& diagnosis : of_slice.last_resort) bearing_out.add(diagnosis, of_slice.last_resort);
  }
  if (!bearing_out.held()) return bearing_out.result();
  const std::vector<Diagnosis> tied = ties(*bearing_out.held());
  for (const Diagnosis& tie : tied) {
    const bool tried = std::any_of(found.begin(), found.end(), [&](const Diagnosis& other) { return other.id == tie.id && other.variant == tie.variant; });
    if (!tried && !bearing_out.names(tie.id)) bearing_out.add(tie, tied);
  }
  return bearing_out.result();
}

}  // namespace attn
