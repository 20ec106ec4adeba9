// A value that many hold and nobody changes: a copy shares it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace attn {

template <class T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  Shared(T value) : later_(std::make_shared<Later>(std::move(value))) {}  // NOLINT: it stands for the value

  /// A value that is made when it is first read, by whichever thread; all copies share that, too.
  static Shared made_by(std::function<T()> make) { return Shared(std::make_shared<Later>(std::move(make))); }

  const T& operator*() const { return later_->get(); }
  const T* operator->() const { return &later_->get(); }

 private:
  class Later {
   public:
    explicit Later(T value) : value_(std::move(value)) {}
    explicit Later(std::function<T()> make) : make_(std::move(make)) {}

    const T& get() {
      std::call_once(once_, [this] {
        if (!value_) value_ = make_();
        make_ = {};
      });
      return *value_;
    }

   private:
    std::once_flag once_;
    std::function<T()> make_;
    std::optional<T> value_;
  };

  explicit Shared(std::shared_ptr<Later> later) : later_(std::move(later)) {}

  std::shared_ptr<Later> later_;
};

}  // namespace attn
