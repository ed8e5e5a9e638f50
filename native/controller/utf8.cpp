#include "utf8.hpp"

#include <algorithm>

namespace cliport {
namespace {

/// Bytes of the character that the text begins with, 0 when it is not UTF-8 (RFC 3629, section 4).
std::size_t character_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(0);
  };
  const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t most_bytes) {
  std::string words;
  while (!text.empty()) {
    const std::size_t size = character_bytes(text);
    const std::string_view character = size > 0 ? text.substr(0, size) : std::string_view("?");
    if (words.size() + character.size() > most_bytes) break;
    words += character;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return words;
}

}  // namespace cliport
