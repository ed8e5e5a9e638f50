// A provider's library that loads, and has nothing in it.
