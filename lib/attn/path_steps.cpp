#include <attn/path_steps.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace attn {
namespace {

// The numbers of the table, of layers and of gradients stay below `room`; a path adds a multiple of it.
constexpr int room = 4096;

// The paths there are, in the order they were first asked for, and the names under them.
class Paths {
 public:
  int number_of(const std::string& path) {
    const std::lock_guard<std::mutex> lock(changing_);
    const auto [place, is_new] = numbers_.try_emplace(path, static_cast<int>(paths_.size()) + 1);
    if (is_new) paths_.push_back(path);
    return place->second;
  }

  std::string_view path(int number) {
    const std::lock_guard<std::mutex> lock(changing_);
    return paths_.at(static_cast<std::size_t>(number) - 1);
  }

  std::string_view name(Step step, int number) {
    const std::lock_guard<std::mutex> lock(changing_);
    const auto [place, is_new] = names_.try_emplace(step);
    if (is_new) place->second = paths_.at(static_cast<std::size_t>(number) - 1) + std::string(name_of(without_path(step)));
    return place->second;
  }

 private:
  std::mutex changing_;
  std::map<std::string, int> numbers_;
  std::deque<std::string> paths_;
  std::map<Step, std::string> names_;
};

Paths& paths() {
  static Paths all;
  return all;
}

int number_of_path(Step step) { return static_cast<int>(step) / room; }

}  // namespace

Step under_path(const std::string& path, Step step) {
  return path.empty() ? step : static_cast<Step>(paths().number_of(path) * room + static_cast<int>(step));
}

std::string_view path_above(Step step) { return number_of_path(step) == 0 ? std::string_view() : paths().path(number_of_path(step)); }

Step without_path(Step step) { return static_cast<Step>(static_cast<int>(step) % room); }

std::string_view name_under_path(Step step) { return paths().name(step, number_of_path(step)); }

}  // namespace attn
