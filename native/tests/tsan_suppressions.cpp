// Debian's libzmq is not built with the thread sanitizer, which therefore does not see how libzmq's threads
// synchronise. Only reports with a frame of libzmq in them are dropped; none of the project's code is called from
// there.
extern "C" const char* __tsan_default_suppressions();  // NOLINT: the sanitizer's name
extern "C" const char* __tsan_default_suppressions() { return "race:libzmq.so\n"; }
