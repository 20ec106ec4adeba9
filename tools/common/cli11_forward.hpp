// The names of CLI11's classes, for headers that only pass them on. CLI11 itself is one very large header;
// only the files that call it include it.
#pragma once

namespace CLI {
class App;
class Option;
}  // namespace CLI
