// For what is part of a function that is compiled twice: it has to be compiled as often as that, not called.
#pragma once

#define ATTNSCOPE_INLINED inline __attribute__((always_inline))
