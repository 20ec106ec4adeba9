#include <attn/cost/flops.hpp>

#include <stdexcept>

namespace attn::cost {
namespace {

const Polynomial n = Letter::n, m = Letter::m, d = Letter::d, k = Letter::k, r = Letter::r, h = Letter::h;

Operations products(const Polynomial& count) {
  Operations operations;
  operations.multiplications = operations.additions = count;
  return operations;
}

/// σ(x) = 1 / (1 + exp(−x)) for `count` numbers; a change of sign is free.
Operations sigmoids(const Polynomial& count) {
  Operations operations;
  operations.exponentials = operations.additions = operations.divisions = count;
  return operations;
}

/// h = tanh(x·W + h·U)
Operations rnn_cell() {
  Operations cell;
  cell.additions = n * d;
  cell.tangents = n * d;
  return cell;
}

/// r = σ(x·W_r + h·U_r), z likewise; c = tanh(x·W_c + (r∘h)·U_c); h = z∘h + (1 − z)∘c
Operations gru_cell() {
  Operations cell = sigmoids(2 * n * d);
  cell.additions += 3 * n * d + 2 * n * d;
  cell.multiplications += 3 * n * d;
  cell.tangents = n * d;
  return cell;
}

/// i, f, o = σ(x·W + h·U); g = tanh(x·W + h·U); c = f∘c + i∘g; h = o∘tanh(c)
Operations lstm_cell() {
  Operations cell = sigmoids(3 * n * d);
  cell.additions += 4 * n * d + n * d;
  cell.multiplications += 3 * n * d;
  cell.tangents = 2 * n * d;
  return cell;
}

/// Scale, then softmax: the largest score, exp of the difference, the sum, the quotient.
Operations scaled_softmax(const Polynomial& scores) {
  Operations softmax;
  softmax.multiplications = scores;
  softmax.comparisons = scores;
  softmax.additions = 2 * scores;
  softmax.exponentials = scores;
  softmax.divisions = scores;
  return softmax;
}

/// φ(x) = elu(x) + 1 = max(x, 0) + exp(min(x, 0)) of queries and keys; the sum of the keys; per query the
/// denominator φ(q)·Σφ(k) and a quotient.
Operations linear_attention_extras() {
  Operations extras = products(n * d);
  extras.comparisons = 4 * n * d;
  extras.exponentials = 2 * n * d;
  extras.additions += 2 * n * d + n * d;
  extras.divisions = n * d;
  return extras;
}

}  // namespace

Operations& Operations::operator+=(const Operations& other) {
  for (const OperationKind& kind : operation_kinds()) this->*kind.count += other.*kind.count;
  return *this;
}

bool operator==(const Operations& a, const Operations& b) {
  for (const OperationKind& kind : operation_kinds()) {
    if (!(a.*kind.count == b.*kind.count)) return false;
  }
  return true;
}

Polynomial Operations::total() const {
  Polynomial sum;
  for (const OperationKind& kind : operation_kinds()) sum += this->*kind.count;
  return sum;
}

const std::array<OperationKind, 6>& operation_kinds() {
  static const std::array<OperationKind, 6> kinds = {{{"multiplications", &Operations::multiplications},
                                                      {"additions", &Operations::additions},
                                                      {"divisions", &Operations::divisions},
                                                      {"comparisons", &Operations::comparisons},
                                                      {"exponentials", &Operations::exponentials},
                                                      {"tangents", &Operations::tangents}}};
  return kinds;
}

MatrixProducts matrix_products_of(Layer layer) {
  switch (layer) {
    case Layer::convolution:
    case Layer::dilated_convolution: return {0, k * n * d * d};
    case Layer::rnn: return {n * d * d, n * d * d};
    case Layer::gru: return {3 * n * d * d, 3 * n * d * d};
    case Layer::lstm: return {4 * n * d * d, 4 * n * d * d};
    case Layer::self_attention: return {4 * n * d * d, 2 * n * n * d};
    case Layer::restricted_attention: return {4 * n * d * d, 2 * r * n * d};
    case Layer::cross_attention: return {2 * n * d * d + 2 * m * d * d, 2 * n * m * d};
    // Per head φ(K)ᵀ·V is n·(d/h)² and φ(Q) times it as much: h heads give 2·n·d²/h.
    case Layer::linear_attention: return {4 * n * d * d, 2 * n * d * d / h};
  }
  throw std::invalid_argument("unknown layer");
}

LayerOperations operations_of(Layer layer) {
  const MatrixProducts matrices = matrix_products_of(layer);
  LayerOperations operations{products(matrices.projections), products(matrices.core)};
  switch (layer) {
    case Layer::convolution:
    case Layer::dilated_convolution: break;
    case Layer::rnn: operations.core += rnn_cell(); break;
    case Layer::gru: operations.core += gru_cell(); break;
    case Layer::lstm: operations.core += lstm_cell(); break;
    case Layer::self_attention: operations.core += scaled_softmax(n * n * h); break;
    case Layer::restricted_attention: operations.core += scaled_softmax(n * r * h); break;
    case Layer::cross_attention: operations.core += scaled_softmax(n * m * h); break;
    case Layer::linear_attention: operations.core += linear_attention_extras(); break;
  }
  return operations;
}

}  // namespace attn::cost
