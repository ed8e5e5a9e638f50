// Text of peers and people, made fit for the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cliport {

/// At most so many bytes, whole characters only, and '?' for what is none: an event that is not UTF-8 no peer can read.
std::string shortened(std::string_view text, std::size_t most_bytes);

}  // namespace cliport
