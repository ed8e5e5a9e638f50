// Which known name somebody meant; the counterpart of src/control/nearest.ts.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cliport {

/// The known name that `name` begins (a key without its unit), else the one that needs the fewest changes
/// (Levenshtein), at most two, or a third of the name's length if that is more; empty when none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

/// " (did you mean 'x'?)", or nothing when no name is near.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace cliport
