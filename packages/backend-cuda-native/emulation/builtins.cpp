// What NVRTC opens beside itself, for tests: that it is found is all that is asked of it.
extern "C" __attribute__((visibility("default"))) int nvrtcBuiltinsAreHere() { return 1; }
