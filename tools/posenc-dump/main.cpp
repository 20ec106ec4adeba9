#include "subcommands.hpp"

using namespace attn::tools;

int main(int argc, char** argv) {
  const Tool tool = {
      "posenc-dump",
      "positional encodings as numbers, pictures and proofs",
      "  posenc-dump sinusoidal --len 60 --d-model 32\n"
      "  posenc-dump sinusoidal --columns 6:10 --plot curves.svg\n"
      "  posenc-dump identify theirs.npy\n",
      {
          {"sinusoidal", "the table P of sines and cosines, and X + P",
           "  posenc-dump sinusoidal --len 8 --d-model 6\n"
           "  posenc-dump sinusoidal --columns 6:10 --plot curves.svg      the curves of Dive into Deep Learning\n"
           "  posenc-dump sinusoidal --plot heatmap.png                    its second\n"
           "  posenc-dump sinusoidal --len 1000000 --d-model 512 -o table.csv\n"
           "  posenc-dump sinusoidal --len 60 --d-model 32 --verify theirs.npz\n",
           setup_sinusoidal},
          {"binary", "the binary forms of 0, 1, 2 … beside the signs of the encoding",
           "  posenc-dump binary\n"
           "  posenc-dump binary --len 16 --d-model 8\n",
           setup_binary},
          {"rotation", "moving by delta rotates every pair, wherever it starts",
           "  posenc-dump rotation --delta 3 --d-model 8\n"
           "  posenc-dump rotation --delta -1 -f csv\n",
           setup_rotation},
          {"frequencies", "frequency, wavelength and first repetition of every pair",
           "  posenc-dump frequencies --d-model 32\n"
           "  posenc-dump frequencies --d-model 512 --plot wavelengths.svg\n",
           setup_frequencies},
          {"similarity", "P·Pᵀ: a function of the distance only",
           "  posenc-dump similarity --len 20 --d-model 32\n"
           "  posenc-dump similarity --heatmap --curves\n",
           setup_similarity},
          {"learned", "a table that is learned, as nn.Embedding, and one trained here",
           "  posenc-dump learned --len 10 --d-model 8 --seed 1\n"
           "  posenc-dump learned --weights model.safetensors:wpe.weight\n"
           "  posenc-dump learned --fit --len 12 --d-model 16\n",
           setup_learned},
          {"rope", "rotary position embedding: tables, rotated queries, scores by distance",
           "  posenc-dump rope --len 8 --head-dim 8\n"
           "  posenc-dump rope --input q.npy --pairing interleaved -o rotated.npy\n"
           "  posenc-dump rope --scaling ntk --factor 4 --base 500000\n"
           "  posenc-dump rope --input q.npy --verify theirs.npz      their cos, sin and rotated\n",
           setup_rope},
          {"alibi", "slopes and bias matrices of ALiBi",
           "  posenc-dump alibi --heads 8 --len 6\n"
           "  posenc-dump alibi --heads 12 --query-len 1 --key-len 6\n",
           setup_alibi},
          {"precision", "what float32, float16 and bfloat16 make of it, position by position",
           "  posenc-dump precision --len 100000\n"
           "  posenc-dump precision --tolerance 1e-2 --plot errors.svg\n",
           setup_precision},
          {"identify", "name the variant, or the mistake, of a table",
           "  posenc-dump identify theirs.npy\n"
           "  posenc-dump identify --input x.npy sum.npy                    X, and X + P\n"
           "  posenc-dump identify --kind rope --input q.npy rotated.npy\n"
           "  posenc-dump identify --kind alibi biases.npy\n"
           "  posenc-dump identify ours.npy --verify theirs.npy             what do they do differently?\n",
           setup_identify},
      }};
  return run_tool(tool, argc, argv);
}
