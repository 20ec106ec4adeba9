// A whole directory is read by the tests of the tool and of the trained model; here what is refused.
#include <attn/model/directory.hpp>

#include "model_testing.hpp"

#include <filesystem>

using namespace attn;

namespace {

const std::string trained = ATTNSCOPE_REFERENCE_DIR "/../../data/models/zh-en-numbers";

}  // namespace

TEST_CASE("the trained model of this project is read in both precisions") {
  const Model<double> model = read_model<double>(trained);
  CHECK(model.config.family == Family::encoder_decoder);
  CHECK(model.weights.decoder->layers.size() == 2);
  CHECK(model.source->encode("三百") == std::vector<std::size_t>{6, 14});
  CHECK(model.target->size() == 41);
  const Model<float> rounded = read_model<float>(trained);
  CHECK(static_cast<double>((*rounded.weights.w_out)(3, 4)) == (*model.weights.w_out)(3, 4));
}

TEST_CASE("the configuration can be read alone, from the map if that brings one") {
  CHECK(read_model_config(trained).sizes.width == 64);
  CHECK(read_model_config("/nowhere", ATTNSCOPE_REFERENCE_DIR "/models/gpt2/names.json").sizes.width == 8);
}

TEST_CASE("a directory that lacks a file is refused with the file's name") {
  CHECK(contains(error_of([] { read_model<double>("/nowhere"); }), "system: /nowhere/config.json: "));
  CHECK(contains(error_of([] { read_model<double>(trained, "/nowhere/names.json"); }), "system: /nowhere/names.json: "));
}
