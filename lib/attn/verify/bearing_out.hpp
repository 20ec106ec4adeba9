// What explains a slice of a large run is a suspicion: the whole has to bear it out.
#pragma once

#include <attn/verify/confirmation.hpp>
#include <attn/verify/diagnose.hpp>

#include <functional>
#include <vector>

namespace attn {

/// What else gives the numbers that these mistakes give, by another run than the slice.
using Ties = std::function<std::vector<Diagnosis>(const std::vector<const Mistake*>&)>;

/// The diagnoses of a slice that the whole bears out: those that give the rest of theirs, too, and what ties with the
/// first of them; if there are none, those that give the step. Empty where none does.
Explained borne_out(const Explained& of_slice, const Confirmation& whole, const Ties& ties);

}  // namespace attn
