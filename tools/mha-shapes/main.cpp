#include "subcommands.hpp"

using namespace attn::tools;

int main(int argc, char** argv) {
  const Tool tool = {
      "mha-shapes",
      "every shape of attention explained, every contradiction found",
      "  mha-shapes trace --impl d2l            the shapes of the course's module, step by step\n"
      "  mha-shapes check 'nn.MultiheadAttention(d_model=10, nhead=4)' --input 5,3 --output 5,3,8\n"
      "  mha-shapes why 'RuntimeError: mat1 and mat2 shapes cannot be multiplied (15x3 and 10x30)'\n",
      {
          {"trace", "the shapes of a module, step by step, letters beside numbers",
           "  mha-shapes trace --d-model 8 --heads 2 --len 4\n"
           "  mha-shapes trace --impl decoder-layer --seq-first --query-len 3 --key-len 5\n"
           "  mha-shapes trace --impl linear --heads 8 --kv-heads 2 -f csv\n",
           setup_trace},
          {"check", "claims about a module: every contradiction at once, with its repair",
           "  mha-shapes check 'nn.MultiheadAttention(d_model=10, nhead=4, dropout=0.1)' --input 5,3 --output 5,3,8\n"
           "  mha-shapes check --d-model 512 --heads 8 --input 32,10,512 --attn-mask 32,10,10\n"
           "  mha-shapes check --file model.py\n",
           setup_check},
          {"layouts", "parameter names, shapes and packing of each framework; conversion between them",
           "  mha-shapes layouts --layout torch --d-model 8 --heads 2\n"
           "  mha-shapes layouts --from torch --to d2l --heads 2 in.safetensors out.safetensors\n"
           "  mha-shapes layouts --from torch --to gpt2 --heads 2 in.safetensors --verify theirs.safetensors\n"
           "  mha-shapes layouts --inspect model.safetensors\n",
           setup_layouts},
          {"masks", "the mask each API expects; conversion from one to another",
           "  mha-shapes masks\n"
           "  mha-shapes masks --from transformers --to torch-padding --mask '[[1,1,0],[1,0,0]]'\n"
           "  mha-shapes masks --from torch-padding --to torch-3d --heads 4 --query-len 3 --mask pad.npy -o mask.npy\n",
           setup_masks},
          {"why", "an error of a framework, explained in the terms of attention",
           "  mha-shapes why 'RuntimeError: mat1 and mat2 shapes cannot be multiplied (15x3 and 10x30)'\n"
           "  python train.py 2>&1 | mha-shapes why --file -\n",
           setup_why},
          {"quiz", "exercises with blanks, and their correction",
           "  mha-shapes quiz --seed 3\n"
           "  mha-shapes quiz --seed 3 --answers mine.txt\n",
           setup_quiz},
      }};
  return run_tool(tool, argc, argv);
}
