// A value that many hold and nobody changes: a copy shares it.
#pragma once

#include <memory>
#include <utility>

namespace attn {

template <class T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  Shared(T value) : value_(std::make_shared<T>(std::move(value))) {}  // NOLINT: it stands for the value

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace attn
