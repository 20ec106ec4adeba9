#include <attn/weights/names.hpp>

#include <attn/error.hpp>

#include <algorithm>

namespace attn {
namespace {

bool contains(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_indispensable(const LayoutInfo& layout, const Names& names) {
  return std::all_of(layout.rows.begin(), layout.rows.end(), [&names](const LayoutRow& row) {
    return row.presence != Presence::always || contains(names, row.name);
  });
}

bool knows_all(const LayoutInfo& layout, const Names& names) {
  return std::all_of(names.begin(), names.end(), [&layout](const std::string& name) {
    return std::any_of(layout.rows.begin(), layout.rows.end(),
                       [&name](const LayoutRow& row) { return row.name == name; });
  });
}

std::string listed(const Names& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list.empty() ? "nothing" : list;
}

/// Why a row's tensor belongs to the module or not, in the words of the constructor.
std::string reason(Presence presence) {
  switch (presence) {
    case Presence::always:
      return "";
    case Presence::with_bias:
      return " (there with bias)";
    case Presence::with_bias_kv:
      return " (there with bias_kv)";
    case Presence::equal_widths:
      return " (there when queries, keys and values are equally wide)";
    case Presence::different_widths:
      return " (there when keys or values have a width of their own)";
  }
  return "";
}

const LayoutRow* find_row(const LayoutInfo& layout, std::string_view name) {
  for (const LayoutRow& row : layout.rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

[[noreturn]] void refuse(const LayoutInfo& layout, const Names& names, const std::string& subject,
                         const std::string& problem) {
  std::string message = problem + " of layout " + std::string(layout.name) + "; found " + listed(names);
  const LayoutInfo* const other = layout_with_names(names);
  if (other != nullptr && other != &layout) {
    message += "; these are the names of layout " + std::string(other->name);
  }
  throw InputError(subject, message);
}

}  // namespace

const LayoutInfo* layout_with_names(const Names& names) {
  const auto fits = [&names](const LayoutInfo& layout) {
    return has_indispensable(layout, names) && knows_all(layout, names);
  };
  for (const LayoutInfo* layout : all_layouts()) {
    if (fits(*layout)) return layout;
  }
  return nullptr;
}

void require_tensors(const LayoutInfo& layout, const Names& names, const std::string& subject) {
  for (const LayoutRow& row : layout.rows) {
    if (row.presence == Presence::always && !contains(names, row.name)) {
      refuse(layout, names, subject, "lacks tensor " + std::string(row.name));
    }
  }
}

void require_exact_tensors(const LayoutInfo& layout, const MultiheadShape& shape, const Names& names,
                           const std::string& subject) {
  require_tensors(layout, names, subject);
  Names expected;
  for (const ExpectedTensor& tensor : expected_tensors(layout, shape)) {
    expected.emplace_back(tensor.row->name);
    if (!contains(names, tensor.row->name)) {
      refuse(layout, names, subject,
             "lacks tensor " + std::string(tensor.row->name) + reason(tensor.row->presence));
    }
  }
  for (auto name = names.begin(); name != names.end(); ++name) {
    if (std::find(names.begin(), name, *name) != name) {
      refuse(layout, names, subject, "has tensor " + *name + " twice");
    }
    if (contains(expected, *name)) continue;
    const LayoutRow* const row = find_row(layout, *name);
    refuse(layout, names, subject,
           "has tensor " + *name + (row != nullptr ? reason(row->presence) : "") + ", which is not one of " +
               listed(expected));
  }
}

}  // namespace attn
