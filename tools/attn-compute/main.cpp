#include "subcommands.hpp"

using namespace attn::tools;

int main(int argc, char** argv) {
  const std::vector<Subcommand> gradients = {
      {"sdpa", "backward through scaled dot-product attention", "  attn-compute gradient sdpa --query randn:2x4x8 --key randn:2x6x8 --value randn:2x6x8 --heads 2\n",
       setup_for<setup_sdpa, Purpose::gradient>},
      {"dot", "backward through dot-product attention", "  attn-compute gradient dot --query '[[1,0]]' --key '[[1,0],[0,1]]'\n",
       setup_for<setup_dot, Purpose::gradient>},
      {"self", "backward through self-attention with one head", "  attn-compute gradient self --len 4 --d-model 8 --head-dim 4\n",
       setup_for<setup_self, Purpose::gradient>},
      {"cross", "backward through cross-attention with one head", "  attn-compute gradient cross --query-len 3 --key-len 5 --d-model 8\n",
       setup_for<setup_cross, Purpose::gradient>},
      {"mha", "backward through multi-head attention, to the parameters of the module", "  attn-compute gradient mha --d-model 8 --heads 2 --len 4 --causal --steps 'd_w_*'\n",
       setup_for<setup_mha, Purpose::gradient>},
      {"layer", "backward through a Transformer layer", "  attn-compute gradient layer --d-model 8 --heads 2 --len 4\n",
       setup_for<setup_layer, Purpose::gradient>},
  };
  const Tool tool = {
      "attn-compute",
      "attention, step by step, with every tensor shown",
      "  attn-compute dot                       the course example: two random tensors, unscaled\n"
      "  attn-compute mha --d-model 8 --heads 2 --len 4 --causal\n"
      "  attn-compute sdpa --query q.npy --key k.npy --value v.npy -o steps.npz\n",
      {
          {"dot", "dot-product attention: scores, softmax, weighted sum",
           "  attn-compute dot --query randn:2x3x4 --key randn:2x5x4\n"
           "  attn-compute dot --query '[[1,0]]' --key '[[1,0],[0,1]]' --cell 'weights[0,0,0,1]'\n"
           "  attn-compute dot -f csv | head -4\n",
           setup_for<setup_dot, Purpose::steps>},
          {"sdpa", "scaled dot-product attention on given Q, K and V",
           "  attn-compute sdpa --query q.npy --key k.npy --value v.npy --causal\n"
           "  attn-compute sdpa --query randn:2x4x8 --key randn:2x6x8 --value randn:2x6x8 --heads 2\n"
           "  attn-compute sdpa --query q.npy --key k.npy --value v.npy --steps output -o y.npy\n",
           setup_for<setup_sdpa, Purpose::steps>},
          {"self", "self-attention with one head: queries, keys and values from the same input",
           "  attn-compute self --len 4 --d-model 8 --head-dim 4\n"
           "  attn-compute self --input x.csv --causal --lang zh\n",
           setup_for<setup_self, Purpose::steps>},
          {"cross", "cross-attention with one head: queries from the input, keys and values from --memory",
           "  attn-compute cross --query-len 3 --key-len 5 --d-model 8\n"
           "  attn-compute cross --input target.npy --memory source.npy --valid-lens 4,2\n",
           setup_for<setup_cross, Purpose::steps>},
          {"mha", "multi-head attention with the weights of a module",
           "  attn-compute mha --d-model 8 --heads 2 --len 4\n"
           "  attn-compute mha --layout d2l --d-model 100 --heads 5 --input ones:2x4x100 --valid-lens 3,2\n"
           "  attn-compute mha --weights module.safetensors --heads 2 --input x.npy --causal\n"
           "  attn-compute mha --mistake M7 --causal          the same with one key of the future visible\n",
           setup_for<setup_mha, Purpose::steps>},
          {"layer", "a Transformer layer: attention, residual connections, normalisation, feed-forward",
           "  attn-compute layer --d-model 8 --heads 2 --len 4\n"
           "  attn-compute layer --kind decoder --causal --norm pre --activation gelu\n"
           "  attn-compute layer --kind decoder --steps 'cross.weights,ffn_hidden'\n"
           "  attn-compute layer --cell 'ffn.norm[0,0,3]'    one number of the last normalisation, term by term\n",
           setup_for<setup_layer, Purpose::steps>},
          {"transformer", "a whole Transformer from a model folder: text in, text and every step out",
           "  attn-compute transformer --model data/models/zh-en-numbers --text 三百二十一\n"
           "  attn-compute transformer --model DIR --text 三百二十一 --steps 'decoder.1.cross.weights'\n"
           "  attn-compute transformer --model DIR --names gpt2.json --tokens 5,6,7 --max-tokens 10 --top-k 5 --seed 1\n",
           setup_transformer},
          {"gradient", "the backward pass, step by step: of dot, sdpa, self, cross, mha or layer (sdpa when none is named)",
           "  attn-compute gradient mha --d-model 8 --heads 2 --len 4 --causal\n"
           "  attn-compute gradient layer --steps 'ffn.d_*' -f csv\n"
           "  attn-compute gradient --query q.npy --key k.npy --value v.npy --upstream ones:1x1x3x4\n",
           nullptr, gradients},
          {"scaling", "why scores are divided by √d: variance, saturation and Jacobian of the softmax, over random draws",
           "  attn-compute scaling\n"
           "  attn-compute scaling --head-dims 16,64,256 --draws 1000 -f csv\n"
           "  attn-compute scaling -f gnuplot > scaling.gp\n",
           setup_scaling},
          {"residual", "what the residual connection does to the gradient of a deep stack",
           "  attn-compute residual\n"
           "  attn-compute residual --layers 48 --curves --lang zh\n",
           setup_residual},
          {"depth", "how positions and tokens fade through stacked self-attention, and what keeps them",
           "  attn-compute depth\n"
           "  attn-compute depth --layers 6 --draws 5 -f csv\n",
           setup_depth},
          {"mistakes", "the catalogue of mistakes that verification can name",
           "  attn-compute mistakes\n"
           "  attn-compute mistakes C1 M8 --lang zh\n"
           "  attn-compute mistakes -f csv | cut -d, -f1,2\n",
           setup_mistakes},
          {"probe", "an input and weights on which mistakes show, and the PyTorch program to check yours",
           "  attn-compute probe                                          the cases\n"
           "  attn-compute probe --case cross -o probe.npz > program.py\n"
           "  attn-compute probe --case self -o probe.npz --lang zh\n",
           setup_probe},
      }};
  return run_tool(tool, argc, argv);
}
