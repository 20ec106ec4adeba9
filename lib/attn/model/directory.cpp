#include <attn/model/directory.hpp>

#include <attn/error.hpp>
#include <attn/io/file.hpp>
#include <attn/io/safetensors.hpp>
#include <attn/model/names.hpp>
#include <attn/model/unpack.hpp>

#include <filesystem>

namespace attn {
namespace {

std::string path_in(const std::string& directory, const std::string& file) {
  return (std::filesystem::path(directory) / file).string();
}

io::Bytes load(const std::string& path, const io::MemoryLimit& limit = {}) { return io::load_file(path, path, limit); }

std::optional<ModelNames> map_of(const std::string& names) {
  if (names.empty()) return std::nullopt;
  return parse_name_map(load(names).text(), names);
}

ModelConfig config_of(const std::string& directory, const std::optional<ModelNames>& map) {
  if (map && map->config) return *map->config;
  const std::string path = path_in(directory, "config.json");
  return parse_model_config(load(path).text(), path);
}

std::optional<Vocabulary> vocabulary_of(const std::string& directory, const std::optional<TokenizerConfig>& tokenizer,
                                        std::size_t size) {
  if (!tokenizer) return std::nullopt;
  const std::string path = path_in(directory, tokenizer->file);
  return Vocabulary(load(path).text(), tokenizer->kind, size, path);
}

}  // namespace

ModelConfig read_model_config(const std::string& directory, const std::string& names) {
  return config_of(directory, map_of(names));
}

template <class T>
Model<T> read_model(const std::string& directory, const std::string& names, const io::MemoryLimit& limit) {
  const std::optional<ModelNames> map = map_of(names);
  Model<T> model;
  model.config = config_of(directory, map);
  const ModelConfig& config = model.config;
  model.source = vocabulary_of(directory, config.source, config.vocabulary(Stack::encoder));
  model.target = vocabulary_of(directory, config.target, config.vocabulary(Stack::decoder));
  const std::string path = path_in(directory, "model.safetensors");
  model.weights = unpacked<T>(config, map ? *map : torch_names(config), io::read_safetensors(load(path, limit), path, limit), path, limit);
  return model;
}

template Model<float> read_model(const std::string&, const std::string&, const io::MemoryLimit&);
template Model<double> read_model(const std::string&, const std::string&, const io::MemoryLimit&);

}  // namespace attn
